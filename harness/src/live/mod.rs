//! The other network: real sockets on this machine's own addresses, in real time. The shells and taps of `process` run over
//! it as they run over the simulated one, and real servers are asked what they do. Nothing but loopback is ever dialled or
//! listened on. What happens here is not deterministic.

pub mod address;
pub mod local;
pub mod loopback;
pub mod probe;
pub mod serve;
