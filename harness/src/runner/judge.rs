//! Judging a cell: every invariant's verdict, and what the scenario promises beside what came true. How results are shown
//! is `report`'s business.

use crate::invariant::{self, Party, Severity, Told, Verdict, View};
use crate::journal::{Cast, Event, Message, Record, Rung, ServerName, Side};
use crate::process::recorder::Parting;
use crate::runner::result::{CellResult, Judged, Outcome, Said};
use crate::scenario::Scenario;
use crate::sim::RunNotes;

/// Judges a run against its scenario. `difference` is where a second run of the same cell parted from it.
#[must_use]
pub fn judge(
    scenario: &Scenario,
    record: &Record,
    run: &RunNotes,
    difference: Option<&Parting>,
) -> CellResult {
    judge_with(Some(scenario), record, run, difference)
}

/// Judges a record alone: nothing is promised, so that every violation counts.
#[must_use]
pub fn judge_record(record: &Record) -> CellResult {
    let findings = RunNotes {
        virtual_ms: record.last_ms(),
        ..RunNotes::default()
    };
    judge_with(None, record, &findings, None)
}

fn judge_with(
    scenario: Option<&Scenario>,
    record: &Record,
    run: &RunNotes,
    difference: Option<&Parting>,
) -> CellResult {
    let client = record.cast.client.as_str();
    let rungs = record.rungs();
    let told = Told::of(record);
    let view = View::new(&told);
    let mut verdict = Account::default();
    if let Some(difference) = difference {
        verdict.problem(Outcome::NotDeterministic, describe(difference));
    }
    for (line, failure) in &run.failures {
        verdict.problem(Outcome::Broken, format!("line {line}: {failure}"));
    }
    for unfired in &run.unfired {
        verdict.problem(Outcome::Vacuous, unfired.to_string());
    }
    let promise = scenario.and_then(|s| s.expect.get(client));
    let is_no_progress = promise.is_some_and(|e| e.no_progress);
    for entry in &record.entries {
        if let Event::NoProgress {
            server,
            blamed,
            violating,
            full,
            ..
        } = &entry.event
            && !is_no_progress
        {
            let why = format!(
                "{server}: {}",
                no_progress(&record.cast, server, [blamed, violating, full])
            );
            verdict.problem(Outcome::NoProgress, why);
        }
    }
    if is_no_progress && rungs.iter().all(|(_, rung)| rung.is_some()) {
        let why = "the scenario promises `progress: none`, but the server side works".to_owned();
        verdict.problem(Outcome::Broken, why);
    }
    let has_calls = || {
        let mut entries = record.entries.iter();
        entries.any(|e| matches!(e.event, Event::CallBegan { .. }))
    };
    if scenario.is_some() && !has_calls() {
        let why = "no tool was called: there is no connector when the steps are over";
        verdict.problem(Outcome::Vacuous, why.to_owned());
    }
    let rung = worst(&rungs);
    if let Some(promised) = promise.and_then(|e| e.rung)
        && let Some(rung) = rung
        && rung != promised
    {
        verdict.problem(
            Outcome::Broken,
            format!(
                "the rung is {}, promised is {}",
                rung.as_str(),
                promised.as_str()
            ),
        );
    }
    let mut invariants = Vec::new();
    for invariant in invariant::ALL {
        for judgement in invariant.judge(&view) {
            let listed = scenario.is_some_and(|scenario| {
                let party = &judgement.party;
                is_listed(scenario, client, invariant.party, party, invariant.id)
            });
            // What a server does wrong is listed for the clients that take part. Any other may not bring it about.
            let is_promised = scenario.is_some_and(|s| s.clients.iter().any(|c| c == client));
            invariants.push(verdict.judged(invariant, &judgement, listed, is_promised));
        }
    }
    CellResult {
        scenario: record.cast.scenario.clone(),
        client: client.to_owned(),
        seed: record.cast.seed,
        rung,
        outcome: verdict.outcome,
        invariants,
        journal_hash: record.hash(),
        virtual_ms: run.virtual_ms,
        exchanges: exchanges(record),
        rungs: rungs
            .iter()
            .map(|(server, rung)| (server.to_string(), *rung))
            .collect(),
        problems: verdict.problems,
        arms: run.arms.clone(),
    }
}

struct Account {
    outcome: Outcome,
    problems: Vec<String>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            outcome: Outcome::Kept,
            problems: Vec::new(),
        }
    }
}

impl Account {
    fn problem(&mut self, outcome: Outcome, why: String) {
        self.outcome = self.outcome.max(outcome);
        self.problems.push(why);
    }

    fn judged(
        &mut self,
        invariant: &invariant::Invariant,
        judgement: &invariant::Judgement,
        listed: bool,
        is_promised: bool,
    ) -> Judged {
        let of = if matches!(invariant.party, Party::Server | Party::Hop) {
            format!(" by {}", judgement.party)
        } else {
            String::new()
        };
        let (verdict, expected, why, at) = match &judgement.verdict {
            Verdict::Held => {
                let is_wrong = listed && is_promised;
                if is_wrong {
                    let why = format!(
                        "{}{of} is listed as violated, and holds: take it off the list",
                        invariant.id
                    );
                    self.problem(Outcome::Broken, why);
                }
                (Said::Held, !is_wrong, String::new(), None)
            }
            // No promise is kept or broken by what cannot be told.
            Verdict::NotDecidable { .. } => (Said::NotDecidable, true, String::new(), None),
            Verdict::NotExercised => {
                // Not every client brings a server into the situation; whether any does is asked of the scenario.
                let may = !listed || matches!(invariant.party, Party::Server | Party::Hop);
                if !may {
                    let why = format!(
                        "{} is listed as violated, and nothing exercised it",
                        invariant.id
                    );
                    self.problem(Outcome::Vacuous, why);
                }
                (Said::NotExercised, may, String::new(), None)
            }
            Verdict::Violated { at, why } => {
                if !listed {
                    let text = format!("{}{of} is violated: {why}", invariant.id);
                    match invariant.severity {
                        Severity::Should => self.problem(Outcome::Kept, format!("warning: {text}")),
                        Severity::Must | Severity::Policy => self.problem(Outcome::Broken, text),
                    }
                }
                (Said::Violated, listed, why.clone(), Some(*at))
            }
        };
        Judged {
            id: invariant.id.to_owned(),
            party: judgement.party.to_string(),
            verdict,
            expected,
            why,
            at,
        }
    }
}

fn is_listed(scenario: &Scenario, client: &str, kind: Party, party: &str, id: &str) -> bool {
    match kind {
        Party::Client | Party::Application => scenario
            .expect
            .get(client)
            .is_some_and(|e| e.violates.iter().any(|v| v == id)),
        Party::Server | Party::Hop => scenario
            .violates
            .get(party)
            .is_some_and(|v| v.contains_key(id)),
    }
}

/// What a scenario says that none of its cells showed: violations listed for its servers and hops, and clauses under
/// `spec` that nothing exercised. Not every client brings them about, so this is asked of all cells together.
#[must_use]
pub fn never_shown(scenario: &Scenario, results: &[CellResult]) -> Vec<String> {
    let judged: Vec<&Judged> = results
        .iter()
        .filter(|r| r.scenario == scenario.name)
        .flat_map(|r| &r.invariants)
        .collect();
    let violated = |party: &str, id: &str| {
        let mut of = judged.iter().filter(|j| j.party == party && j.id == id);
        of.any(|j| j.verdict == Said::Violated)
    };
    let exercised = |clause: &str| {
        let mut resting = invariant::ALL
            .iter()
            .filter(|i| i.clauses.contains(&clause));
        resting.any(|i| {
            judged
                .iter()
                .any(|j| j.id == i.id && j.verdict.is_exercised())
        })
    };
    let listed = scenario
        .violates
        .iter()
        .flat_map(|(party, ids)| ids.keys().map(move |id| (party, id)));
    let unshown = listed
        .filter(|(party, id)| !violated(party, id))
        .map(|(party, id)| {
            format!("{id} by {party} is listed as violated, and no client's run showed it")
        });
    let idle = scenario
        .spec
        .iter()
        .filter(|clause| !exercised(clause))
        .map(|clause| format!("{clause} is listed under `spec`, and nothing exercised it"));
    unshown.chain(idle).collect()
}

/// That no client can get anywhere with a server, and where that lies: the hops that lead clients astray, the server that
/// opens no session or is full, those that violate anything, or else the way as a whole. The lists are those of
/// [`Event::NoProgress`]: who is blamed, who violates something, who is full.
#[must_use]
pub fn no_progress(cast: &Cast, server: &str, lists: [&[String]; 3]) -> String {
    let [blamed, violating, full] = lists;
    let whose = if full.iter().any(|b| b == server) {
        format!("{server} has no room for another session")
    } else if blamed.iter().any(|b| b == server) {
        format!("{server} opens no session for anybody")
    } else if blamed.is_empty() && !violating.is_empty() {
        let does = if violating.len() == 1 { "does" } else { "do" };
        format!("{} {does} what is forbidden", violating.join(", "))
    } else if blamed.is_empty() {
        let path = cast.path_to(server);
        let path: Vec<&str> = path.iter().skip(1).map(|p| &**p).collect();
        format!("the fault is on the way over {}", path.join(", "))
    } else {
        let leads = if blamed.len() == 1 { "leads" } else { "lead" };
        format!(
            "{} {leads} requests past the process that has their session",
            blamed.join(", ")
        )
    };
    format!("a right client gets nowhere either; {whose}")
}

fn worst(rungs: &[(ServerName, Option<Rung>)]) -> Option<Rung> {
    rungs
        .iter()
        .map(|(_, rung)| *rung)
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .max()
}

fn exchanges(record: &Record) -> usize {
    record
        .entries
        .iter()
        .filter(|e| {
            matches!(&e.event, Event::Http { at, side: Side::Sent, message: Message::Request(_), .. } if record.cast.is_client(at))
        })
        .count()
}

fn describe(difference: &Parting) -> String {
    let Parting { at, first, second } = difference;
    let show = |entry: &Option<crate::journal::Entry>| {
        entry.as_ref().map_or_else(
            || "the end".to_owned(),
            |e| serde_json::to_string(e).unwrap_or_default(),
        )
    };
    let ms = first.as_ref().or(second.as_ref()).map_or(0, |e| e.at_ms);
    format!(
        "two runs differ at event {at}, at {ms} ms: first {}, then {}",
        show(first),
        show(second)
    )
}
