//! What was learned of a real server, for a person who has ten seconds, and for a program.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use crate::clause;
use crate::live::probe::{ClauseVerdict, Difference, Learned, Probed, Question};
use crate::runner::CellResult;

/// The version of the form of the JSON.
const VERSION: u32 = 1;

/// What one client needs after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The client.
    pub client: String,
    /// The rung that helps, or `no progress`.
    pub rung: String,
    /// Why that is not known.
    pub failed: Option<String>,
}

impl Needs {
    /// As that cell came out.
    #[must_use]
    pub fn of(result: &CellResult) -> Self {
        let rung = result.rung.map_or("no progress", |rung| rung.as_str());
        Self {
            client: result.client.clone(),
            rung: rung.to_owned(),
            failed: None,
        }
    }

    /// Of a client whose cell gave no result.
    #[must_use]
    pub fn failed(client: &str, why: String) -> Self {
        Self {
            client: client.to_owned(),
            rung: "-".to_owned(),
            failed: Some(why),
        }
    }
}

/// What the specification leaves open, and clients meet all the same.
const OPEN: [Question; 8] = [
    Question::PostUnknown,
    Question::GetUnknown,
    Question::DeleteUnknown,
    Question::InitializeUnknown,
    Question::InitializeRestarted,
    Question::InitializeLive,
    Question::GetSecond,
    Question::WrongAccept,
];

fn style(verdict: ClauseVerdict) -> (&'static str, Style) {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    match verdict {
        ClauseVerdict::Kept => ("kept", colour(AnsiColor::Green)),
        ClauseVerdict::Broken => ("BROKEN", colour(AnsiColor::Red).bold()),
        ClauseVerdict::NotAsked => ("-", Style::new().dimmed()),
    }
}

pub(super) fn level(id: &str) -> &'static str {
    clause::get(id).map_or("policy", |clause| clause.level.as_str())
}

/// The table.
#[must_use]
pub fn table(url: &str, probed: &Probed, learned: Option<&Learned>, needs: &[Needs]) -> String {
    let mut out = String::new();
    let bold = Style::new().bold();
    let all = &probed.interview;
    let _ = writeln!(
        out,
        "{bold}{url}{bold:#}  {} questions in {:.1} s, revision {}, {}",
        all.heard.len(),
        probed.took_ms as f64 / 1000.0,
        all.revision.as_deref().unwrap_or("-"),
        sessions(probed),
    );
    let width = probed
        .judged
        .iter()
        .map(|j| j.about.len())
        .max()
        .unwrap_or(0);
    let _ = writeln!(
        out,
        "\n{bold}{:<8}  {:<10}  {:<8}  {:<width$}  WHAT WAS SAID{bold:#}",
        "CLAUSE", "LEVEL", "VERDICT", "ABOUT"
    );
    // What is broken comes first: it is what one reads this for.
    let rank = |verdict: ClauseVerdict| match verdict {
        ClauseVerdict::Broken => 0,
        ClauseVerdict::Kept => 1,
        ClauseVerdict::NotAsked => 2,
    };
    let mut judged: Vec<_> = probed.judged.iter().collect();
    judged.sort_by_key(|j| rank(j.verdict));
    for j in judged {
        let (word, style) = style(j.verdict);
        let level = if j.clause == "policy" {
            ""
        } else {
            level(j.clause)
        };
        let _ = writeln!(
            out,
            "{:<8}  {level:<10}  {style}{word:<8}{style:#}  {:<width$}  {}",
            j.clause, j.about, j.said
        );
    }
    let open: Vec<_> = OPEN.iter().filter_map(|q| all.to(*q)).collect();
    if !open.is_empty() {
        let _ = writeln!(out, "\n{bold}LEFT OPEN BY THE SPECIFICATION{bold:#}");
        let width = open
            .iter()
            .map(|h| h.question.asks().len())
            .max()
            .unwrap_or(0);
        for heard in open {
            let ends = if heard.lives == Some(false) {
                "; the session is dead then"
            } else {
                ""
            };
            let _ = writeln!(
                out,
                "{:<width$}  {}{ends}",
                heard.question.asks(),
                heard.said.words(&all.ids)
            );
        }
    }
    nearest(&mut out, probed, learned);
    if !needs.is_empty() {
        let _ = writeln!(
            out,
            "\n{bold}WHAT CLIENTS NEED AFTER A RESTART OF IT (simulated with what was learned){bold:#}"
        );
        let width = needs.iter().map(|n| n.client.len()).max().unwrap_or(0);
        for need in needs {
            let failed = need
                .failed
                .as_ref()
                .map_or_else(String::new, |why| format!("  {why}"));
            let _ = writeln!(out, "{:<width$}  {}{failed}", need.client, need.rung);
        }
    }
    if !all.deaths.is_empty() {
        let deaths: Vec<&str> = all.deaths.iter().map(|q| q.asks()).collect();
        let _ = writeln!(out, "\nIts process ended at: {}", deaths.join("; "));
    }
    if all.gone {
        let _ = writeln!(out, "Nobody listens any more: start it again.");
    }
    out
}

fn sessions(probed: &Probed) -> String {
    let all = &probed.interview;
    if !all.has_sessions() {
        return "no sessions".to_owned();
    }
    let mut words = match all.single {
        true => "one session in the life of its process".to_owned(),
        false => "sessions".to_owned(),
    };
    match (all.expired_ms, all.rested_ms) {
        (Some(expired), Some(rested)) if rested < expired => {
            let _ = write!(
                words,
                " that expire between {} and {} s",
                rested / 1000,
                expired.div_ceil(1000)
            );
        }
        (Some(expired), _) => {
            let _ = write!(words, " that expire within {} s", expired.div_ceil(1000));
        }
        (None, Some(rested)) => {
            let _ = write!(words, " that live after {} s of rest", rested / 1000);
        }
        (None, None) => {}
    }
    match &all.restart {
        Some(restart) if restart.kept => words += ", kept over a restart",
        Some(_) => words += ", lost at a restart",
        None => {}
    }
    words
}

fn nearest(out: &mut String, probed: &Probed, learned: Option<&Learned>) {
    let Some(nearest) = &probed.nearest else {
        return;
    };
    let bold = Style::new().bold();
    let same = nearest.compared - nearest.differences.len();
    let _ = writeln!(
        out,
        "\n{bold}NEAREST DIALECT{bold:#}  {}{}: {same} of {} answers are the same",
        nearest.dialect.name,
        if nearest.without_sessions {
            " without its sessions"
        } else {
            ""
        },
        nearest.compared
    );
    let width = nearest
        .differences
        .iter()
        .map(|d| d.question.asks().len())
        .max()
        .unwrap_or(0);
    for difference in &nearest.differences {
        let Difference {
            question,
            real,
            model,
            ..
        } = difference;
        let _ = writeln!(out, "{:<width$}  here   {real}", question.asks());
        let _ = writeln!(out, "{:<width$}  there  {model}", "");
    }
    let left = learned
        .map(|learned| learned.left.as_slice())
        .unwrap_or_default();
    if !left.is_empty() {
        let names: Vec<&str> = left.iter().map(|d| d.question.asks()).collect();
        let _ = writeln!(out, "What a dialect cannot say of it: {}", names.join("; "));
    }
}

/// The same for a program, on one line.
#[must_use]
pub fn json(url: &str, probed: &Probed, learned: Option<&Learned>, needs: &[Needs]) -> Value {
    let all = &probed.interview;
    let clauses = probed.judged.iter().map(|j| {
        json!({
            "clause": j.clause,
            "level": level(j.clause),
            "about": j.about,
            "verdict": j.verdict,
            "said": j.said,
        })
    });
    let answers = all.heard.iter().map(|h| {
        json!({
            "question": h.question.as_str(),
            "status": h.said.status(),
            "bytes": h.said.answer().map(|a| a.body.len()),
            "said": h.said.words(&all.ids),
            "session_lives": h.lives,
        })
    });
    let differences = |differences: &[Difference]| -> Vec<Value> {
        let all = differences.iter();
        all.map(|d| json!({"question": d.question.as_str(), "here": d.real, "there": d.model}))
            .collect()
    };
    let left_out = all.left_out.iter();
    json!({
        "version": VERSION,
        "url": url,
        "took_ms": probed.took_ms,
        "revision": all.revision,
        "has_sessions": all.has_sessions(),
        "kept_over_restart": all.restart.as_ref().map(|r| r.kept),
        "expired_ms": all.expired_ms,
        "rested_ms": all.rested_ms,
        "clauses": clauses.collect::<Vec<_>>(),
        "answers": answers.collect::<Vec<_>>(),
        "not_asked": left_out.map(|(q, why)| json!({"question": q.as_str(), "why": why})).collect::<Vec<_>>(),
        "nearest": probed.nearest.as_ref().map(|n| json!({
            "dialect": n.dialect.name,
            "compared": n.compared,
            "differences": differences(&n.differences),
        })),
        "not_learned": learned.map(|l| differences(&l.left)),
        "after_restart": needs.iter().map(|n| json!({"client": n.client, "rung": n.rung, "failed": n.failed})).collect::<Vec<_>>(),
        "deaths": all.deaths.iter().map(|q| q.as_str()).collect::<Vec<_>>(),
        "gone": all.gone,
    })
}
