//! Dialects: how one real server words its answers, what it checks first, and how it loses sessions, as a value. What its
//! parts mean is in `admit`, `core`, `stream` and `life`; the parts themselves are in `knobs` and `situation`. How one is
//! written in a file is none of a server's business.

use std::collections::{BTreeMap, BTreeSet};

use stalemate_wire::Revision;

use super::answer::{Answer, HeaderList};

mod faults;
mod knobs;
mod situation;

pub use self::faults::Misfit;
pub use self::knobs::{
    Beyond, Cancelled, Cap, Check, EndedCall, Exit, Finished, Flaw, GetStreams, Hazards, IdShape,
    IdleClock, JsonAnswers, Keepalive, Messages, Offers, PoisonedIds, Priming, RequestStream,
    Resume, RpcFault, Scope, SessionOf, Sessions, Sse, StreamEnd, Tokens,
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
    /// The revisions that a version header may name, where they are not the same: at a gateway, `initialize` is answered by
    /// the server behind it, and the header is checked by itself.
    pub header_revisions: Option<Vec<String>>,
    /// Which of them it answers an `initialize` with.
    pub offers: Offers,
    /// What it checks of a request, in its order.
    pub checks: Vec<Check>,
    /// The longest body of a POST, in bytes; `None` is any length. It is asked before all checks.
    pub body_limit: Option<usize>,
    /// Milliseconds after which a connection is closed on which nothing is asked; `None` is never.
    pub connection_idle_ms: Option<u64>,
    /// Headers of every answer, in front of its own.
    pub every_answer: HeaderList,
    /// Event streams.
    pub sse: Sse,
    /// Answers that are no streams; `None` if all are streams.
    pub json_answers: Option<JsonAnswers>,
    /// JSON-RPC messages.
    pub messages: Messages,
    /// Situations that other servers refuse and this one does not.
    pub accepts: BTreeSet<Situation>,
    /// The answer to every other situation.
    pub answers: BTreeMap<Situation, Answer>,
    /// The bearer tokens that it asks for; `None` if it asks for none.
    pub tokens: Option<Tokens>,
    /// How it loses sessions, streams and itself.
    pub hazards: Hazards,
    /// The rules that it breaks on purpose; none in a dialect of a real server.
    pub flaws: BTreeSet<Flaw>,
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
        use Situation as S;
        let gets = self.serves_gets();
        let given = self.has_sessions();
        let one = !matches!(self.sse.get_streams, GetStreams::Replace);
        match situation {
            S::BodyTooLarge => self.body_limit.is_some(),
            S::Closed => self.sessions.single,
            S::DeleteOk | S::DeleteUnknownSession | S::DeleteWithoutSession => given,
            S::DeleteUnserved => !given,
            S::GetCursorInUse => gets && self.sse.resume.is_some(),
            S::GetSecondStream => gets && given && one,
            S::GetUnknownCursor | S::GetWrongAccept => gets,
            S::GetUnknownSession | S::GetWithoutSession => gets && given,
            S::ForeignSession => {
                let tokens = self.tokens.as_ref();
                given && tokens.is_some_and(|t| t.session_of == SessionOf::Token)
            }
            S::GetUnserved => !gets,
            S::InitializeLiveSession | S::InitializeUnknownSession => given,
            S::InitializeUnserved => !self.has_handshake(),
            S::NotInitialized | S::OtherVersion => given,
            S::PostUnknownSession | S::PostWithoutSession => given,
            S::Unauthorized => self.tokens.is_some(),
            S::TooManySessions => {
                let cap = self.sessions.cap.as_ref();
                given && cap.is_some_and(|cap| cap.then == Beyond::Refuse)
            }
            S::Accepted
            | S::AcceptedInitialized
            | S::AcceptedResponse
            | S::BadJson
            | S::MethodNotAllowed
            | S::MissingVersion
            | S::Options
            | S::OtherPath
            | S::PostNoMessage
            | S::PostWrongAccept
            | S::PostWrongContentType
            | S::UnsupportedVersion => true,
        }
    }

    /// Whether something must be said of a situation that it can come into.
    #[must_use]
    pub fn needs(&self, situation: Situation) -> bool {
        let alone = situation == Situation::NotInitialized && self.sessions.single;
        !situation.is_optional() || alone
    }

    /// The answer to a situation.
    #[must_use]
    pub fn answer_to(&self, situation: Situation) -> Option<&Answer> {
        let other = || self.answers.get(&situation.falls_back()?);
        self.answers.get(&situation).or_else(other)
    }

    /// Whether it has sessions.
    #[must_use]
    pub fn has_sessions(&self) -> bool {
        self.sessions.id != IdShape::None
    }

    /// The revisions that a version header may name.
    #[must_use]
    pub fn header_revisions(&self) -> &[String] {
        self.header_revisions.as_deref().unwrap_or(&self.revisions)
    }

    /// Whether it takes a revision that begins with `initialize`.
    #[must_use]
    pub fn has_handshake(&self) -> bool {
        let mut taken = self.revisions.iter();
        let any = taken.any(|revision| Revision::parse(revision).is_some());
        any || self.revisions.is_empty()
    }

    /// Whether it has GET streams.
    #[must_use]
    pub fn serves_gets(&self) -> bool {
        self.sse.get_streams != GetStreams::None
    }
}
