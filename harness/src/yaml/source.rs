//! The text of a file, and places in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A range of bytes of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: usize,
    /// The first byte behind it.
    pub(crate) end: usize,
}

/// The text of a file, and the name to show for it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) file: PathBuf,
    pub(crate) text: Arc<str>,
}

impl Source {
    /// That text under that name.
    pub(crate) fn new(file: &Path, text: &str) -> Self {
        Self {
            file: file.to_owned(),
            text: text.into(),
        }
    }

    /// The place of a line and a column, both from 1 and in characters; the end of the text if it is beyond.
    pub(crate) fn at(&self, line: u64, column: u64) -> Span {
        let mut start = 0;
        for _ in 1..line {
            match self.text[start..].find('\n') {
                Some(len) => start += len + 1,
                None => break,
            }
        }
        let rest = self.text[start..].lines().next().unwrap_or("");
        let skip = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        let mut chars = rest.char_indices().skip(skip);
        match chars.next() {
            Some((at, c)) => Span {
                start: start + at,
                end: start + at + c.len_utf8(),
            },
            None => Span {
                start: start + rest.len(),
                end: start + rest.len(),
            },
        }
    }
}

/// The line of a byte, from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Where the line of a byte begins.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// Where it ends, without what ends it.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |len| at + len);
    // A carriage return belongs to the line's end.
    if end > at && text.as_bytes()[end - 1] == b'\r' {
        end - 1
    } else {
        end
    }
}
