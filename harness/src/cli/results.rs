//! Results that are written to a file as they are made, and the ways in which a search ends before its end: an interrupt, a
//! limit of time, a file that cannot be written. What is in the file by then is whole lines.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::cli::{BAD_INPUT, HARNESS_BUG, bad};
use crate::search::ResultsError;

/// Exit code after an interrupt.
pub(super) const INTERRUPTED: u8 = 130;

/// The first interrupt lets the runs that are under way end; the second ends the process.
///
/// # Errors
/// The exit code, after what is wrong has been said.
pub(super) fn stop_on_interrupt() -> Result<Arc<AtomicBool>, u8> {
    let stop = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&stop);
    let handled = ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
    });
    match handled {
        Ok(()) => Ok(stop),
        Err(error) => Err(bad(&format!("failed to listen for an interrupt: {error}"))),
    }
}

/// The exit code of a search that may have been interrupted. `what` says where to find what was found by then.
pub(super) fn ended(code: u8, stop: &AtomicBool, what: &str) -> u8 {
    let is_graver = code == BAD_INPUT || code >= HARNESS_BUG;
    if !stop.load(Ordering::Relaxed) {
        return code;
    }
    eprintln!("interrupted; {what}");
    if is_graver { code } else { INTERRUPTED }
}

/// Reads a file of results.
///
/// # Errors
/// What is wrong with it, with its name.
pub(super) fn read<T>(
    path: &Path,
    read: impl FnOnce(BufReader<File>) -> Result<T, ResultsError>,
) -> Result<T, String> {
    let in_file = |why: String| format!("{}: {why}", path.display());
    let file = File::open(path).map_err(|e| in_file(format!("failed to open it: {e}")))?;
    read(BufReader::new(file)).map_err(|error| in_file(error.to_string()))
}

/// A file of results as JSON Lines. The first error ends the writing and the search, and is told at the end.
pub(super) struct Lines<'o> {
    file: Option<Mutex<(File, Option<io::Error>)>>,
    failed: AtomicBool,
    interrupted: &'o AtomicBool,
}

impl<'o> Lines<'o> {
    /// Opens the file to add lines to it. A line that was cut off at its end is taken away: what is added behind it could
    /// not be read.
    ///
    /// # Errors
    /// The exit code, after what is wrong has been said.
    pub(super) fn open(path: Option<&Path>, interrupted: &'o AtomicBool) -> Result<Self, u8> {
        let file = match path {
            None => None,
            Some(path) => {
                let opened = open(path);
                let file = opened
                    .map_err(|error| bad(&format!("failed to open {}: {error}", path.display())))?;
                Some(Mutex::new((file, None)))
            }
        };
        Ok(Self {
            file,
            failed: AtomicBool::new(false),
            interrupted,
        })
    }

    /// Writes a line, unless one could not be written before.
    pub(super) fn line(&self, line: &impl Serialize) {
        let Some(file) = &self.file else { return };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, error) = &mut *file;
        if error.is_some() {
            return;
        }
        let mut text = serde_json::to_vec(line).expect("plain data");
        text.push(b'\n');
        // A line a write: what a killed process leaves is whole lines.
        if let Err(failure) = file.write_all(&text) {
            *error = Some(failure);
            // Work whose results cannot be kept is not worth doing.
            self.failed.store(true, Ordering::Relaxed);
        }
    }

    /// Whether no further run shall begin: the user has interrupted, or results cannot be kept.
    pub(super) fn stops(&self) -> bool {
        self.failed.load(Ordering::Relaxed) || self.interrupted.load(Ordering::Relaxed)
    }

    /// The exit code for what could not be written, after that has been said; 0 if all was.
    pub(super) fn code(self) -> u8 {
        let Some(file) = self.file else { return 0 };
        let (_, error) = file.into_inner().unwrap_or_else(PoisonError::into_inner);
        error.map_or(0, |error| {
            bad(&format!(
                "failed to write results: {error}; what is in the file is whole, and --resume goes on from there"
            ))
        })
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new();
    let mut file = file.create(true).read(true).append(true).open(path)?;
    if file.metadata()?.is_file() {
        if !has_results(&mut file)? {
            let what = "it has something else in it than results of a search";
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        let whole = whole_lines(&mut file)?;
        file.set_len(whole)?;
    }
    Ok(file)
}

/// Whether a file is empty or begins as results do, perhaps cut off: nobody else's file is added to, or shortened.
fn has_results(file: &mut File) -> io::Result<bool> {
    const BEGIN: &[u8] = b"{\"line\":";
    let mut begin = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(BEGIN.len() as u64).read_to_end(&mut begin)?;
    Ok(BEGIN.starts_with(&begin))
}

/// The length of a file up to the end of its last whole line.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    const CHUNK: u64 = 64 * 1024;
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(CHUNK);
        file.seek(SeekFrom::Start(start))?;
        let mut chunk = Vec::new();
        file.take(end - start).read_to_end(&mut chunk)?;
        if let Some(at) = chunk.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_line_that_was_cut_off_is_taken_away_before_others_are_added() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("results.jsonl");
        let never = AtomicBool::new(false);
        let long = format!("{{\"line\":\"{}", "x".repeat(200_000));
        let line = "{\"line\":1}\n";
        for cut_off in ["", "{\"li", long.as_str()] {
            for whole in [String::new(), line.repeat(2)] {
                fs::write(&path, format!("{whole}{cut_off}")).expect("it can be written");
                let lines = Lines::open(Some(&path), &never).expect("it can be opened");
                lines.line(&serde_json::json!({"line": 1}));
                assert_eq!(lines.code(), 0);
                let text = fs::read_to_string(&path).expect("it is there");
                assert_eq!(text, format!("{whole}{line}"));
            }
        }
        fs::write(&path, "somebody's notes").expect("it can be written");
        assert_eq!(Lines::open(Some(&path), &never).err(), Some(BAD_INPUT));
        let text = fs::read_to_string(&path).expect("it is there");
        assert_eq!(text, "somebody's notes");
    }
}
