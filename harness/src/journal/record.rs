//! What came of a run, as it is kept: the cast and everything that was observed, in order. Enough to judge, to draw and
//! to hash a run, in another process and on another day.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::journal::{Cast, Event, Fate, Phase, Rung, ServerName};

/// The version of the form in which records are written.
pub const VERSION: u32 = 2;

/// One observed event with its place, its time and its fate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The step's virtual time in milliseconds since the run began. The order of entries is the order of emission.
    pub at_ms: u64,
    /// What was observed.
    #[serde(flatten)]
    pub event: Event,
    /// What the fault plan made of it.
    #[serde(default, skip_serializing_if = "Fate::is_go")]
    pub fate: Fate,
}

impl Entry {
    /// An entry of an event that simply happened.
    #[must_use]
    pub fn new(at_ms: u64, event: Event) -> Self {
        Self {
            at_ms,
            event,
            fate: Fate::Go,
        }
    }
}

/// A record.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Who took part.
    pub cast: Arc<Cast>,
    /// What was observed, in order of emission.
    pub entries: Vec<Entry>,
}

/// The first line of a record's form.
#[derive(Serialize, Deserialize)]
struct Header<C> {
    record: u32,
    cast: C,
}

/// Why a text is no record.
#[derive(Debug)]
pub struct RecordError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for RecordError {}

impl Record {
    /// Writes the record as JSON Lines: a header with the version and the cast, then one entry a line.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, mut out: impl Write) -> io::Result<()> {
        let header = Header {
            record: VERSION,
            cast: &*self.cast,
        };
        serde_json::to_writer(&mut out, &header)?;
        out.write_all(b"\n")?;
        for entry in &self.entries {
            serde_json::to_writer(&mut out, entry)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// The record as JSON Lines, as [`write`](Self::write) writes it.
    #[must_use]
    pub fn to_json_lines(&self) -> String {
        let mut out = Vec::new();
        self.write(&mut out).expect("memory takes everything");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    /// Reads a record back.
    ///
    /// # Errors
    /// [`RecordError`] with the line, if the text is no record or one of another version.
    pub fn read(text: impl BufRead) -> Result<Self, RecordError> {
        let mut lines = text.lines().enumerate().map(|(n, line)| {
            line.map(|text| (n + 1, text)).map_err(|e| RecordError {
                line: n + 1,
                why: match e.kind() {
                    io::ErrorKind::InvalidData => "the text is not UTF-8".to_owned(),
                    _ => e.to_string(),
                },
            })
        });
        let fail = |line, why: String| RecordError { line, why };
        let (_, first) = lines
            .next()
            .unwrap_or_else(|| Err(fail(1, "the record is empty".to_owned())))?;
        let header: Header<Cast> = serde_json::from_str(&first).map_err(|e| {
            let remedy = "the first line of a record has `record` and `cast`";
            fail(1, format!("this is no record: {remedy} ({})", told(&e)))
        })?;
        if header.record != VERSION {
            let found = header.record;
            let why =
                format!("this record is of version {found}, and {VERSION} is what is read here");
            return Err(fail(1, why));
        }
        let entries = lines
            .filter(|line| !matches!(line, Ok((_, text)) if text.is_empty()))
            .map(|line| {
                let (n, text) = line?;
                serde_json::from_str(&text)
                    .map_err(|e| fail(n, format!("this is no entry: {}", told(&e))))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            cast: Arc::new(header.cast),
            entries,
        })
    }

    /// The rung of each climb, in order; `None` where no client can get anywhere.
    #[must_use]
    pub fn rungs(&self) -> Vec<(ServerName, Option<Rung>)> {
        climbs(&self.entries).map(|c| (c.server, c.rung)).collect()
    }

    /// When the last entry was made, in virtual milliseconds.
    #[must_use]
    pub fn last_ms(&self) -> u64 {
        self.entries.last().map_or(0, |e| e.at_ms)
    }

    /// The first 16 hexadecimal digits of the SHA-256 of [`to_json_lines`](Self::to_json_lines).
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = io::BufWriter::with_capacity(16 * 1024, Hasher(Sha256::new()));
        self.write(&mut hasher).expect("a hash takes everything");
        let hasher = hasher.into_inner().ok().expect("a hash takes everything");
        let digest = hasher.0.finalize();
        digest.iter().take(8).map(|b| format!("{b:02x}")).collect()
    }
}

/// A climb of the recovery ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Climb {
    /// The entry at which it ended.
    pub at: usize,
    /// Of which server.
    pub server: ServerName,
    /// The rung that worked, or [`Rung::Never`]; `None` where no client can get anywhere.
    pub rung: Option<Rung>,
    /// What a right client needed there, where that was more than [`Rung::Retry`].
    pub right: Rung,
}

/// The climbs in those entries, in order.
pub fn climbs(entries: &[Entry]) -> impl Iterator<Item = Climb> {
    let right: BTreeMap<usize, Option<Rung>> = entries
        .iter()
        .rev()
        .map_while(|e| match &e.event {
            Event::NoProgress { climb, .. } => Some((*climb, None)),
            Event::RightNeeds { climb, rung, .. } => Some((*climb, Some(*rung))),
            _ => None,
        })
        .collect();
    let ended = entries
        .iter()
        .enumerate()
        .filter_map(|(at, e)| match &e.event {
            Event::Phase(Phase::Climbed { server, rung }) => Some((at, server.clone(), *rung)),
            _ => None,
        });
    ended.enumerate().map(move |(n, (at, server, rung))| {
        let right = right.get(&n).copied().unwrap_or(Some(Rung::Retry));
        Climb {
            at,
            server,
            rung: right.map(|_| rung),
            right: right.unwrap_or(Rung::Never),
        }
    })
}

/// What is wrong with a line. The place is a column, because the line is known; and a text of the line is cut to its
/// first eight characters, because it may be a session id (SES-04).
fn told(error: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = error.to_string();
    let text = text.strip_suffix(&place).unwrap_or(&text);
    let quoted = match (text.find('"'), text.rfind('"')) {
        (Some(first), Some(last)) if first < last => Some(first + 1..last),
        _ => ["unknown variant `", "unknown field `"]
            .iter()
            .find_map(|start| {
                let rest = text.strip_prefix(start)?;
                // What is expected stands behind it, in the same quotes.
                let end = rest.find("`, ").unwrap_or(rest.len());
                Some(start.len()..start.len() + end)
            }),
    };
    let text = match quoted {
        Some(range) => {
            let (before, after) = (&text[..range.start], &text[range.end..]);
            let whole = &text[range];
            match whole.char_indices().nth(8) {
                Some((at, _)) => format!("{before}{}…{after}", &whole[..at]),
                None => text.to_owned(),
            }
        }
        None => text.to_owned(),
    };
    format!("{text}, in column {}", error.column())
}

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
