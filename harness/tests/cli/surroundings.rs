//! Surroundings of a process that must not matter to what it computes.

use std::path::Path;
use std::process::Command;

/// Gives a process another directory, home, time zone, language and number of workers, and a large environment.
pub(crate) fn strange(command: &mut Command, elsewhere: &Path) {
    command
        .current_dir(elsewhere)
        .env("HOME", elsewhere)
        .env("TMPDIR", elsewhere)
        .env("TZ", "Pacific/Chatham")
        .env("LANG", "tr_TR.UTF-8")
        .env("LC_ALL", "tr_TR.UTF-8")
        .env("RUST_LOG", "trace")
        .env("TOKIO_WORKER_THREADS", "7")
        .env("COLUMNS", "40")
        .env("NO_COLOR", "1");
    for n in 0..200 {
        command.env(format!("PADDING_{n}"), "x".repeat(n));
    }
}
