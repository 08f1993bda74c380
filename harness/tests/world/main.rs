//! The injection engine and the clock: what a fault does on the wire, and that time is exact whatever it costs.

mod balanced;
mod clock;
mod effects;
mod evidence;
mod fates;
mod faults;
mod hazards;
mod lives;
mod paths;
mod prefix;
mod properties;
mod quit;
mod raw;
mod robust;
mod same_verdict;
mod support;
mod user;
