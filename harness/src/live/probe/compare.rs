//! Two servers' answers to the same questions: where they differ, and which known dialect is nearest.

use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::json;

use super::asker::Asker;
use super::interview::{Heard, Interview, ProbePlan};
use super::model::DialectModel;
use super::question::{Compared, Question};
use super::said::{Answer, End, Said};
use crate::server::{Dialect, IdShape, Situation};

/// One question to which two servers say different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The question.
    pub question: Question,
    /// What the real server said.
    pub real: String,
    /// What the model says.
    pub model: String,
    /// What it counts.
    cost: u32,
}

/// A dialect and where a server differs from it.
#[derive(Clone, Debug)]
pub struct Nearest {
    /// The dialect.
    pub dialect: Arc<Dialect>,
    /// The differences, in the order of asking.
    pub differences: Vec<Difference>,
    /// How many questions both were asked.
    pub compared: usize,
    /// Whether it is the dialect without sessions that is compared, because the server has none.
    pub without_sessions: bool,
}

impl Nearest {
    fn cost(&self) -> u32 {
        self.differences.iter().map(|d| d.cost).sum()
    }
}

/// Asks a model of that dialect what that plan asks. The model has a clock of its own, so nothing is waited for.
#[must_use]
pub fn interview(dialect: &Arc<Dialect>, plan: &ProbePlan, path: &str) -> Interview {
    let plan = ProbePlan {
        // The models' own tool that takes its time.
        slow_call: Some(
            json!({"name": "slow", "arguments": {"name": "probe", "ms": plan.watch_ms / 2}}),
        ),
        ..plan.clone()
    };
    let mut model = DialectModel::new(Arc::clone(dialect), path, plan.restart.is_some());
    let mut asker = Asker::new(&mut model, &plan, path);
    asker
        .ask_all()
        .now_or_never()
        .expect("a model answers at once");
    asker.all
}

/// Where a server differs from a dialect.
#[must_use]
pub fn against(real: &Interview, dialect: &Arc<Dialect>, plan: &ProbePlan, path: &str) -> Nearest {
    let model = interview(dialect, plan, path);
    let mut differences = Vec::new();
    let mut compared = 0;
    for question in Question::ALL {
        match (real.to(*question), model.to(*question)) {
            (Some(one), Some(other)) => {
                compared += 1;
                let cost = differ(one, other, real, &model, plan);
                if cost > 0 {
                    let (mut here, mut there) = (told(one, real), told(other, &model));
                    if here == there {
                        here += &beyond_words(&one.said);
                        there += &beyond_words(&other.said);
                    }
                    differences.push(Difference {
                        question: *question,
                        real: here,
                        model: there,
                        cost: cost * question.weight(),
                    });
                }
            }
            (None, None) => {}
            // One of them could not be asked, because there was no session to ask it in, or no need to.
            (one, other) => {
                let words = |heard: Option<&Heard>, all: &Interview| {
                    heard.map_or_else(|| "does not come to it".to_owned(), |h| told(h, all))
                };
                let is_owed = |all: &Interview| {
                    !all.left_out
                        .iter()
                        .any(|(q, why)| q == question && why.contains("listens"))
                };
                if is_owed(real) {
                    compared += 1;
                    differences.push(Difference {
                        question: *question,
                        real: words(one, real),
                        model: words(other, &model),
                        cost: 2 * question.weight(),
                    });
                }
            }
        }
    }
    Nearest {
        dialect: Arc::clone(dialect),
        differences,
        compared,
        without_sessions: false,
    }
}

/// The nearest of some dialects; of several the first.
#[must_use]
pub fn nearest(
    real: &Interview,
    dialects: &[Arc<Dialect>],
    plan: &ProbePlan,
    path: &str,
) -> Option<Nearest> {
    let all = dialects
        .iter()
        .filter(|d| d.is_listed() && d.has_handshake());
    all.map(|dialect| {
        if real.has_sessions() || !dialect.has_sessions() {
            return against(real, dialect, plan, path);
        }
        // How a server is built in other respects is seen without sessions too.
        let alone = Arc::new(without_sessions(dialect));
        Nearest {
            dialect: Arc::clone(dialect),
            without_sessions: true,
            ..against(real, &alone, plan, path)
        }
    })
    .min_by_key(Nearest::cost)
}

/// How much two answers differ; 0 if they are the same.
fn differ(
    one: &Heard,
    other: &Heard,
    real: &Interview,
    model: &Interview,
    plan: &ProbePlan,
) -> u32 {
    if one.question == Question::Abandoned && plan.slow_call.is_none() {
        // A list may be answered before its client is gone: that nothing happened says nothing then.
        return u32::from(one.lives == Some(false) && other.lives != one.lives);
    }
    let lives = match (one.lives, other.lives) {
        (Some(one), Some(other)) => u32::from(one != other) * 3,
        _ => 0,
    };
    let minted = u32::from(one.minted_lives != other.minted_lives);
    let said = match (&one.said, &other.said) {
        (Said::Answer(one), Said::Answer(two)) => {
            answers(one, two, other.question.compared(), real, model)
        }
        (one, other) => u32::from(one != other) * 4,
    };
    lives + minted + said
}

/// How much two answers differ, whose ids are known to those.
pub(super) fn answers(
    one: &Answer,
    other: &Answer,
    compared: Compared,
    real: &Interview,
    model: &Interview,
) -> u32 {
    if one.status != other.status {
        return 4;
    }
    let kind = u32::from(one.media_type() != other.media_type());
    // A stream's end is seen only where somebody waited for it.
    let end = u32::from(
        (one.end == End::Cut) != (other.end == End::Cut) || is_open(one) != is_open(other),
    );
    let is_result = one.is_success() && !one.messages().is_empty();
    let words = if is_result || compared == Compared::Kind {
        0
    } else {
        u32::from(words(one, real) != words(other, model)) * 2
    };
    kind + end + words
}

fn is_open(answer: &Answer) -> bool {
    answer.end == End::Open
}

/// The body, without what differs from run to run.
fn words(answer: &Answer, all: &Interview) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let text = all
        .ids
        .iter()
        .fold(text.into_owned(), |text, id| text.replace(id.as_str(), "S"));
    // The member order of JSON is a difference, its spaces too: lengths are told by both.
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(mut value) => {
            if let Some(id) = value.get_mut("id").filter(|id| id.is_u64()) {
                *id = serde_json::Value::from("N");
                return format!("{} {value}", text.len());
            }
            text
        }
        Err(_) => text,
    }
}

/// What is told of an answer only where its words are those of another.
pub(super) fn beyond_words(said: &Said) -> String {
    let Some(answer) = said.answer() else {
        return String::new();
    };
    let kind = match answer.media_type() {
        "" => "no content type",
        kind => kind,
    };
    let end = match answer.end {
        End::Whole => "whole",
        End::Open => "left open",
        End::Cut => "cut",
    };
    let named = match answer.session_id() {
        Some(_) => "names a session",
        None => "names no session",
    };
    format!(" ({kind}, {end}, {named})")
}

/// What was said, and what became of the session.
fn told(heard: &Heard, all: &Interview) -> String {
    let mut words = match (heard.question, &heard.said) {
        (Question::Abandoned, Said::Refused) => "the process ends".to_owned(),
        (Question::Abandoned, Said::HungUp) => "the session ends".to_owned(),
        (Question::Abandoned, _) => "nothing happens".to_owned(),
        _ => heard.said.words(&all.ids),
    };
    if heard.lives == Some(false) && heard.question != Question::Abandoned {
        words += "; the session is dead then";
    }
    match heard.minted_lives {
        Some(true) => words += "; names another session",
        Some(false) => words += "; names a session that is dead",
        None => {}
    }
    words
}

/// The same server without sessions.
fn without_sessions(dialect: &Dialect) -> Dialect {
    let mut dialect = dialect.clone();
    dialect.sessions.id = IdShape::None;
    dialect.sessions.single = false;
    settle(&mut dialect);
    dialect
}

/// Takes away what is said of situations that the server cannot come into.
pub(super) fn settle(dialect: &mut Dialect) {
    for (situation, _) in Situation::ALL {
        if !dialect.knows(*situation) {
            dialect.answers.remove(situation);
            dialect.accepts.remove(situation);
        }
    }
}
