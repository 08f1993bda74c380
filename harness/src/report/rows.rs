//! The rows of a picture of a record: what a reader sees of each entry, in the words that every picture uses, with the
//! verdicts at the entries that they fall on. The short form shows each of the client's exchanges from end to end; the full
//! form shows what every process on the way sent and received.

mod message;

use crate::journal::{
    CallOutcome, Cast, ConnEnd, Entry, Event, Phase, Profile, Record, TOOLS_CALL,
};
use crate::report::chain::Chains;
use crate::report::grid::Row;
use crate::report::names::{Names, span};
use crate::report::others::OthersSessions;
use crate::report::words::{acted, drawn, ended, ended_all, fate, noun};
use crate::runner::{self, CellResult};

/// How much a trace shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Each of the client's exchanges from end to end.
    Short,
    /// Every message at both ends of every connection.
    Full,
}

/// A row of a picture of a record, as text or as a diagram.
pub(super) struct Line {
    /// The entry of the journal that it is about.
    pub(super) entry: usize,
    /// When that was, in virtual milliseconds.
    pub(super) at_ms: u64,
    /// What of that entry it says.
    pub(super) of: Of,
    /// What it shows in the lanes.
    pub(super) row: Row,
    /// What it says.
    pub(super) text: String,
}

/// What of an entry a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// What was observed.
    Event,
    /// What the fault plan made of it.
    Fate,
    /// A violation, by its place among the result's invariants.
    Violation(usize),
}

/// The rows of a judged record in order, and the names given in them.
pub(super) fn rows(result: &CellResult, record: &Record, detail: Detail) -> (Vec<Line>, Names) {
    let (cast, entries) = (&*record.cast, &record.entries[..]);
    let mut drawing = Drawing {
        detail,
        chains: Chains::new(entries),
        names: Names::default(),
        others: OthersSessions::of(entries),
        cast,
        entries,
        is_first: true,
    };
    let mut lines: Vec<Line> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let mut line = |of, row, text| {
            lines.push(Line {
                entry: at,
                at_ms: entry.at_ms,
                of,
                row,
                text,
            });
        };
        if let Some((row, text)) = drawing.describe(at, &entry.event) {
            line(Of::Event, row, text);
            drawing.is_first &= entry.at_ms == 0;
        }
        if let Some(what) = fate(&entry.fate) {
            line(Of::Fate, Row::Blank, format!("⚡ {what}"));
            drawing.is_first &= entry.at_ms == 0;
        }
        for (n, judged) in result.invariants.iter().enumerate() {
            if judged.at != Some(at) {
                continue;
            }
            let mark = if judged.expected {
                "expected"
            } else {
                "NOT EXPECTED"
            };
            let text = format!(
                "✗ {} ({}): {} [{mark}]",
                judged.id, judged.party, judged.why
            );
            line(Of::Violation(n), Row::Blank, text);
            drawing.is_first &= entry.at_ms == 0;
        }
    }
    (lines, drawing.names)
}

struct Drawing<'a> {
    detail: Detail,
    chains: Chains,
    names: Names,
    others: OthersSessions,
    cast: &'a Cast,
    entries: &'a [Entry],
    /// Whether nothing is drawn yet but what happened in the first millisecond.
    is_first: bool,
}

impl Drawing<'_> {
    /// The row and the text of an event, or `None` if this form does not show it.
    fn describe(&mut self, at: usize, event: &Event) -> Option<(Row, String)> {
        let lane = self.cast.lanes().next().map(ToString::to_string);
        let client = |mark| Row::Mark(lane.clone().unwrap_or_default(), mark);
        Some(match event {
            Event::Phase(phase) => self.phase(phase)?,
            Event::NoProgress {
                server,
                blamed,
                violating,
                full,
                ..
            } => (
                Row::Rule,
                format!(
                    "{server}: {}",
                    runner::no_progress(self.cast, server, [blamed, violating, full])
                ),
            ),
            Event::RightNeeds { server, rung, .. } => (
                Row::Rule,
                format!("{server}: a right client needs {} too", rung.as_str()),
            ),
            Event::UserActed { action, server, .. } => {
                (client('☺'), acted(*action, server.as_deref()))
            }
            Event::UserActionEnded { error: None, .. } => return None,
            Event::UserActionEnded {
                action,
                error: Some(error),
                ..
            } => (
                client('☹'),
                format!(
                    "{} failed: {}",
                    noun(*action),
                    self.names.without_ids(error)
                ),
            ),
            Event::TokenIssued { server, token, .. } => (
                client('⚿'),
                format!("the user has token {token} for {server}"),
            ),
            Event::Committed { .. } => return None,
            Event::Drawn {
                server,
                profile,
                shown,
            } => {
                let window = if *profile == Profile::Incognito {
                    " in the private window"
                } else {
                    ""
                };
                (
                    client('▤'),
                    format!("settings page{window}: {server} {}", drawn(*shown)),
                )
            }
            Event::ObjectMade {
                server,
                resumed: true,
                ..
            } => (
                client('◦'),
                format!("a client of {server} is made from the stored session"),
            ),
            Event::ObjectMade { .. } => return None,
            Event::CallBegan {
                call,
                server,
                method,
                tool,
                during_outage,
                nth,
                ..
            } => {
                let what = match method.as_str() {
                    TOOLS_CALL => tool.clone(),
                    other => format!("{other} {tool}"),
                };
                let whose = match nth {
                    1 => String::new(),
                    nth => format!(", by client object {nth}"),
                };
                let outage = if *during_outage {
                    ", during the outage"
                } else {
                    ""
                };
                (
                    client('☺'),
                    format!("call {} begins: {what} on {server}{whose}{outage}", call.0),
                )
            }
            Event::CallEnded { call, outcome } => match outcome {
                CallOutcome::Ok => (client('☺'), format!("call {} ok", call.0)),
                CallOutcome::Error(text) => (
                    client('☹'),
                    format!("call {} failed: {}", call.0, self.names.without_ids(text)),
                ),
                CallOutcome::Hollow(text) => (
                    client('☹'),
                    format!(
                        "call {} got no result, and is shown one: {}",
                        call.0,
                        self.names.without_ids(text)
                    ),
                ),
                CallOutcome::GivenUp(ms) => (
                    client('☹'),
                    format!("call {} failed: the user gave up after {ms} ms", call.0),
                ),
                CallOutcome::TimedOut(ms) => (
                    client('☹'),
                    format!("call {} failed: no answer in {}", call.0, span(*ms)),
                ),
            },
            Event::Http {
                exchange,
                at: here,
                peer,
                side,
                message,
                ..
            } => {
                return self.http(at, *exchange, here, peer, *side, message);
            }
            Event::ConnEnded {
                conn,
                from,
                to,
                how,
            } => {
                if *how == ConnEnd::Closed {
                    return None;
                }
                let how = if *how == ConnEnd::Refused {
                    "refused"
                } else {
                    "cut"
                };
                (
                    Row::Mark(from.to_string(), '✖'),
                    format!("connection c{} to {to} {how}", conn.0),
                )
            }
            Event::ConnOpened { .. } | Event::Forwarded { .. } => return None,
            Event::SessionOpened {
                for_others: true, ..
            } => return None,
            Event::SessionEnded { cause, session, .. } if self.others.is_theirs(session) => {
                let (here, many) = self.others.ended(self.entries, at)?;
                let what = match many {
                    1 => format!("a session of others {}", ended(*cause)),
                    _ => format!("{many} sessions of others {}", ended_all(*cause)),
                };
                (Row::Mark(here.to_string(), '◆'), format!("{here}: {what}"))
            }
            Event::SessionOpened { at, session, .. } => {
                let name = self.names.session(session);
                (
                    Row::Mark(at.to_string(), '◇'),
                    format!("{at} opens session {name}"),
                )
            }
            Event::SessionEnded {
                at, session, cause, ..
            } => {
                let name = self.names.session(session);
                (
                    Row::Mark(at.to_string(), '◆'),
                    format!("{at}: session {name} {}", ended(*cause)),
                )
            }
            Event::ToolsChanged { at, tools, .. } => (
                Row::Mark(at.to_string(), '◫'),
                format!("{at} has other tools now: {}", tools.join(", ")),
            ),
            Event::EffectCommitted { at, tool, call, .. } => {
                let call = call.map_or_else(String::new, |c| format!(" of call {}", c.0));
                (
                    Row::Mark(at.to_string(), '✎'),
                    format!("{at} commits the effect{call}: {tool}"),
                )
            }
            // That everything starts is not news.
            Event::ProcessUp { .. } if self.is_first && self.entries[at].at_ms < 2 => {
                return None;
            }
            Event::ProcessUp { process } => (
                Row::Mark(process.to_string(), '▲'),
                format!("{process} is up"),
            ),
            Event::ProcessDown { process, cause } => (
                Row::Mark(process.to_string(), '▼'),
                format!("{process} is down: {cause}"),
            ),
            Event::FaultBegan { fault, .. } => (Row::Blank, format!("⚡ {fault}")),
            Event::FaultHealed { fault, .. } => (Row::Blank, format!("⚡ over: {fault}")),
        })
    }

    fn phase(&mut self, phase: &Phase) -> Option<(Row, String)> {
        let text = match phase {
            Phase::Faults => return None,
            Phase::Calm { server } => {
                format!("calm: everything is healed and up; the climb of {server} begins")
            }
            Phase::Rung { server, rung } => format!("{server}: {}", rung.as_str()),
            Phase::Climbed { server, rung } => {
                format!("{server}: the rung is {}", rung.as_str())
            }
            Phase::Settled { server } => {
                format!("{server}: what was put off has had its time")
            }
        };
        Some((Row::Rule, text))
    }
}
