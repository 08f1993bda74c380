//! What does not fit together in a dialect: situations without an answer, knobs that contradict each other, templates with
//! variables that there are not.

use std::collections::BTreeSet;

use super::{Dialect, Situation};
use crate::server::answer::{Then, variables};

/// Something in a dialect that does not fit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Where, as the names of the parts from the outside in, e.g. `sse`, `resume`, `keeps`.
    pub at: Vec<&'static str>,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub help: String,
}

impl Dialect {
    /// All that does not fit together in it: situations without an answer, knobs that contradict each other, templates
    /// with variables that there are not. A server can be run with a dialect of which there is none.
    #[must_use]
    pub fn faults(&self) -> Vec<Misfit> {
        let mut faults = Vec::new();
        let mut fault = |at: &[&'static str], what: String, help: &str| {
            faults.push(Misfit {
                at: at.to_vec(),
                what,
                help: help.to_owned(),
            });
        };
        if self.revisions.is_empty() {
            let help = "name at least one, e.g. `[\"2025-11-25\"]`";
            fault(&["revisions"], "`revisions` is empty".to_owned(), help);
        }
        let resume = self.sse.resume.as_ref();
        if resume.is_some_and(|r| r.keeps == 0) {
            fault(
                &["sse", "resume", "keeps"],
                "`resume.keeps` is 0".to_owned(),
                "keep at least one event, or leave out `resume`",
            );
        }
        let closes = self.sse.priming.as_ref().is_some_and(|p| p.closes);
        let resumes = resume.is_some() && self.sse.post_event_id.is_some() && self.serves_gets();
        if closes && !resumes {
            let what = "`priming.closes` without a way to resume";
            let help = "add `resume`, a `post-event-id` and GET streams, or leave out `closes`";
            fault(&["sse", "priming", "closes"], what.to_owned(), help);
        }
        let order: BTreeSet<_> = self.sse.style.order.into_iter().collect();
        if order.len() < 4 {
            let what = "`style.order` names a field twice";
            let help = "write e.g. `order: [event, data, id, retry]`";
            fault(&["sse", "style", "order"], what.to_owned(), help);
        }
        if self.sse.keepalive.as_ref().is_some_and(|k| k.every_ms == 0) {
            let what = "`keepalive.every` is no time at all";
            fault(
                &["sse", "keepalive", "every"],
                what.to_owned(),
                "write e.g. `15s`",
            );
        }
        if self.sessions.single && !self.has_sessions() {
            let what = "`single` without sessions";
            let help = "leave out `single`, or give ids";
            fault(&["sessions", "single"], what.to_owned(), help);
        }
        for (situation, name) in Situation::ALL {
            let accepted = self.accepts(*situation);
            let answered = self.answers.contains_key(situation);
            let place = if accepted { "accepts" } else { "answers" };
            if !self.knows(*situation) {
                if accepted || answered {
                    let what = format!("`{name}` cannot happen to this server");
                    fault(&[place, *name], what, "remove it");
                }
            } else if accepted && answered || self.needs(*situation) && !accepted && !answered {
                let what = format!("`{name}` must be under either `answers` or `accepts`");
                let help = if accepted {
                    "remove one of the two".to_owned()
                } else {
                    format!("add `{name}: {{status: …}}` to `answers`")
                };
                fault(&[place, *name], what, &help);
            } else if accepted && !situation.can_be_accepted() {
                let what = format!("`{name}` cannot be under `accepts`");
                let help = "a server cannot go on with that: give it an answer";
                fault(&[place, *name], what, help);
            }
        }
        for (situation, answer) in &self.answers {
            let name = situation.as_str();
            if !(200..600).contains(&answer.status) {
                let what = format!("`{name}`: {} is no final status", answer.status);
                let help = "this must be from 200 to 599";
                fault(&["answers", name, "status"], what, help);
            }
            let ends = answer.then == Some(Then::EndSession);
            if ends && *situation != Situation::DeleteOk {
                let what = format!("`{name}`: only `delete-ok` can `end-session`");
                fault(&["answers", name, "then"], what, "remove `then`");
            }
        }
        for (place, template, known) in self.templates() {
            if let Some(strange) = variables(template).find(|v| !known.contains(v)) {
                let mut what = format!("there is no variable `${{{strange}}}` here");
                if !known.is_empty() {
                    what.push_str(&format!(", only `${{{}}}`", known.join("}`, `${")));
                }
                fault(&place, what, "a `${` that is no variable cannot be written");
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
        let json = self.json_answers.iter().flat_map(|json| {
            [
                (vec!["json-answers", "headers"], &json.headers, SESSION),
                (
                    vec!["json-answers", "initialize-headers"],
                    &json.initialize_headers,
                    SESSION,
                ),
            ]
        });
        let headers = headers.into_iter().chain(json);
        let headers = headers.flat_map(|(place, list, known)| {
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
