//! The model of a diagram: lanes, rows and what each row shows. Nothing here knows how it is drawn.

use std::collections::{BTreeMap, BTreeSet};

use super::View;
use super::label::{Part, parts};
use crate::journal::{Event, Exchange, Message, Phase, Record, Role, Rung, climbs};
use crate::report::fold::in_view;
use crate::report::grid::Row as Lanes;
use crate::report::names::Names;
use crate::report::rows::{Line, Of, rows};
use crate::report::table;
use crate::runner::{CellResult, Outcome, is_clients};

/// A diagram.
pub(super) struct Diagram {
    /// Scenario and client.
    pub(super) title: String,
    /// What the scenario is about.
    pub(super) about: String,
    /// How the cell came out.
    pub(super) outcome: Outcome,
    /// The worst rung; `None` where nobody climbed or no client can get anywhere, which `rung_said` tells apart.
    pub(super) rung: Option<Rung>,
    /// The same in a word.
    pub(super) rung_said: &'static str,
    /// The processes, in path order.
    pub(super) lanes: Vec<Lane>,
    /// From the first to the last.
    pub(super) rows: Vec<Row>,
    /// How far each climb of the ladder went, in order.
    pub(super) climbs: Vec<Climb>,
}

/// A lane.
pub(super) struct Lane {
    /// The process.
    pub(super) name: String,
    /// What it is there for.
    pub(super) role: Role,
}

/// A climb of the ladder.
pub(super) struct Climb {
    /// The server.
    pub(super) server: String,
    /// The rung that worked, or `never`; `None` where no client can get anywhere.
    pub(super) rung: Option<Rung>,
}

/// A row.
pub(super) struct Row {
    /// The entry of the journal that it is about; of a fold the first one.
    pub(super) entry: usize,
    /// What of that entry it says; of a fold the first row.
    pub(super) of: Of,
    /// The time since the row before, in milliseconds; of the first row since the run began.
    pub(super) wait_ms: u64,
    /// What it shows.
    pub(super) what: What,
}

/// What a row shows.
#[derive(Debug)]
pub(super) enum What {
    /// A message, by the numbers of its lanes.
    Message {
        from: usize,
        to: usize,
        label: Vec<Part>,
        /// The number of the session that it belongs to.
        session: Option<usize>,
        /// Whether it is a refusal.
        refused: bool,
        /// Whether it answers.
        answers: bool,
        /// Whether it carries a session that had ended at its server.
        dead: bool,
    },
    /// Something at one process. The mark is the trace's.
    Note {
        lane: usize,
        mark: char,
        text: String,
    },
    /// A fault began, was over, or struck here.
    Fault { text: String, over: bool },
    /// A violation.
    Violation {
        lane: usize,
        id: String,
        party: String,
        why: String,
        expected: bool,
    },
    /// A phase, with the rung that is tried or worked.
    Phase {
        text: String,
        rung: Option<Rung>,
        over: bool,
        /// How many rows after it are left out.
        hidden: usize,
    },
    /// So many rows are left out.
    Folded(usize),
}

impl Row {
    /// What tells it from all others, in a diagram with more or fewer rows too.
    pub(super) fn key(&self) -> String {
        match self.of {
            Of::Event => self.entry.to_string(),
            Of::Fate => format!("{}f", self.entry),
            Of::Violation(n) => format!("{}v{n}", self.entry),
        }
    }
}

impl Diagram {
    /// The diagram of a judged record.
    pub(super) fn of(result: &CellResult, record: &Record, view: View<'_>) -> Self {
        let (lines, names) = rows(result, record, view.detail);
        Self::made(result, record, (&lines, &names), view)
    }

    /// The same, from its rows in that detail and the names given in them.
    pub(super) fn made(
        result: &CellResult,
        record: &Record,
        (lines, names): (&[Line], &Names),
        view: View<'_>,
    ) -> Self {
        let cast = &*record.cast;
        let lanes = cast.members.iter().map(|member| Lane {
            name: member.process.to_string(),
            role: member.role,
        });
        let kept = in_view(result, record, lines, view);
        let mut maker = Maker::new(result, record, names);
        let mut last_ms = 0;
        let mut rows: Vec<Row> = Vec::new();
        for (line, kept) in lines.iter().zip(kept) {
            match (kept, rows.last_mut()) {
                (true, _) => {
                    rows.push(Row {
                        entry: line.entry,
                        of: line.of,
                        wait_ms: line.at_ms - last_ms,
                        what: maker.what(line),
                    });
                    last_ms = line.at_ms;
                }
                (
                    false,
                    Some(Row {
                        what: What::Folded(many) | What::Phase { hidden: many, .. },
                        ..
                    }),
                ) => *many += 1,
                (false, _) => rows.push(Row {
                    entry: line.entry,
                    of: line.of,
                    wait_ms: 0,
                    what: What::Folded(1),
                }),
            }
        }
        let climbs = climbs(&record.entries).map(|climb| Climb {
            server: climb.server.to_string(),
            rung: climb.rung,
        });
        Self {
            title: match cast.seed {
                1 => format!("{} with {}", cast.scenario, cast.client),
                seed => format!("{} with {}, seed {seed}", cast.scenario, cast.client),
            },
            about: cast.summary.clone(),
            outcome: result.outcome,
            rung: result.rung,
            rung_said: table::rung(result),
            lanes: lanes.collect(),
            rows,
            climbs: climbs.collect(),
        }
    }
}

/// Makes rows of a record's lines.
struct Maker<'a> {
    result: &'a CellResult,
    record: &'a Record,
    names: &'a Names,
    /// The session that an exchange belongs to: the one that its request carries, or that its response opens.
    sessions: BTreeMap<Exchange, usize>,
    /// The exchanges whose response brings a session, which is yet to be shown.
    brings: BTreeSet<Exchange>,
    /// The entry at which a session ended.
    ended: BTreeMap<usize, usize>,
}

impl<'a> Maker<'a> {
    fn new(result: &'a CellResult, record: &'a Record, names: &'a Names) -> Self {
        let mut sessions = BTreeMap::new();
        let mut brings = BTreeSet::new();
        let mut ended = BTreeMap::new();
        for (at, entry) in record.entries.iter().enumerate() {
            if let Event::SessionEnded { session, .. } = &entry.event
                && let Some(number) = names.number(session)
            {
                ended.entry(number).or_insert(at);
            }
            let Event::Http {
                exchange, message, ..
            } = &entry.event
            else {
                continue;
            };
            let (id, is_new) = match message {
                Message::Request(request) => (&request.session, false),
                Message::Response(response) => (&response.session, true),
                Message::Sse(_) | Message::End { .. } => continue,
            };
            if let Some(number) = id.as_deref().and_then(|id| names.number(id))
                && !sessions.contains_key(exchange)
            {
                sessions.insert(*exchange, number);
                if is_new {
                    brings.insert(*exchange);
                }
            }
        }
        Self {
            result,
            record,
            names,
            sessions,
            brings,
            ended,
        }
    }

    fn lane(&self, process: &str) -> usize {
        let lanes = &self.record.cast.members;
        lanes
            .iter()
            .position(|m| *m.process == *process)
            .unwrap_or(0)
    }

    /// The lane of a party: the client's for an application too, the first process of a server.
    fn lane_of_party(&self, party: &str) -> usize {
        let cast = &self.record.cast;
        if is_clients(party) {
            return cast
                .members
                .iter()
                .position(|m| m.role == Role::Client)
                .unwrap_or(0);
        }
        match cast.processes_of(party).next() {
            Some(process) => self.lane(process),
            None => self.lane(party),
        }
    }

    fn what(&mut self, line: &Line) -> What {
        match line.of {
            Of::Violation(n) => {
                let judged = &self.result.invariants[n];
                return What::Violation {
                    lane: self.lane_of_party(&judged.party),
                    id: judged.id.clone(),
                    party: judged.party.clone(),
                    why: self.names.without_ids(&judged.why),
                    expected: judged.expected,
                };
            }
            Of::Fate => return fault(&line.text, false),
            Of::Event => {}
        }
        let event = &self.record.entries[line.entry].event;
        match (&line.row, event) {
            (
                Lanes::Arrow(from, to),
                Event::Http {
                    exchange, message, ..
                },
            ) => self.message(line, from, to, *exchange, message),
            (Lanes::Mark(lane, mark), _) => What::Note {
                lane: self.lane(lane),
                mark: *mark,
                text: self.names.without_ids(&line.text),
            },
            (_, Event::FaultHealed { .. }) => fault(&line.text, true),
            (_, Event::Phase(phase)) => What::Phase {
                text: self.names.without_ids(&line.text),
                rung: match phase {
                    Phase::Rung { rung, .. } | Phase::Climbed { rung, .. } => Some(*rung),
                    Phase::Faults | Phase::Calm { .. } | Phase::Settled { .. } => None,
                },
                over: matches!(phase, Phase::Climbed { .. }),
                hidden: 0,
            },
            (Lanes::Rule, _) => What::Phase {
                text: self.names.without_ids(&line.text),
                rung: None,
                over: true,
                hidden: 0,
            },
            _ => fault(&line.text, false),
        }
    }

    fn message(
        &mut self,
        line: &Line,
        from: &str,
        to: &str,
        exchange: Exchange,
        message: &Message,
    ) -> What {
        let status = match message {
            Message::Response(response) => Some(response.status),
            _ => None,
        };
        let answers = !matches!(message, Message::Request(_));
        let session = self.sessions.get(&exchange).copied();
        let mut label = parts(&self.names.without_ids(&line.text), status);
        let shows = label.iter().any(|part| matches!(part, Part::Session(_)));
        if answers && self.brings.remove(&exchange) && !shows {
            label.extend(session.map(Part::Session));
        }
        What::Message {
            from: self.lane(from),
            to: self.lane(to),
            label,
            // A request that opens a session does not carry it yet.
            session: session.filter(|_| shows || answers),
            refused: status.is_some_and(|status| status >= 400),
            answers,
            dead: !answers
                && shows
                && session
                    .and_then(|n| self.ended.get(&n))
                    .is_some_and(|at| *at < line.entry),
        }
    }
}

fn fault(text: &str, over: bool) -> What {
    What::Fault {
        text: text.trim_start_matches("⚡ ").to_owned(),
        over,
    }
}
