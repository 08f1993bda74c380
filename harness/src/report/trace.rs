//! The trace: the journal drawn one line an event, a lane a process, time as the step since the line before, verdicts at
//! the event that they fall on. The short form shows each of the client's exchanges from end to end; the full form shows
//! what every process on the way sent and received.

use std::fmt::Write as _;

use stalemate_wire::Method;

use crate::journal::{
    Cast, ConnEnd, Entry, Event, Exchange, Message, Outcome, Phase, ProcessName, Profile, Record,
    RequestSummary, ResponseSummary, Side, TOOLS_CALL,
};
use crate::report::chain::Chains;
use crate::report::footer::footer;
use crate::report::grid::{Grid, Row};
use crate::report::names::{Names, span};
use crate::report::others::OthersSessions;
use crate::report::words::{acted, drawn, ended, ended_all, fate, noun, rpc_text, sse};
use crate::runner::{self, CellResult};

/// How much a trace shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Each of the client's exchanges from end to end.
    Short,
    /// Every message at both ends of every connection.
    Full,
}

/// The trace of a judged record.
#[must_use]
pub fn trace(result: &CellResult, record: &Record, detail: Detail) -> String {
    let (cast, entries) = (&*record.cast, &record.entries[..]);
    let lanes = cast.lanes().map(ToString::to_string).collect();
    let mut drawing = Drawing {
        detail,
        grid: Grid::new(lanes),
        chains: Chains::new(entries),
        names: Names::default(),
        others: OthersSessions::of(entries),
        cast,
        entries,
        last_ms: 0,
        out: String::new(),
    };
    let _ = writeln!(
        drawing.out,
        "{} with {}, seed {}",
        cast.scenario, cast.client, cast.seed
    );
    let _ = writeln!(drawing.out, "{}\n", cast.summary);
    let _ = writeln!(drawing.out, "{:>18}  {}", "", drawing.grid.head());
    for (at, entry) in entries.iter().enumerate() {
        if let Some((row, text)) = drawing.describe(at, &entry.event) {
            drawing.line(entry.at_ms, &row, &text);
        }
        if let Some(what) = fate(&entry.fate) {
            drawing.line(entry.at_ms, &Row::Blank, &format!("⚡ {what}"));
        }
        for judged in result.invariants.iter().filter(|j| j.at == Some(at)) {
            let mark = if judged.expected {
                "expected"
            } else {
                "NOT EXPECTED"
            };
            let text = format!(
                "✗ {} ({}): {} [{mark}]",
                judged.id, judged.party, judged.why
            );
            drawing.line(entry.at_ms, &Row::Blank, &text);
        }
    }
    let mut out = drawing.out;
    out.push('\n');
    out.push_str(&footer(result, record));
    out
}

struct Drawing<'a> {
    detail: Detail,
    grid: Grid,
    chains: Chains,
    names: Names,
    others: OthersSessions,
    cast: &'a Cast,
    entries: &'a [Entry],
    last_ms: u64,
    out: String,
}

impl Drawing<'_> {
    fn line(&mut self, at_ms: u64, row: &Row, text: &str) {
        let step = format!("+{}", span(at_ms - self.last_ms));
        self.last_ms = at_ms;
        let line = format!("{step:>18}  {}  {text}", self.grid.draw(row));
        let _ = writeln!(self.out, "{}", line.trim_end());
    }

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
                ..
            } => {
                let what = match method.as_str() {
                    TOOLS_CALL => tool.clone(),
                    other => format!("{other} {tool}"),
                };
                let outage = if *during_outage {
                    ", during the outage"
                } else {
                    ""
                };
                (
                    client('☺'),
                    format!("call {} begins: {what} on {server}{outage}", call.0),
                )
            }
            Event::CallEnded { call, outcome } => match outcome {
                Outcome::Ok => (client('☺'), format!("call {} ok", call.0)),
                Outcome::Error(text) => (
                    client('☹'),
                    format!("call {} failed: {}", call.0, self.names.without_ids(text)),
                ),
                Outcome::Hollow(text) => (
                    client('☹'),
                    format!(
                        "call {} got no result, and is shown one: {}",
                        call.0,
                        self.names.without_ids(text)
                    ),
                ),
                Outcome::TimedOut(ms) => (
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
            Event::ProcessUp { .. } if self.last_ms == 0 && self.entries[at].at_ms < 2 => {
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

    fn http(
        &mut self,
        at: usize,
        exchange: Exchange,
        here: &ProcessName,
        peer: &ProcessName,
        side: Side,
        message: &Message,
    ) -> Option<(Row, String)> {
        if self.detail == Detail::Short && !self.cast.is_client(here) {
            return None;
        }
        let full = self.detail == Detail::Full;
        let name = if full {
            format!("c{}.{}", exchange.conn.0, exchange.ordinal)
        } else {
            self.names.exchange(exchange)
        };
        let (near, far) = (here.to_string(), peer.to_string());
        let (text, far) = match message {
            Message::Request(request) => {
                let reached = self.chains.reached(exchange).map(ToString::to_string);
                (
                    self.request(request),
                    if full {
                        far
                    } else {
                        reached.unwrap_or(near.clone())
                    },
                )
            }
            Message::Response(response) => {
                if !full && self.is_head_of_answer(at, exchange) {
                    return None;
                }
                let by = self.chains.answered_by(exchange).map(ToString::to_string);
                (
                    self.response(response),
                    if full { far } else { by.unwrap_or(far) },
                )
            }
            Message::Sse(event) if event.comment && !full => return None,
            Message::Sse(event) => {
                let by = self.chains.answered_by(exchange).map(ToString::to_string);
                (sse(event), if full { far } else { by.unwrap_or(far) })
            }
            Message::End { clean: true, .. } if !full && !self.is_get(exchange) => return None,
            Message::End { clean, .. } => (
                if *clean {
                    "stream ends"
                } else {
                    "stream is cut"
                }
                .to_owned(),
                far,
            ),
        };
        let what = match (full, side) {
            (false, _) => "",
            (true, Side::Sent) => "sends ",
            (true, Side::Received) => "gets ",
        };
        let row = match side {
            Side::Sent => Row::Arrow(near.clone(), far),
            Side::Received => Row::Arrow(far, near.clone()),
        };
        let who = if full {
            format!("{near} {what}")
        } else {
            String::new()
        };
        Some((row, format!("{name} {who}{text}")))
    }

    /// Whether the head of a POST's stream is followed at once by the answer itself, which then says it all.
    fn is_head_of_answer(&self, at: usize, exchange: Exchange) -> bool {
        let now = self.entries[at].at_ms;
        let mut next = self.entries[at + 1..].iter().take_while(|e| e.at_ms == now);
        next.any(|e| {
            matches!(&e.event, Event::Http { exchange: x, at: here, message: Message::Sse(_), .. }
                if *x == exchange && self.cast.is_client(here))
        })
    }

    fn is_get(&self, exchange: Exchange) -> bool {
        self.entries.iter().any(|e| {
            matches!(&e.event, Event::Http { exchange: x, message: Message::Request(r), .. }
                if *x == exchange && r.method == Method::Get)
        })
    }

    fn request(&mut self, request: &RequestSummary) -> String {
        let mut text = request.method.as_str().to_owned();
        for rpc in &request.rpc {
            let _ = write!(text, " {}", rpc_text(rpc));
        }
        match &request.session {
            Some(id) => {
                let _ = write!(text, " [{}]", self.names.session(id));
            }
            None => text.push_str(" [no session]"),
        }
        if let Some(token) = &request.token {
            let _ = write!(text, " with {token}");
        }
        if let Some(cursor) = &request.cursor {
            let _ = write!(text, " after event {cursor}");
        }
        if let Some(call) = request.call {
            let _ = write!(text, " for call {}", call.0);
        }
        text
    }

    fn response(&mut self, response: &ResponseSummary) -> String {
        let mut text = response.status.to_string();
        if response.stream {
            text.push_str(" event stream");
        } else if response.bytes > 0 {
            let _ = write!(text, " {} bytes", response.bytes);
        }
        for rpc in &response.rpc {
            let _ = write!(text, ", {}", rpc_text(rpc));
        }
        if let Some(id) = &response.session {
            let _ = write!(text, " [{}]", self.names.session(id));
        }
        text
    }
}
