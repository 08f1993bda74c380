//! What the command says on standard output. Whoever reads it may stop reading: then the rest is said to nobody, quietly,
//! and the exit code is what it would have been.

use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use indicatif::{ProgressBar, ProgressStyle};

/// Whether something could not be written, though somebody still wanted to read it.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Whether something was not written, e.g. because a disk is full.
pub(super) fn has_failed() -> bool {
    FAILED.load(Ordering::Relaxed)
}

/// Writes a text, with its colours where they are seen.
pub(super) fn text(text: impl Display) {
    let mut out = anstream::stdout().lock();
    if let Err(error) = write!(out, "{text}").and_then(|()| out.flush())
        && error.kind() != ErrorKind::BrokenPipe
    {
        // Once is enough: what follows will fail too.
        if !FAILED.swap(true, Ordering::Relaxed) {
            eprintln!("error: failed to write to standard output: {error}");
        }
    }
}

/// Writes a long text: to a terminal by the user's pager, where that is wanted and there is one.
pub(super) fn paged(long: String, is_wanted: bool) {
    if !is_wanted || !std::io::stdout().is_terminal() || !by_pager(&long) {
        text(long);
    }
}

/// Shows a text by `$PAGER`, or `less`. Returns whether it was shown.
fn by_pager(text: &str) -> bool {
    let named = std::env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
    let mut words = named.split_whitespace();
    let Some(program) = words.next() else {
        return false;
    };
    let started = Command::new(program)
        .args(words)
        // Ends at once where all fits the screen, keeps colours, and leaves the text there.
        .env("LESS", std::env::var("LESS").unwrap_or("FRSX".to_owned()))
        .stdin(Stdio::piped())
        .spawn();
    let Ok(mut pager) = started else {
        return false;
    };
    let is_plain = AutoStream::choice(&std::io::stdout()) == ColorChoice::Never;
    let seen = match is_plain {
        true => strip_str(text).to_string(),
        false => text.to_owned(),
    };
    if let Some(mut input) = pager.stdin.take() {
        // A reader that has seen enough closes it.
        let _ = input.write_all(seen.as_bytes());
    }
    pager.wait().is_ok()
}

/// Writes a line.
pub(super) fn line(line: impl Display) {
    text(format_args!("{line}\n"));
}

/// A bar that shows how far a command is, where somebody looks.
pub(super) fn bar(length: u64, template: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    bar.set_style(ProgressStyle::with_template(template).expect("a fixed template"));
    bar
}
