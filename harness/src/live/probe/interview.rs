//! What was asked and what was said: the material that everything else here is made from.

use serde_json::Value;

use super::question::Question;
use super::said::Said;
use crate::server::IdShape;

/// What is asked, and what may be done for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbePlan {
    /// The command that restarts the server, for a shell.
    pub restart: Option<String>,
    /// The rest after which it is asked whether a session has expired, in milliseconds.
    pub idle_ms: Option<u64>,
    /// A call that takes a second or more, as the `params` of `tools/call`: it is the one that is abandoned. Without it a
    /// list is, which may be answered before its client is gone.
    pub slow_call: Option<Value>,
    /// Headers of every request, e.g. `Authorization`.
    pub headers: Vec<(String, String)>,
    /// How long an answer is waited for, in milliseconds.
    pub patience_ms: u64,
    /// How long the server is watched after a call was abandoned, in milliseconds.
    pub watch_ms: u64,
}

impl Default for ProbePlan {
    /// Asks what needs no command and no rest.
    fn default() -> Self {
        Self {
            restart: None,
            idle_ms: None,
            slow_call: None,
            headers: Vec::new(),
            patience_ms: 10_000,
            watch_ms: 3_000,
        }
    }
}

/// One question and what was said to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The question.
    pub question: Question,
    /// The answer.
    pub said: Said,
    /// The JSON-RPC id of the request, if it is one.
    pub rpc_id: Option<u64>,
    /// The session that it named.
    pub session: Option<String>,
    /// Of a question in a live session, whether that is live still.
    pub lives: Option<bool>,
    /// Of an answer that names a session which was not asked for, whether that is live.
    pub minted_lives: Option<bool>,
}

/// What a restart did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    /// Whether the session from before was served after it.
    pub kept: bool,
    /// How the stream that was open ended; `None` if there was none, or it did not end.
    pub stream: Option<super::said::End>,
}

/// All that was learned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interview {
    /// What was said, in the order of asking.
    pub heard: Vec<Heard>,
    /// What was not asked, and why.
    pub left_out: Vec<(Question, String)>,
    /// The session ids that were seen. They are credentials (SES-04).
    pub ids: Vec<String>,
    /// The shape of the ids.
    pub shape: Option<IdShape>,
    /// The revision that was agreed on.
    pub revision: Option<String>,
    /// The names of the tools.
    pub tools: Vec<String>,
    /// Whether no second session is opened.
    pub single: bool,
    /// Whether a second GET ended the first.
    pub get_replaced: bool,
    /// The shortest rest, in milliseconds, after which a session had expired, and the longest after which one had not.
    pub expired_ms: Option<u64>,
    /// See [`Self::expired_ms`].
    pub rested_ms: Option<u64>,
    /// A comment that came on a silent stream, and how long it took to come, in milliseconds.
    pub keepalive: Option<(u64, String)>,
    /// What a restart did.
    pub restart: Option<Restart>,
    /// What the server's process ended at.
    pub deaths: Vec<Question>,
    /// Whether nobody listens at the end.
    pub gone: bool,
}

impl Interview {
    /// What was said to a question.
    #[must_use]
    pub fn to(&self, question: Question) -> Option<&Heard> {
        self.heard.iter().find(|heard| heard.question == question)
    }

    /// The status of the answer to a question.
    #[must_use]
    pub fn status(&self, question: Question) -> Option<u16> {
        self.to(question)?.said.status()
    }

    /// What was said to a question, in a few words.
    #[must_use]
    pub fn words(&self, question: Question) -> String {
        self.to(question).map_or_else(
            || "not asked".to_owned(),
            |heard| heard.said.words(&self.ids),
        )
    }

    /// Whether it has sessions.
    #[must_use]
    pub fn has_sessions(&self) -> bool {
        self.shape.is_some_and(|shape| shape != IdShape::None)
    }
}
