//! The injection engine and the clock: what a fault does on the wire, and that time is exact whatever it costs.

mod balanced;
mod clock;
mod effects;
mod evidence;
mod fates;
mod faults;
mod hazards;
mod hops;
mod idle_connections;
mod lives;
mod paths;
mod plans;
mod prefix;
mod properties;
mod quit;
mod raw;
mod robust;
mod same_verdict;
mod support;
mod turns;
mod user;
