//! Opening the files that a user names, of whatever kind. Why one cannot be opened is said in words.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Why a file cannot be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// It is something else.
    NoFile(&'static str),
    /// It is not there, or not to be read.
    Io(io::Error),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile(why) => f.write_str(why),
            Self::Io(error) => f.write_str(&why(error)),
        }
    }
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Opens a regular file: a pipe or a device could keep its reader waiting for ever.
///
/// # Errors
/// If it is none, or cannot be read.
pub(crate) fn open(path: &Path) -> Result<File, Unreadable> {
    let kind = fs::metadata(path)?;
    if kind.is_dir() {
        return Err(Unreadable::NoFile("this is a directory, not a file"));
    }
    if !kind.is_file() {
        return Err(Unreadable::NoFile("this is not a regular file"));
    }
    Ok(File::open(path)?)
}

/// Why something cannot be read, in words.
pub(crate) fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "reading it is not permitted".to_owned(),
        _ => error.to_string(),
    }
}
