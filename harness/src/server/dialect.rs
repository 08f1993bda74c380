//! Dialects: how one real server words its answers, what it checks first, and how it loses sessions. Each is a YAML file
//! in `dialects/`; a new server is a new file and a line in [`FILES`]. What the words mean is in `admit` and `core`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::answer::{Answer, HeaderList, Then, variables};

/// The files, in the order in which they are listed to the user.
const FILES: [&str; 2] = [
    include_str!("dialects/supergateway-3.4.3.yaml"),
    include_str!("dialects/supergateway-4.0.0.yaml"),
];

static DIALECTS: LazyLock<Vec<Arc<Dialect>>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|file| Arc::new(Dialect::parse(file).unwrap_or_else(|e| panic!("{e}"))))
        .collect()
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
}

/// How sessions are named and when they expire.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sessions {
    /// The shape of an id, for whoever draws them.
    pub id: IdShape,
    /// Milliseconds of rest after which a session expires; `None` is never. An open POST or GET keeps the session in
    /// use: the clock starts when the last one ends.
    pub idle_timeout_ms: Option<u64>,
}

/// The shape of a session id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdShape {
    /// A version 4 UUID with dashes.
    UuidV4,
    /// 32 lower-case hexadecimal digits.
    Hex32,
}

/// A check of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The body is JSON.
    Json,
    /// The session id is there and known.
    Session,
    /// `Accept` lists what it must (POST-02, GET-02).
    Accept,
    /// The body is said to be JSON.
    ContentType,
    /// The body is a JSON-RPC message, or several.
    Message,
    /// No `initialize` on a live session.
    Initialized,
    /// The version header names a revision that it takes (VER-04).
    Version,
    /// No second GET stream on a session.
    Stream,
}

/// Event streams.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sse {
    /// Headers of the answer to `initialize`; `${session}` is the id (SES-01).
    pub initialize_headers: HeaderList,
    /// Headers of the answers to other POSTs.
    pub post_headers: HeaderList,
    /// Headers of a GET stream.
    pub get_headers: HeaderList,
    /// The `event` field; `None` if there is none.
    #[serde(default)]
    pub event: Option<String>,
    /// The `id` of events on POST streams, from `${session}`, `${stream}` (the POST's ordinal) and `${event}` (the
    /// event's ordinal on the stream), both from 0 (RES-01).
    #[serde(default)]
    pub post_event_id: Option<String>,
    /// The `id` of events on GET streams.
    #[serde(default)]
    pub get_event_id: Option<String>,
    /// The event without data in front of each stream (POLL-01).
    #[serde(default)]
    pub priming: Option<Priming>,
    /// Comments on a silent stream.
    #[serde(default)]
    pub keepalive: Option<Keepalive>,
}

/// The event without data in front of each stream.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Priming {
    /// Its `retry` field in milliseconds (POLL-04).
    #[serde(default)]
    pub retry_ms: Option<u64>,
    /// The first revision whose clients get it; `None` if all do.
    #[serde(default)]
    pub since: Option<String>,
}

/// Comments on an open stream.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Keepalive {
    /// Milliseconds between two of them, counted from the stream's head; at least 1.
    pub every_ms: u64,
    /// The comment, behind its colon.
    pub comment: String,
}

/// JSON-RPC messages, as templates in the server's member order.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Messages {
    /// The result of `initialize`, from `${revision}`.
    pub initialize: String,
    /// A result, from `${result}` and `${id}`.
    pub result: String,
    /// An error, from `${code}`, `${message}` (quoted) and `${id}`.
    pub error: String,
}

/// How the server loses sessions, streams and itself, besides what its answers say.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hazards {
    /// Session ids that kill the process.
    #[serde(default)]
    pub poisoned_ids: Option<PoisonedIds>,
    /// The process dies of an answer that becomes ready after its POST was abandoned; `None` if that is harmless.
    #[serde(default)]
    pub abandoned_post: Option<Exit>,
    /// What SIGTERM does to open streams.
    pub stop: StreamEnd,
    /// The error that a call gets whose child died; `None` if its stream just ends.
    #[serde(default)]
    pub child_death: Option<RpcFault>,
}

/// Session ids that kill the process.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PoisonedIds {
    /// The ids.
    pub ids: Vec<String>,
    /// How it dies.
    pub exit: Exit,
}

/// How a process dies.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Exit {
    /// The exit status.
    pub code: i32,
    /// The last line of its log; `${id}` is the request's JSON-RPC id where there is one.
    pub why: String,
}

/// How streams end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamEnd {
    /// The connection breaks.
    Cut,
    /// The last chunk is sent.
    Clean,
}

/// A JSON-RPC error.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RpcFault {
    /// The code.
    pub code: i64,
    /// The message.
    pub message: String,
}

macro_rules! situations {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A situation that servers answer differently.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        pub enum Situation {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Situation {
            /// Every situation with its name in dialect files.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $name)),*];
        }
    };
}

situations! {
    /// A POST of notifications or responses was taken (POST-04).
    Accepted = "accepted",
    /// A POST whose body is no JSON.
    BadJson = "bad-json",
    /// A DELETE of a live session (SES-09, SES-10).
    DeleteOk = "delete-ok",
    /// A DELETE with an id that is not live.
    DeleteUnknownSession = "delete-unknown-session",
    /// A DELETE without an id.
    DeleteWithoutSession = "delete-without-session",
    /// A GET on a session that has a GET stream.
    GetSecondStream = "get-second-stream",
    /// A GET with an id that is not live (SES-07b).
    GetUnknownSession = "get-unknown-session",
    /// A GET without an id (SES-06).
    GetWithoutSession = "get-without-session",
    /// A GET that does not accept an event stream (GET-02).
    GetWrongAccept = "get-wrong-accept",
    /// An `initialize` with the id of a live session.
    InitializeLiveSession = "initialize-live-session",
    /// An `initialize` with an id that is not live.
    InitializeUnknownSession = "initialize-unknown-session",
    /// A method other than POST, GET, DELETE and OPTIONS.
    MethodNotAllowed = "method-not-allowed",
    /// An OPTIONS request.
    Options = "options",
    /// Another path than the endpoint's.
    OtherPath = "other-path",
    /// A POST whose JSON is no JSON-RPC message (POST-05).
    PostNoMessage = "post-no-message",
    /// A POST with an id that is not live (SES-07b).
    PostUnknownSession = "post-unknown-session",
    /// A POST without an id that is no `initialize` (SES-06).
    PostWithoutSession = "post-without-session",
    /// A POST that does not accept both JSON and an event stream (POST-02).
    PostWrongAccept = "post-wrong-accept",
    /// A POST whose body is not said to be JSON.
    PostWrongContentType = "post-wrong-content-type",
    /// A version header with a revision that is not taken (VER-04).
    UnsupportedVersion = "unsupported-version",
}

impl Situation {
    /// The name in dialect files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(s, _)| *s == self)
            .map_or("", |(_, name)| name)
    }

    /// Whether a server can go on with the request as if nothing were wrong.
    fn can_be_accepted(self) -> bool {
        matches!(
            self,
            Self::GetSecondStream
                | Self::GetWrongAccept
                | Self::InitializeLiveSession
                | Self::InitializeUnknownSession
                | Self::PostWrongAccept
                | Self::PostWrongContentType
                | Self::UnsupportedVersion
        )
    }
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
    /// The dialect of that name.
    #[must_use]
    pub fn get(name: &str) -> Option<Arc<Self>> {
        DIALECTS.iter().find(|d| d.name == name).cloned()
    }

    /// The names of all dialects.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        DIALECTS.iter().map(|d| d.name.as_str()).collect()
    }

    /// Reads a dialect file.
    ///
    /// # Errors
    /// [`DialectError`] if it is no YAML of this form, leaves a situation open, or names an unknown variable.
    pub fn parse(yaml: &str) -> Result<Self, DialectError> {
        let dialect: Self =
            serde_saphyr::from_str(yaml).map_err(|e| DialectError(e.to_string()))?;
        let name = &dialect.name;
        dialect
            .check()
            .map_err(|e| DialectError(format!("{name}: {e}")))?;
        Ok(dialect)
    }

    /// Whether the server goes on with the request in that situation.
    #[must_use]
    pub fn accepts(&self, situation: Situation) -> bool {
        self.accepts.contains(&situation)
    }

    fn check(&self) -> Result<(), String> {
        if self.revisions.is_empty() {
            return Err("`revisions` is empty".into());
        }
        if self.sse.keepalive.as_ref().is_some_and(|k| k.every_ms == 0) {
            return Err("`keepalive.every-ms` is 0".into());
        }
        for (situation, name) in Situation::ALL {
            let accepted = self.accepts(*situation);
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
        const EVENT_ID: &[&str] = &["session", "stream", "event"];
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
        ];
        headers.chain(answers).chain(ids).chain(messages)
    }
}
