//! What happens in a run as it is told to somebody who plays it: faults, what became of calls, phases, verdicts. Messages are
//! the diagram's business.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::journal::{CallId, CallOutcome, Cast, Entry, Event, Phase, Record};
use crate::operator;
use crate::process::recorder::Recorder;
use crate::report::{self, Names, span};
use crate::runner::{self, CellResult, Said};
use crate::scenario::Scenario;
use crate::serve::guide::Guide;
use crate::serve::state::Kind;
use crate::serve::words;
use crate::sim::RunNotes;

/// How often what was observed is judged at the most, in milliseconds.
const JUDGE_MS: u64 = 500;

/// Follows one run.
pub(super) struct Follower {
    scenario: Arc<Scenario>,
    cast: Arc<Cast>,
    names: Names,
    /// The calls that run, in words.
    calls: BTreeMap<CallId, String>,
    told: usize,
    judged_len: usize,
    judged_ms: u64,
    drawn_len: usize,
    /// What was violated when it was last judged: the party and the invariant.
    violated: BTreeMap<(String, String), String>,
    /// Those of them that were told.
    said: Vec<(String, String)>,
}

impl Follower {
    pub(super) fn new(scenario: Arc<Scenario>, cast: Arc<Cast>) -> Self {
        Self {
            scenario,
            cast,
            names: Names::default(),
            calls: BTreeMap::new(),
            told: 0,
            judged_len: 0,
            judged_ms: 0,
            drawn_len: 0,
            violated: BTreeMap::new(),
            said: Vec::new(),
        }
    }

    /// Tells what is new, and judges it now and then.
    pub(super) fn follow(&mut self, recorder: &Recorder, guide: &Guide) {
        self.catch_up(recorder, guide);
        self.judge(recorder, guide);
    }

    /// Tells what is new.
    pub(super) fn catch_up(&mut self, recorder: &Recorder, guide: &Guide) {
        let new = recorder.show(self.told, <[Entry]>::to_vec);
        self.told += new.len();
        for entry in &new {
            if let Some((kind, text)) = self.told(&entry.event) {
                guide.happened(entry.at_ms, kind, text);
            }
        }
    }

    fn judge(&mut self, recorder: &Recorder, guide: &Guide) {
        let (now_ms, len) = (recorder.now_ms(), recorder.len());
        // Who has just begun to look has nothing to look at yet.
        let is_missed = guide.is_watched() && self.drawn_len != len;
        if (len == self.judged_len && !is_missed) || now_ms < self.judged_ms + JUDGE_MS {
            return;
        }
        let is_new = len != self.judged_len;
        (self.judged_len, self.judged_ms) = (len, now_ms);
        let record = Record {
            cast: Arc::clone(&self.cast),
            entries: recorder.show(0, <[Entry]>::to_vec),
        };
        let findings = RunNotes {
            calms: recorder.calms(),
            ..RunNotes::default()
        };
        let result = runner::judge(&self.scenario, &record, &findings, None);
        if is_new {
            self.verdicts(&result, now_ms, guide);
        }
        if guide.is_watched() {
            self.drawn_len = len;
            guide.draw(picture(&result, &record));
        }
    }

    /// Tells of verdicts that have fallen: what is violated twice in a row, because what happens next may still excuse it.
    fn verdicts(&mut self, result: &CellResult, now_ms: u64, guide: &Guide) {
        let violated = result.invariants.iter();
        let violated = violated.filter(|judged| judged.verdict == Said::Violated);
        let mut now = BTreeMap::new();
        for judged in violated {
            let key = (judged.party.clone(), judged.id.clone());
            now.insert(key.clone(), judged.why.clone());
            if self.said.contains(&key) || !self.violated.contains_key(&key) {
                continue;
            }
            let kind = if judged.expected {
                Kind::Expected
            } else {
                Kind::Violated
            };
            let expected = match judged.expected {
                true => " [as the scenario says]",
                false => "",
            };
            let text = format!("{} ({}): {}{expected}", judged.id, judged.party, judged.why);
            guide.happened(now_ms, kind, text);
            self.said.push(key);
        }
        let taken_back = |key: &(String, String)| !now.contains_key(key);
        for (party, id) in self.said.extract_if(.., |key| taken_back(key)) {
            let text =
                format!("{id} ({party}) is not violated after all: what came later excuses it");
            guide.happened(now_ms, Kind::Note, text);
        }
        self.violated = now;
    }

    fn told(&mut self, event: &Event) -> Option<(Kind, String)> {
        Some(match event {
            Event::FaultBegan { fault, .. } => (Kind::Fault, fault.clone()),
            Event::FaultHealed { fault, .. } => (Kind::Fault, format!("over: {fault}")),
            Event::ProcessDown { process, cause } => {
                (Kind::Fault, format!("{process} is down: {cause}"))
            }
            Event::SessionOpened {
                at,
                session,
                for_others: false,
                ..
            } => (
                Kind::Note,
                format!("{at} opens session {}", self.names.session(session)),
            ),
            Event::CallBegan {
                call, server, tool, ..
            } => {
                self.calls.insert(*call, format!("{tool} on {server}"));
                return None;
            }
            Event::CallEnded { call, outcome } => {
                let how = match outcome {
                    CallOutcome::Ok => "a result".to_owned(),
                    CallOutcome::Error(why) => {
                        format!("an error: {}", self.names.without_ids(why))
                    }
                    CallOutcome::Hollow(_) => "a result that its server never gave".to_owned(),
                    CallOutcome::GivenUp(ms) => {
                        format!("an error: the user gave up after {ms} ms")
                    }
                    CallOutcome::TimedOut(ms) => format!("nothing in {}", span(*ms)),
                };
                let what = self.calls.remove(call).unwrap_or_default();
                (Kind::User, format!("call {} ({what}): {how}", call.0))
            }
            Event::UserActionEnded {
                action,
                error: Some(why),
                ..
            } => {
                let why = self.names.without_ids(why);
                (Kind::User, format!("{} failed: {why}", action.as_str()))
            }
            Event::Phase(phase) => (Kind::Phase, phase_told(phase)?),
            _ => return None,
        })
    }
}

/// The picture of a record: its diagram, with all rows.
#[must_use]
pub fn picture(result: &CellResult, record: &Record) -> String {
    report::svg(result, record, report::View::whole(report::Detail::Short))
}

fn phase_told(phase: &Phase) -> Option<String> {
    Some(match phase {
        Phase::Faults => return None,
        Phase::Calm { server } => {
            format!("everything is healed and up; what helps now, for {server}?")
        }
        Phase::Rung { server, rung } => {
            format!("{server}, {}: {}", rung.as_str(), words::rung(*rung))
        }
        Phase::Climbed { server, rung } => format!("{server}: the rung is {}", rung.as_str()),
        Phase::Settled { server } => format!("{server}: what was put off has had its time"),
    })
}

/// What the script found out, as a judgement takes it.
pub(super) fn findings(script: &operator::ScriptNotes, recorder: &Recorder) -> RunNotes {
    RunNotes {
        failures: script.failures.clone(),
        unfired: recorder.unfired(),
        access_log: Vec::new(),
        virtual_ms: recorder.now_ms(),
        calms: recorder.calms(),
        arms: std::collections::BTreeSet::new(),
    }
}
