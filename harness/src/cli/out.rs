//! What the command says on standard output. Whoever reads it may stop reading: then the rest is said to nobody, quietly,
//! and the exit code is what it would have been.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};

use indicatif::{ProgressBar, ProgressStyle};

/// Writes a text, with its colours where they are seen.
pub(super) fn text(text: impl Display) {
    let mut out = anstream::stdout().lock();
    if let Err(error) = write!(out, "{text}").and_then(|()| out.flush())
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("failed to write to standard output: {error}");
    }
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
