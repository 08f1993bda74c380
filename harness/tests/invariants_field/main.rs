//! Each invariant of recovery, streams, isolation and hops caught by name where something breaks it, and held where
//! nothing does. Clients are judged in runs; servers and hops that are wrong are journals made by hand.

mod runs;
mod tape;
mod tapes;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    // Real SDKs run in child processes of this program.
    let registry = runs::registry();
    stalemate::runner::serve_if_child(&registry);
    let mut tests: Vec<Trial> = runs::trials(&registry);
    tests.extend(tapes::trials());
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}
