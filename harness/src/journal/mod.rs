//! The journal: the ordered list of everything observable in a run. It records, asks the fault plan, and is the only
//! thing that judgements, traces and hashes are made from.

mod event;

pub use event::*;
