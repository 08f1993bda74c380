//! What the answers say of the specification's clauses.

use serde_json::Value;

use super::interview::{Heard, Interview};
use super::question::Question as Q;
use super::said::{Answer, End, Said};
use super::script::NO_REVISION;

/// Whether a clause was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClauseVerdict {
    /// It was.
    Kept,
    /// It was not.
    Broken,
    /// What it speaks of did not come up.
    NotAsked,
}

/// What is said of a session that a refusal has ended.
const DEAD: &str = "dead";

/// What is said of one clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The clause's id, or `policy` for what the specification does not demand, but clients need.
    pub clause: &'static str,
    /// What it is about here, in a few words.
    pub about: &'static str,
    /// The verdict.
    pub verdict: ClauseVerdict,
    /// What was said that it rests on.
    pub said: String,
}

/// A request that must be answered in a certain way, and whether it was.
struct Found {
    /// What is asked, where several are.
    label: String,
    words: String,
    good: bool,
}

impl Found {
    fn alone(words: impl Into<String>, good: bool) -> Self {
        Self {
            label: String::new(),
            words: words.into(),
            good,
        }
    }
}

/// Labels with what was said to them, those together to which the same was said.
fn together(found: &[&Found]) -> String {
    let mut groups: Vec<(Vec<&str>, &str)> = Vec::new();
    for one in found {
        match groups.iter_mut().find(|(_, words)| *words == one.words) {
            Some((labels, _)) if labels.contains(&one.label.as_str()) => {}
            Some((labels, _)) => labels.push(&one.label),
            None => groups.push((vec![&one.label], &one.words)),
        }
    }
    let told = groups
        .into_iter()
        .map(|(labels, words)| match labels.as_slice() {
            [""] => words.to_owned(),
            labels => format!("{}: {words}", labels.join(", ")),
        });
    told.collect::<Vec<_>>().join("; ")
}

struct Judge<'i> {
    all: &'i Interview,
    judged: Vec<Judged>,
}

/// The verdicts, by subject.
#[must_use]
pub fn judge(all: &Interview) -> Vec<Judged> {
    let mut judge = Judge {
        all,
        judged: Vec::new(),
    };
    judge.sessions();
    judge.posts();
    judge.others();
    judge.judged
}

impl Judge<'_> {
    /// One clause: broken if anything found is wrong, and what is wrong is shown.
    fn clause(&mut self, clause: &'static str, about: &'static str, found: Vec<Found>) {
        let verdict = match found.as_slice() {
            [] => ClauseVerdict::NotAsked,
            all if all.iter().all(|f| f.good) => ClauseVerdict::Kept,
            _ => ClauseVerdict::Broken,
        };
        let shown = found
            .iter()
            .filter(|f| f.good == (verdict == ClauseVerdict::Kept));
        let words = together(&shown.collect::<Vec<_>>());
        let why = |question| self.all.left_out.iter().find(|(q, _)| *q == question);
        let about_sessions = clause.starts_with("SES-");
        let said = match (verdict, about) {
            (ClauseVerdict::NotAsked, _) if about_sessions && !self.all.has_sessions() => {
                "it has no sessions".to_owned()
            }
            (ClauseVerdict::NotAsked, "a session that was deleted") => why(Q::PostEnded)
                .or(why(Q::Delete))
                .map(|(_, why)| why.clone())
                .unwrap_or_default(),
            (ClauseVerdict::NotAsked, "a session from before a restart") => why(Q::PostRestarted)
                .map_or_else(
                    || "not asked without --restart".to_owned(),
                    |(_, why)| why.clone(),
                ),
            (ClauseVerdict::NotAsked, "a session that expired") if self.all.rested_ms.is_some() => {
                "none expired in the rest that --idle names".to_owned()
            }
            (ClauseVerdict::NotAsked, "a session that expired") => {
                "not asked without --idle".to_owned()
            }
            _ => words,
        };
        self.judged.push(Judged {
            clause,
            about,
            verdict,
            said,
        });
    }

    /// The answers to some questions, as far as they were asked.
    fn of(&self, questions: &[Q], good: impl Fn(&Heard) -> bool) -> Vec<Found> {
        let heard = questions.iter().filter_map(|q| self.all.to(*q));
        heard
            .map(|heard| Found {
                label: method(heard.question).to_owned(),
                words: heard.said.words(&self.all.ids),
                good: good(heard),
            })
            .collect()
    }

    fn sessions(&mut self) {
        let visible =
            |id: &String| !id.is_empty() && id.bytes().all(|b| (0x21..=0x7e).contains(&b));
        let ids = self.all.ids.iter();
        let ids =
            ids.map(|id| Found::alone(format!("{} characters", id.chars().count()), visible(id)));
        let ids = ids.collect();
        self.clause("SES-03", "the ids", ids);
        let is = |heard: &Heard, status: u16| heard.said.status() == Some(status);
        let gets = self.all.status(Q::Get) != Some(405);
        let deletes = self.all.status(Q::Delete) != Some(405);
        let mut without = vec![Q::PostWithout];
        if self.all.has_sessions() {
            without.extend(gets.then_some(Q::GetWithout));
            without.extend(deletes.then_some(Q::DeleteWithout));
        }
        let without = self.of(&without, |h| is(h, 400));
        self.clause("SES-06", "no id", without);
        let dead = |post, get, delete| {
            let all = [Some(post), gets.then_some(get), delete];
            let all: Vec<Q> = all.into_iter().flatten().collect();
            self.of(&all, |h| is(h, 404))
        };
        let ended = dead(Q::PostEnded, Q::GetEnded, Some(Q::DeleteEnded));
        let expired = match self.all.expired_ms {
            Some(_) => dead(Q::IdleAsked, Q::GetIdle, None),
            None => Vec::new(),
        };
        let kept = self.all.restart.as_ref().is_none_or(|r| r.kept);
        let restarted = match kept {
            false => dead(
                Q::PostRestarted,
                Q::GetRestarted,
                deletes.then_some(Q::DeleteRestarted),
            ),
            true => Vec::new(),
        };
        self.clause("SES-07b", "a session that was deleted", ended);
        self.clause("SES-07b", "a session from before a restart", restarted);
        self.clause("SES-07b", "a session that expired", expired);
    }

    fn posts(&mut self) {
        let taken = [Q::Initialized, Q::Notification, Q::Response];
        let taken = self.of(&taken, |h| {
            let answer = h.said.answer();
            answer.is_some_and(|a| a.status == 202 && a.body.is_empty())
        });
        self.clause("POST-04", "notifications and responses", taken);
        let refused = |h: &Heard| h.said.status().is_some_and(|s| s >= 400);
        let refused = self.of(&[Q::BadJson, Q::NoMessage], refused);
        self.clause("POST-05", "what is no message", refused);
        let served = [Q::Initialize, Q::List, Q::Ping, Q::Call];
        let answered = self.of(&served, |h| {
            let answer = h.said.answer().filter(|a| a.is_success());
            answer.is_some_and(|a| a.is_stream() || one_object(a))
        });
        self.clause("POST-06", "requests", answered);
        let response = |h: &Heard| {
            let answer = h.said.answer();
            answer
                .zip(h.rpc_id)
                .is_some_and(|(a, id)| a.response_to(id).is_some())
        };
        let streams: Vec<Q> = served
            .into_iter()
            .filter(|q| {
                self.all
                    .to(*q)
                    .and_then(|h| h.said.answer())
                    .is_some_and(Answer::is_stream)
            })
            .collect();
        let brought = self.of(&streams, response);
        self.clause("POST-08", "the response on its stream", brought);
        let ended = self.of(&streams, |h| {
            h.said.answer().is_some_and(|a| a.end == End::Whole)
        });
        self.clause("POST-10", "the end of that stream", ended);
        let named = self.of(&served, response);
        self.clause("ID-02", "the id of the response", named);
        let abandoned = self.all.to(Q::Abandoned).map(|h| {
            let words = match h.said {
                Said::Refused => "the server's process ended",
                Said::HungUp => "the session is gone",
                _ => "the session lives",
            };
            Found::alone(words, h.lives == Some(true))
        });
        self.clause(
            "POST-12",
            "a client that goes away",
            abandoned.into_iter().collect(),
        );
    }

    fn others(&mut self) {
        let get = self.of(&[Q::Get], |h| {
            let answer = h.said.answer();
            answer.is_some_and(|a| a.status == 405 || a.is_success() && a.is_stream())
        });
        self.clause("GET-03", "GET", get);
        let success = |h: &Heard| h.said.answer().is_some_and(Answer::is_success);
        let assumed = self.of(&[Q::NoVersion], success);
        self.clause("VER-03", "no version header", assumed);
        let bad = self.of(&[Q::BadVersion], |h| h.said.status() == Some(400));
        self.clause("VER-04", "a version that there is not", bad);
        let result = |h: &Heard| h.said.answer()?.response_to(h.rpc_id?);
        let begun = self.of(&[Q::Initialize], |h| {
            let result = result(h);
            let has = |at: &str| {
                result
                    .as_ref()
                    .and_then(|r| r.pointer(at))
                    .is_some_and(Value::is_object)
            };
            has("/result/capabilities") && has("/result/serverInfo")
        });
        self.clause("LIFE-03", "the result of initialize", begun);
        let offered = self.of(&[Q::OfferNone], |h| {
            let result = result(h);
            let offered = result
                .as_ref()
                .and_then(|r| r.pointer("/result/protocolVersion")?.as_str());
            offered.is_none_or(|revision| revision != NO_REVISION)
        });
        self.clause("LIFE-07", "a revision that there is not", offered);
        let pong = self.of(&[Q::Ping], |h| {
            let result = result(h);
            let members = result.as_ref().and_then(|r| r["result"].as_object());
            members.is_some_and(serde_json::Map::is_empty)
        });
        self.clause("PING-01", "ping", pong);
        let asked = self.all.heard.iter().filter(|h| h.question != Q::Abandoned);
        let asked: Vec<(&Heard, bool)> = asked.filter_map(|h| Some((h, h.lives?))).collect();
        let dead = asked
            .iter()
            .filter(|(_, lives)| !lives)
            .map(|(h, _)| Found {
                label: match h.said.status() {
                    Some(status) => format!("{} ({status})", h.question.asks()),
                    None => h.question.asks().to_owned(),
                },
                words: DEAD.to_owned(),
                good: false,
            });
        let mut found: Vec<Found> = dead.collect();
        if found.is_empty() {
            let words = format!("it lives after each of {}", asked.len());
            found.push(Found::alone(words, true));
        }
        self.clause("policy", "what a refusal does to its session", found);
    }
}

fn one_object(answer: &Answer) -> bool {
    answer.media_type() == "application/json"
        && serde_json::from_slice::<Value>(&answer.body).is_ok_and(|v| v.is_object())
}

/// How a question is called beside others of its clause.
fn method(question: Q) -> &'static str {
    match question {
        Q::PostWithout | Q::PostEnded | Q::PostRestarted | Q::IdleAsked => "POST",
        Q::GetWithout | Q::GetEnded | Q::GetRestarted | Q::GetIdle | Q::Get => "GET",
        Q::DeleteWithout | Q::DeleteEnded | Q::DeleteRestarted => "DELETE",
        other => other.as_str(),
    }
}
