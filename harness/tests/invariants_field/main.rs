//! Each invariant of recovery, streams, isolation and hops caught by name where something breaks it, and held where
//! nothing does, in runs. Servers and hops that are wrong are in `invariants`, as journals made by hand.

mod runs;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    // Real SDKs run in child processes of this program.
    let registry = runs::registry();
    stalemate::runner::serve_if_child(&registry);
    let tests = runs::trials(&registry);
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}
