//! Dialects: how one real server words its answers, what it checks first, and how it loses sessions. Each is a YAML file
//! in `dialects/`; a new server is a new file and a line in [`FILES`]. What the words mean is in
//! `admit`, `core`, `stream` and `life`; the parts of a file are in `knobs` and `situation`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::answer::{Answer, HeaderList, Then, variables};

mod knobs;
mod situation;
mod variant;

pub use self::knobs::{
    Cancelled, Check, Exit, Finished, GetStreams, Hazards, IdShape, IdleClock, Keepalive, Messages,
    PoisonedIds, Priming, Resume, RpcFault, Scope, Sessions, Sse, StreamEnd,
};
pub use self::situation::Situation;
pub use self::variant::Flaw;

/// The files, in the order in which they are listed to the user.
const FILES: [&str; 9] = [
    include_str!("dialects/supergateway-3.4.3.yaml"),
    include_str!("dialects/supergateway-4.0.0.yaml"),
    include_str!("dialects/typescript-sdk.yaml"),
    include_str!("dialects/typescript-sdk-resumable.yaml"),
    include_str!("dialects/server-everything.yaml"),
    include_str!("dialects/python-sdk.yaml"),
    include_str!("dialects/python-sdk-1.yaml"),
    include_str!("dialects/rmcp.yaml"),
    include_str!("dialects/spec.yaml"),
];

/// The dialects that differ from those in little, listed behind them.
const VARIANTS: &str = include_str!("dialects/variants.yaml");

/// How the names of dialects begin that are wrong on purpose.
const BROKEN: &str = "broken/";

static DIALECTS: LazyLock<Vec<Arc<Dialect>>> = LazyLock::new(|| {
    let read = || {
        let files: Result<Vec<_>, _> = FILES.iter().map(|file| Dialect::parse(file)).collect();
        let mut dialects = files?;
        dialects.extend(variant::parse(VARIANTS, &dialects)?);
        Ok(dialects)
    };
    let dialects = read().unwrap_or_else(|e: DialectError| panic!("{e}"));
    dialects.into_iter().map(Arc::new).collect()
});

/// One dialect.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
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
    #[serde(default)]
    pub every_answer: HeaderList,
    /// Event streams.
    pub sse: Sse,
    /// JSON-RPC messages.
    pub messages: Messages,
    /// Situations that other servers refuse and this one does not.
    #[serde(default)]
    pub accepts: BTreeSet<Situation>,
    /// The answer to every other situation.
    pub answers: BTreeMap<Situation, Answer>,
    /// How it loses sessions, streams and itself.
    pub hazards: Hazards,
    /// The rules that it breaks on purpose; none in a dialect of a real server.
    #[serde(skip)]
    pub flaws: BTreeSet<Flaw>,
}

/// Why a text is no dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialectError(String);

impl fmt::Display for DialectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to read the dialect: {}", self.0)
    }
}

impl std::error::Error for DialectError {}

impl Dialect {
    /// The dialect of that name, a broken one included.
    #[must_use]
    pub fn get(name: &str) -> Option<Arc<Self>> {
        DIALECTS.iter().find(|d| d.name == name).cloned()
    }

    /// The names of all dialects, without those that are wrong on purpose.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        let names = DIALECTS.iter().map(|d| d.name.as_str());
        names.filter(|name| !name.starts_with(BROKEN)).collect()
    }

    /// The names of the dialects that are wrong on purpose, each in one way, for tests of invariants.
    #[must_use]
    pub fn broken_names() -> Vec<&'static str> {
        let names = DIALECTS.iter().map(|d| d.name.as_str());
        names.filter(|name| name.starts_with(BROKEN)).collect()
    }

    /// Reads a dialect file.
    ///
    /// # Errors
    /// [`DialectError`] if it is no YAML of this form, leaves a situation open, or names an unknown variable.
    pub fn parse(yaml: &str) -> Result<Self, DialectError> {
        let dialect: Self =
            serde_saphyr::from_str(yaml).map_err(|e| DialectError(e.to_string()))?;
        dialect.checked()
    }

    fn checked(self) -> Result<Self, DialectError> {
        match self.check() {
            Ok(()) => Ok(self),
            Err(e) => Err(DialectError(format!("{}: {e}", self.name))),
        }
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

    fn check(&self) -> Result<(), String> {
        if self.revisions.is_empty() {
            return Err("`revisions` is empty".into());
        }
        let resume = self.sse.resume.as_ref();
        if resume.is_some_and(|r| r.keeps == 0) {
            return Err("`resume.keeps` is 0".into());
        }
        let closes = self.sse.priming.as_ref().is_some_and(|p| p.closes);
        if closes && (resume.is_none() || self.sse.post_event_id.is_none()) {
            return Err("`priming.closes` without a way to resume".into());
        }
        let order: BTreeSet<_> = self.sse.style.order.into_iter().collect();
        if order.len() < 4 {
            return Err("`style.order` names a field twice".into());
        }
        if self.sse.keepalive.as_ref().is_some_and(|k| k.every_ms == 0) {
            return Err("`keepalive.every-ms` is 0".into());
        }
        for (situation, name) in Situation::ALL {
            let accepted = self.accepts(*situation);
            if !self.knows(*situation) {
                if accepted || self.answers.contains_key(situation) {
                    return Err(format!("`{name}` cannot happen to this server"));
                }
                continue;
            }
            if accepted == self.answers.contains_key(situation) {
                return Err(format!(
                    "`{name}` must be under either `answers` or `accepts`"
                ));
            }
            if accepted && !situation.can_be_accepted() {
                return Err(format!("`{name}` cannot be under `accepts`"));
            }
        }
        for (situation, answer) in &self.answers {
            let name = situation.as_str();
            if !(200..600).contains(&answer.status) {
                return Err(format!("`{name}`: {} is no final status", answer.status));
            }
            let ends = answer.then == Some(Then::EndSession);
            if ends && *situation != Situation::DeleteOk {
                return Err(format!("`{name}`: only `delete-ok` can `end-session`"));
            }
        }
        self.templates().try_for_each(|(place, template, known)| {
            let strange = variables(template).find(|v| !known.contains(v));
            strange.map_or(Ok(()), |v| Err(format!("{place}: no variable `${{{v}}}`")))
        })
    }

    /// Every template with its place and the variables that it may use.
    fn templates(&self) -> impl Iterator<Item = (&str, &str, &'static [&'static str])> {
        const ANSWER: &[&str] = &["method", "path", "version", "versions", "session", "id"];
        const EVENT_ID: &[&str] = &["session", "stream", "event", "stream-uuid", "event-uuid"];
        let sse = &self.sse;
        let headers = [
            ("every-answer", &self.every_answer, &[][..]),
            (
                "initialize-headers",
                &sse.initialize_headers,
                &["session"][..],
            ),
            ("post-headers", &sse.post_headers, &["session"][..]),
            ("get-headers", &sse.get_headers, &["session"][..]),
        ];
        let headers = headers.into_iter().flat_map(|(place, list, known)| {
            list.0.iter().map(move |(_, v)| (place, v.as_str(), known))
        });
        let answers = self.answers.iter().flat_map(|(situation, answer)| {
            let values = answer.headers.0.iter().map(|(_, v)| v.as_str());
            values
                .chain([answer.body.as_str()])
                .map(|t| (situation.as_str(), t, ANSWER))
        });
        let ids = [&sse.post_event_id, &sse.get_event_id];
        let ids = ids
            .into_iter()
            .flatten()
            .map(|t| ("event id", t.as_str(), EVENT_ID));
        let messages = [
            (
                "initialize",
                self.messages.initialize.as_str(),
                &["revision"][..],
            ),
            ("result", &self.messages.result, &["result", "id"][..]),
            (
                "error",
                &self.messages.error,
                &["code", "message", "id"][..],
            ),
            (
                "notification",
                &self.messages.notification,
                &["method", "params"][..],
            ),
        ];
        headers.chain(answers).chain(ids).chain(messages)
    }
}
