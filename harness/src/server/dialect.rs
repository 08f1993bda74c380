//! Dialects: how one real server words its answers, what it checks first, and how it loses sessions, as a value. What its
//! parts mean is in `admit`, `core`, `stream` and `life`; the parts themselves are in `knobs` and `situation`. How one is
//! written in a file is none of a server's business.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{Answer, HeaderList, Then, variables};

mod knobs;
mod situation;

pub use self::knobs::{
    Cancelled, Check, Exit, Finished, Flaw, GetStreams, Hazards, IdShape, IdleClock, Keepalive,
    Messages, PoisonedIds, Priming, RequestStream, Resume, RpcFault, Scope, Sessions, Sse,
    StreamEnd,
};
pub use self::situation::Situation;

/// How the names of dialects begin that are wrong on purpose.
const BROKEN: &str = "broken/";

/// One dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The name in scenarios: product and version.
    pub name: String,
    /// What was run, in one line.
    pub summary: String,
    /// How sessions are named and when they expire.
    pub sessions: Sessions,
    /// The protocol revisions that it takes, the preferred one first (LIFE-07, VER-04).
    pub revisions: Vec<String>,
    /// What it checks of a request, in its order.
    pub checks: Vec<Check>,
    /// Headers of every answer, in front of its own.
    pub every_answer: HeaderList,
    /// Event streams.
    pub sse: Sse,
    /// JSON-RPC messages.
    pub messages: Messages,
    /// Situations that other servers refuse and this one does not.
    pub accepts: BTreeSet<Situation>,
    /// The answer to every other situation.
    pub answers: BTreeMap<Situation, Answer>,
    /// How it loses sessions, streams and itself.
    pub hazards: Hazards,
    /// The rules that it breaks on purpose; none in a dialect of a real server.
    pub flaws: BTreeSet<Flaw>,
}

/// Something in a dialect that does not fit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, as the names of the parts from the outside in, e.g. `sse`, `resume`, `keeps`.
    pub at: Vec<&'static str>,
    /// What is wrong.
    pub what: String,
}

impl Dialect {
    /// Whether it is named to the user. Those that are wrong on purpose, each in one way, are for tests of invariants.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        !self.name.starts_with(BROKEN)
    }

    /// Whether the server goes on with the request in that situation.
    #[must_use]
    pub fn accepts(&self, situation: Situation) -> bool {
        self.accepts.contains(&situation)
    }

    /// Whether a request can bring the server into that situation.
    #[must_use]
    pub fn knows(&self, situation: Situation) -> bool {
        match situation {
            Situation::GetCursorInUse => self.sse.resume.is_some(),
            Situation::Closed | Situation::NotInitialized => self.sessions.single,
            _ => true,
        }
    }

    /// All that does not fit together in it: situations without an answer, knobs that contradict each other, templates
    /// with variables that there are not. A server can be run with a dialect of which there is none.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |at: &[&'static str], what: String| {
            faults.push(Fault {
                at: at.to_vec(),
                what,
            });
        };
        if self.revisions.is_empty() {
            fault(&["revisions"], "`revisions` is empty".to_owned());
        }
        let resume = self.sse.resume.as_ref();
        if resume.is_some_and(|r| r.keeps == 0) {
            fault(
                &["sse", "resume", "keeps"],
                "`resume.keeps` is 0".to_owned(),
            );
        }
        let closes = self.sse.priming.as_ref().is_some_and(|p| p.closes);
        if closes && (resume.is_none() || self.sse.post_event_id.is_none()) {
            let what = "`priming.closes` without a way to resume";
            fault(&["sse", "priming", "closes"], what.to_owned());
        }
        let order: BTreeSet<_> = self.sse.style.order.into_iter().collect();
        if order.len() < 4 {
            let what = "`style.order` names a field twice";
            fault(&["sse", "style", "order"], what.to_owned());
        }
        if self.sse.keepalive.as_ref().is_some_and(|k| k.every_ms == 0) {
            let what = "`keepalive.every` is no time at all";
            fault(&["sse", "keepalive", "every"], what.to_owned());
        }
        for (situation, name) in Situation::ALL {
            let accepted = self.accepts(*situation);
            let answered = self.answers.contains_key(situation);
            let place = if accepted { "accepts" } else { "answers" };
            if !self.knows(*situation) {
                if accepted || answered {
                    fault(
                        &[place, *name],
                        format!("`{name}` cannot happen to this server"),
                    );
                }
            } else if accepted == answered {
                fault(
                    &[place, *name],
                    format!("`{name}` must be under either `answers` or `accepts`"),
                );
            } else if accepted && !situation.can_be_accepted() {
                fault(
                    &[place, *name],
                    format!("`{name}` cannot be under `accepts`"),
                );
            }
        }
        for (situation, answer) in &self.answers {
            let name = situation.as_str();
            if !(200..600).contains(&answer.status) {
                let what = format!("`{name}`: {} is no final status", answer.status);
                fault(&["answers", name, "status"], what);
            }
            let ends = answer.then == Some(Then::EndSession);
            if ends && *situation != Situation::DeleteOk {
                let what = format!("`{name}`: only `delete-ok` can `end-session`");
                fault(&["answers", name, "then"], what);
            }
        }
        for (place, template, known) in self.templates() {
            if let Some(strange) = variables(template).find(|v| !known.contains(v)) {
                let mut what = format!("there is no variable `${{{strange}}}` here");
                if !known.is_empty() {
                    what.push_str(&format!(", only `${{{}}}`", known.join("}`, `${")));
                }
                fault(&place, what);
            }
        }
        faults
    }

    /// Every template with its place and the variables that it may use.
    fn templates(
        &self,
    ) -> impl Iterator<Item = (Vec<&'static str>, &str, &'static [&'static str])> {
        const ANSWER: &[&str] = &["method", "path", "version", "versions", "session", "id"];
        const EVENT_ID: &[&str] = &["session", "stream", "event", "stream-uuid", "event-uuid"];
        const SESSION: &[&str] = &["session"];
        let (sse, messages) = (&self.sse, &self.messages);
        let headers = [
            (vec!["every-answer"], &self.every_answer, &[][..]),
            (
                vec!["sse", "initialize-headers"],
                &sse.initialize_headers,
                SESSION,
            ),
            (vec!["sse", "post-headers"], &sse.post_headers, SESSION),
            (vec!["sse", "get-headers"], &sse.get_headers, SESSION),
        ];
        let headers = headers.into_iter().flat_map(|(place, list, known)| {
            let values = list.0.iter();
            values.map(move |(_, v)| (place.clone(), v.as_str(), known))
        });
        let answers = self.answers.iter().flat_map(|(situation, answer)| {
            let name = situation.as_str();
            let values = answer.headers.0.iter();
            let values = values.map(|(_, v)| (vec!["answers", name, "headers"], v.as_str()));
            let body = (vec!["answers", name, "body"], answer.body.as_str());
            values
                .chain([body])
                .map(|(place, template)| (place, template, ANSWER))
        });
        let ids = [
            ("post-event-id", &sse.post_event_id),
            ("get-event-id", &sse.get_event_id),
        ];
        let ids = ids
            .into_iter()
            .filter_map(|(key, template)| Some((vec!["sse", key], template.as_deref()?, EVENT_ID)));
        let messages = [
            ("initialize", &messages.initialize, &["revision"][..]),
            ("result", &messages.result, &["result", "id"][..]),
            ("error", &messages.error, &["code", "message", "id"][..]),
            (
                "notification",
                &messages.notification,
                &["method", "params"][..],
            ),
        ];
        let messages = messages
            .into_iter()
            .map(|(key, template, known)| (vec!["messages", key], template.as_str(), known));
        headers.chain(answers).chain(ids).chain(messages)
    }
}
