//! What a sweep does to an event: the columns of its table. Which kind of fate applies to which kind of event is `fault`'s
//! table; here is what of it is tried, and where it would do nothing.

use std::collections::BTreeMap;

use crate::fault::{FateKind, TriggerEvent, admits, applies};
use crate::journal::{Cast, CutAt, Entry, Event, Fate, Message, Part, Replacement, Role};

/// A short delay in milliseconds: no time-out of a usual client is over.
const SHORT_MS: u64 = 5_000;
/// A long delay in milliseconds: the time-outs of clients and hops are over.
const LONG_MS: u64 = 150_000;

/// One thing that a sweep does to an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// At the head of the column: three characters at the most.
    pub code: String,
    /// What it is.
    pub says: String,
    /// The fate.
    pub fate: Fate,
}

/// Why a column is not tried at an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The fate never applies to events of that kind.
    Never,
    /// An event of a stream has no head.
    NoHead,
    /// The message has no body.
    NoBody,
    /// It is the head of a stream, and no message without the rest.
    HeadAlone,
}

impl Why {
    /// As a report says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "such a fate never applies to such an event",
            Self::NoHead => "an event of a stream has no head",
            Self::NoBody => "the message has no body",
            Self::HeadAlone => "the head of a stream does not come twice",
        }
    }
}

/// The columns for that cast: the same for all, and the halt of each process.
#[must_use]
pub fn columns(cast: &Cast) -> Vec<Column> {
    let column = |code: &str, says: &str, fate| Column {
        code: code.to_owned(),
        says: says.to_owned(),
        fate,
    };
    let mut columns = vec![
        column("drp", "lost", Fate::Drop),
        column("dup", "sent twice", Fate::Duplicate),
        column("d-s", "5 s late", Fate::Delay(SHORT_MS)),
        column("d-l", "150 s late", Fate::Delay(LONG_MS)),
        column("prk", "withheld, with all behind it", Fate::Park),
        column("c-0", "cut before it", Fate::Cut(CutAt::Byte(0))),
        column("c-h", "cut in its head", Fate::Cut(CutAt::Part(Part::Head))),
        column("c-b", "cut in its body", Fate::Cut(CutAt::Part(Part::Body))),
        column("c-e", "cut after it", Fate::Cut(CutAt::Part(Part::End))),
    ];
    for (code, says, replacement) in replacements() {
        columns.push(column(code, says, Fate::Replace(replacement)));
    }
    let processes = cast.members.iter().filter(|m| m.role != Role::Client);
    for (n, member) in processes.enumerate() {
        let process = &member.process;
        columns.push(Column {
            code: format!("x-{}", n + 1),
            says: format!("{process} dies here"),
            fate: Fate::Halt(process.clone()),
        });
    }
    columns
}

/// Responses that come in place of others: each of the statuses that mean something of their own to a client, and what
/// stands in the way of an answer in the field.
fn replacements() -> Vec<(&'static str, &'static str, Replacement)> {
    let with = |status, headers: &[(&str, &str)], body: &str| Replacement {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        body: body.to_owned(),
    };
    let html = [("content-type", "text/html")];
    let error = |code: i32, message: &str| {
        format!(r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":"{message}"}},"id":null}}"#)
    };
    vec![
        (
            "400",
            "400 with a JSON-RPC error",
            with(400, &[], &error(-32_000, "Bad Request")),
        ),
        ("401", "401, empty", with(401, &[], "")),
        (
            "403",
            "403 with a page",
            with(403, &html, "<html>forbidden</html>"),
        ),
        (
            "404",
            "404 with a JSON-RPC error",
            with(404, &[], &error(-32_001, "Session not found")),
        ),
        ("405", "405, empty", with(405, &[], "")),
        (
            "409",
            "409 with a JSON-RPC error",
            with(409, &[], &error(-32_000, "Conflict")),
        ),
        (
            "429",
            "429 with retry-after: 1",
            with(429, &[("retry-after", "1")], ""),
        ),
        (
            "500",
            "500 with a text",
            with(500, &[], "Internal Server Error"),
        ),
        (
            "502",
            "502 with a page",
            with(502, &html, "<html>bad gateway</html>"),
        ),
        (
            "503",
            "503 with retry-after: 1",
            with(503, &[("retry-after", "1")], ""),
        ),
        (
            "pag",
            "200 with a page of somebody else's",
            with(200, &html, "<html>log in</html>"),
        ),
        (
            "ept",
            "200, empty",
            with(200, &[("content-type", "application/json")], ""),
        ),
        ("{}", "200 with {}", with(200, &[], "{}")),
        (
            "{..",
            "200 with half a JSON",
            with(200, &[], "{\"jsonrpc\":"),
        ),
    ]
}

/// Whether a column is tried at an entry of that kind.
///
/// # Errors
/// Why not.
pub fn fits(column: &Column, event: TriggerEvent, entry: &Entry) -> Result<(), Why> {
    if !admits(event, &column.fate) {
        return Err(Why::Never);
    }
    let Event::Http { message, .. } = &entry.event else {
        return Ok(());
    };
    let bytes = match message {
        Message::Request(request) => request.bytes,
        Message::Response(response) => response.bytes,
        Message::Sse(event) => event.bytes,
        Message::End { .. } => 0,
    };
    match &column.fate {
        Fate::Cut(CutAt::Part(Part::Head)) if matches!(message, Message::Sse(_)) => {
            Err(Why::NoHead)
        }
        Fate::Cut(CutAt::Part(Part::Body)) if bytes == 0 => Err(Why::NoBody),
        Fate::Duplicate if !applies(&column.fate, &entry.event) => Err(Why::HeadAlone),
        _ => Ok(()),
    }
}

/// How many kinds of fate there are that columns try, of all that a plan can decide: for a test that none is forgotten.
#[must_use]
pub fn kinds(columns: &[Column]) -> Vec<FateKind> {
    let mut kinds: Vec<FateKind> = columns
        .iter()
        .filter_map(|c| FateKind::of(&c.fate))
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
