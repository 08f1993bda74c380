//! The end of a trace, which a reviewer reads first: rung, time to recover, calls lost and doubled, clauses exercised,
//! verdicts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::invariant;
use crate::journal::{CallId, CallOutcome, Entry, Event, Record, Rung, ServerName};
use crate::report::names::span;
use crate::runner::{CellResult, Said};

#[derive(Default)]
struct Calls {
    ok: usize,
    failed: usize,
    lost: usize,
    effects: BTreeMap<CallId, usize>,
}

/// The footer of a judged cell.
pub(super) fn footer(result: &CellResult, record: &Record) -> String {
    let entries = &record.entries;
    let mut out = String::new();
    let calls = calls(entries);
    let doubled = calls.effects.values().filter(|n| **n > 1).count();
    let servers = record.cast.servers().into_iter();
    let rung_of =
        |server: &ServerName| Some(format!("{server} {}", name(*result.rungs.get(&**server)?)));
    let rungs: Vec<String> = servers.filter_map(rung_of).collect();
    if rungs.is_empty() {
        // A connector that the user deleted is not climbed for.
        let _ = writeln!(out, "rung      none: no connector was left to try");
    } else {
        let rung = name(result.rung);
        let _ = writeln!(out, "rung      {rung} ({})", rungs.join(", "));
        let _ = writeln!(out, "recovered {}", recovered(entries, result.rung));
    }
    let _ = writeln!(
        out,
        "calls     {} ok, {} failed, {} lost to an outage, {doubled} with their effect doubled",
        calls.ok, calls.failed, calls.lost
    );
    let _ = writeln!(out, "exercised {}", clauses(result).join(", "));
    for verdict in [Said::Held, Said::Violated] {
        for judged in result.invariants.iter().filter(|j| j.verdict == verdict) {
            let mark = if judged.expected {
                ""
            } else {
                "  NOT EXPECTED"
            };
            let why = if judged.why.is_empty() {
                String::new()
            } else {
                format!(": {}", judged.why)
            };
            let _ = writeln!(
                out,
                "{:<9} {} ({}){why}{mark}",
                verdict.as_str(),
                judged.id,
                judged.party
            );
        }
    }
    let _ = writeln!(out, "outcome   {}", result.outcome.as_str());
    for problem in &result.problems {
        let _ = writeln!(out, "          {problem}");
    }
    out
}

fn name(rung: Option<Rung>) -> &'static str {
    rung.map_or("none: no progress, server side", Rung::as_str)
}

fn calls(entries: &[Entry]) -> Calls {
    let mut calls = Calls::default();
    let mut outage = BTreeSet::new();
    for entry in entries {
        match &entry.event {
            Event::CallBegan {
                call,
                during_outage: true,
                ..
            } => {
                outage.insert(*call);
            }
            Event::CallEnded {
                outcome: CallOutcome::Ok,
                ..
            } => calls.ok += 1,
            Event::CallEnded { call, .. } if outage.contains(call) => calls.lost += 1,
            Event::CallEnded { .. } => calls.failed += 1,
            Event::EffectCommitted {
                call: Some(call), ..
            } => *calls.effects.entry(*call).or_default() += 1,
            _ => {}
        }
    }
    calls
}

/// The time from the end of the last fault to the first call after it that was ok.
fn recovered(entries: &[Entry], rung: Option<Rung>) -> String {
    if rung.is_none_or(|r| r == Rung::Never) {
        return "not at all".to_owned();
    }
    let is_end = |e: &Entry| {
        matches!(e.event, Event::FaultHealed { .. } | Event::ProcessUp { .. }) && e.at_ms > 2
    };
    let is_fault = |e: &Entry| {
        !e.fate.is_go() || matches!(&e.event, Event::FaultBegan { on, .. } if on.is_empty())
    };
    let Some(calm) = entries.iter().rposition(|e| is_end(e) || is_fault(e)) else {
        return "nothing was broken".to_owned();
    };
    let mut began = BTreeSet::new();
    for entry in &entries[calm..] {
        match &entry.event {
            Event::CallBegan { call, .. } => {
                began.insert(*call);
            }
            Event::CallEnded {
                call,
                outcome: CallOutcome::Ok,
            } if began.contains(call) => {
                return format!(
                    "{} after the last fault was over",
                    span(entry.at_ms - entries[calm].at_ms)
                );
            }
            _ => {}
        }
    }
    "not at all".to_owned()
}

fn clauses(result: &CellResult) -> Vec<&'static str> {
    let exercised = |id: &str| {
        result
            .invariants
            .iter()
            .any(|j| j.id == id && j.verdict.is_exercised())
    };
    let clauses: BTreeSet<&str> = invariant::ALL
        .iter()
        .filter(|i| exercised(i.id))
        .flat_map(|i| i.clauses.iter().copied())
        .filter(|c| *c != "policy")
        .collect();
    clauses.into_iter().collect()
}
