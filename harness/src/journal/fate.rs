//! What the fault plan decided of an event. It stands in the entry of the event that met it, as data; who carries it out
//! is the business of taps and shells.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::journal::ProcessName;

/// What becomes of an event. A message or an action of the user has yet to happen when that is decided. An effect or an
/// opened session has happened, and stays: there the fate is that of what the server does next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It happens. Never yields, so that asking changes nothing.
    #[default]
    Go,
    /// It happens this many milliseconds later; what is behind it on its connection waits too.
    Delay(u64),
    /// Neither it nor anything behind it on its connection happens any more.
    Park,
    /// The connection is cut at that place of the message.
    Cut(CutAt),
    /// Another response goes out in its place.
    Replace(Replacement),
    /// The message is lost.
    Drop,
    /// The message goes out twice.
    Duplicate,
    /// The process stops on the spot and dies after the step.
    Halt(ProcessName),
}

/// Where in a message a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CutAt {
    /// After that many bytes; more than it has means all of it.
    Byte(u64),
    /// In a part of it, wherever that is.
    Part(Part),
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The middle of its head; the first byte of an event of a stream, which has none.
    Head,
    /// The middle of its body, or of an event of a stream; the end where there is no body.
    Body,
    /// Its end: all of it has passed.
    End,
}

impl CutAt {
    /// How many bytes of the message pass.
    #[must_use]
    pub fn after(self, message: &[u8]) -> usize {
        let end = message.len();
        // An event of a stream has no head.
        let body = memchr::memmem::find(message, b"\r\n\r\n").map_or(0, |at| at + 4);
        match self {
            Self::Byte(bytes) => usize::try_from(bytes).unwrap_or(end).min(end),
            Self::Part(Part::Head) => body / 2,
            Self::Part(Part::Body) => body + (end - body).div_ceil(2),
            Self::Part(Part::End) => end,
        }
    }
}

/// The response that goes out in the place of another, whole. In the place of a stream's head it ends the connection, because
/// the stream was to follow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// The status, 200 to 599.
    pub status: u16,
    /// Its headers, beside those that frame it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body, which may be empty.
    pub body: String,
}

impl Replacement {
    /// The value of a header that it was given.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// Its content type: as given, or else what the body looks like, JSON or plain text.
    #[must_use]
    pub fn content_type(&self) -> &str {
        let looks_like = || {
            let is_json = self.body.trim_start().starts_with(['{', '[']);
            if is_json {
                "application/json"
            } else {
                "text/plain"
            }
        };
        self.header("content-type").unwrap_or_else(looks_like)
    }
}

/// What a fate means to whoever was to receive the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery<'a> {
    /// It came as it was observed.
    AsObserved,
    /// It came this many milliseconds after it was observed.
    After(u64),
    /// That response came in its place.
    Replaced(&'a Replacement),
    /// It did not come, or not whole.
    Never,
}

impl Fate {
    /// Whether the event simply happens.
    #[must_use]
    pub fn is_go(&self) -> bool {
        matches!(self, Self::Go)
    }

    /// What it means to the receiver.
    #[must_use]
    pub fn delivery(&self) -> Delivery<'_> {
        match self {
            Self::Go | Self::Duplicate => Delivery::AsObserved,
            Self::Delay(ms) => Delivery::After(*ms),
            Self::Replace(replacement) => Delivery::Replaced(replacement),
            Self::Park | Self::Cut(_) | Self::Drop | Self::Halt(_) => Delivery::Never,
        }
    }
}
