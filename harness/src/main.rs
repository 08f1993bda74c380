//! The `stalemate` command with the built-in clients.

use std::process::ExitCode;

use stalemate::registry::Registry;

fn main() -> ExitCode {
    stalemate::main(&Registry::builtin())
}
