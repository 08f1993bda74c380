//! An access log, line by line: which format it has, what its lines say, and which of them are broken.

use std::borrow::Cow;

use super::format::{ADVISED, COMBINED, INCIDENT, LogFormat};
use super::hit::Told;
use super::ledger::Ledger;

/// How many broken lines are kept to be shown.
const SHOWN: usize = 5;
/// How many characters of a broken line are shown.
const WIDTH: usize = 100;

/// Lines that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Broken {
    /// How many.
    pub count: u64,
    /// The first of them with their numbers, shortened; what may be a session id in them is hidden.
    pub first: Vec<(u64, String)>,
}

impl Broken {
    /// Notes one.
    pub fn note(&mut self, line: u64, text: &str) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push((line, shorten(text)));
        }
    }
}

/// A log that is being read.
pub struct Log {
    /// The formats that its lines may have, the one that fitted last first.
    formats: Vec<LogFormat>,
    /// Whether any line had one of them.
    known: bool,
    line: u64,
    /// What it says of sessions.
    pub ledger: Ledger,
    /// The lines that have none of the formats.
    pub broken: Broken,
}

impl Log {
    /// A log of that format; without one, of those that are recognized by themselves.
    #[must_use]
    pub fn new(format: Option<LogFormat>) -> Self {
        let own = |text| LogFormat::parse(text).expect("our own formats are right");
        let formats = match format {
            Some(format) => vec![format],
            None => [INCIDENT, ADVISED, COMBINED].map(own).into(),
        };
        Self {
            formats,
            known: false,
            line: 0,
            ledger: Ledger::default(),
            broken: Broken::default(),
        }
    }

    /// What its format tells of; nothing where none is known.
    #[must_use]
    pub fn told(&self) -> Told {
        match self.known {
            true => self.formats[0].told(),
            false => Told::default(),
        }
    }

    /// Whether any line could be read.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// How many lines there were.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.line
    }

    /// Reads a line. An empty one says nothing.
    pub fn line(&mut self, bytes: &[u8]) {
        self.line += 1;
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(bytes),
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return;
        }
        for n in 0..self.formats.len() {
            if let Some(hit) = self.formats[n].read(text) {
                self.ledger.enter(self.line, &hit);
                if n > 0 {
                    self.formats.swap(0, n);
                }
                self.known = true;
                return;
            }
        }
        self.broken.note(self.line, text);
    }
}

/// The beginning of a line, without control characters, and without what looks like an id.
fn shorten(text: &str) -> String {
    let text: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(WIDTH)
        .collect();
    let mut out = String::with_capacity(text.len());
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut rest = &text[..];
    while !rest.is_empty() {
        let word = rest.find(|c| !part(c)).unwrap_or(rest.len());
        if word >= 24 {
            out.push_str(&rest[..8]);
            out.push('…');
        } else {
            out.push_str(&rest[..word]);
        }
        let next = rest[word..].chars().next().map_or(0, char::len_utf8);
        out.push_str(&rest[word..word + next]);
        rest = &rest[word + next..];
    }
    out
}
