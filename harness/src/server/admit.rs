//! Whether a request is let in: the dialect's checks in the dialect's order, and the situation that the first failed one
//! names. Nothing is changed here and nothing is answered.

use serde_json::{Value, json};
use stalemate_wire::{Method, Request, Revision, header};

use super::child::is_initialize;
use super::dialect::{Check, Dialect, Situation};

/// A request as far as admission goes.
#[derive(Debug)]
pub(super) enum Asked {
    Post(Post),
    Get,
    Delete,
}

/// The body of a POST, read.
#[derive(Debug)]
pub(super) struct Post {
    bad_json: bool,
    /// Whether it is a single well-formed `initialize`.
    pub(super) initialize: bool,
    /// The JSON-RPC messages, or `None` if some of it is none.
    pub(super) messages: Option<Vec<Value>>,
}

/// What the session id header leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is no header.
    None,
    /// A live session; the flag says whether it has a GET stream.
    Live { listening: bool },
    /// No live session, but one that is in the table still.
    Ghost,
    /// No live session.
    Unknown,
    /// The id kills the process.
    Poisoned,
}

/// What the cursor of a GET leads to (RES-04).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cursor {
    /// There is no cursor.
    None,
    /// No stream that is known.
    Unknown,
    /// A stream without a connection.
    Free,
    /// A stream with one.
    InUse,
}

/// What a request finds at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scene<'a> {
    pub(super) found: Found,
    /// The revision of the live session.
    pub(super) revision: Option<&'a str>,
    pub(super) cursor: Cursor,
    /// Whether a session was opened in the life of this process.
    pub(super) opened: bool,
    /// Whether any is live.
    pub(super) any_live: bool,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is let in: into its live session, or to open a new one.
    Admitted,
    /// It is refused.
    Refused(Situation),
    /// The process dies of it.
    Poisoned,
}

impl Asked {
    /// Reads a request of one of the three methods; other methods have no admission.
    pub(super) fn read(request: &Request) -> Option<Self> {
        match request.method {
            Method::Post => Some(Self::Post(Post::read(request))),
            Method::Get => Some(Self::Get),
            Method::Delete => Some(Self::Delete),
            Method::Other(_) => None,
        }
    }

    fn initialize(&self) -> bool {
        matches!(self, Self::Post(post) if post.initialize)
    }

    /// Whether any of the messages is an `initialize`: a batch may hide one.
    fn initialize_within(&self) -> bool {
        matches!(self, Self::Post(post) if post.messages.iter().flatten().any(is_initialize))
    }
}

impl Post {
    fn read(request: &Request) -> Self {
        // A body that is not said to be JSON is not read at all; a missing one counts as an empty object.
        let read = if !says_json(request) || request.body.is_empty() {
            Ok(json!({}))
        } else {
            serde_json::from_slice::<Value>(&request.body)
        };
        // Node's body parser takes objects and arrays only.
        let value = read.ok().filter(|v| v.is_object() || v.is_array());
        let messages = value.as_ref().and_then(|value| match value {
            Value::Array(items) => items
                .iter()
                .all(is_message)
                .then(|| items.iter().map(Value::clone).collect()),
            one => is_message(one).then(|| vec![one.clone()]),
        });
        Self {
            bad_json: value.is_none(),
            initialize: value.as_ref().is_some_and(is_initialize),
            messages,
        }
    }
}

fn says_json(request: &Request) -> bool {
    lists(request, header::CONTENT_TYPE, "application/json")
}

fn lists(request: &Request, header: &str, what: &str) -> bool {
    request
        .headers
        .get(header)
        .is_some_and(|v| v.contains(what))
}

/// Whether a value is a JSON-RPC request, notification or response. Ids are text or whole numbers.
fn is_message(value: &Value) -> bool {
    let id = value.get("id");
    let good_id = id.is_some_and(|id| id.is_string() || id.is_i64() || id.is_u64());
    let good_params = value.get("params").is_none_or(Value::is_object);
    value["jsonrpc"] == "2.0"
        && match value.get("method") {
            Some(method) => method.is_string() && good_params && (id.is_none() || good_id),
            None => good_id && value["result"].is_object() || value["error"]["code"].is_i64(),
        }
}

/// Whether the body's message is a request, which is owed an answer.
pub(super) fn is_request(message: &Value) -> bool {
    message.get("method").is_some() && message.get("id").is_some()
}

/// Asks the dialect's checks in turn.
pub(super) fn admit(
    dialect: &Dialect,
    asked: &Asked,
    request: &Request,
    scene: Scene<'_>,
) -> Admission {
    for check in &dialect.checks {
        if *check == Check::Session && scene.found == Found::Poisoned {
            return Admission::Poisoned;
        }
        match objection(*check, dialect, asked, request, scene) {
            Some(situation) if dialect.knows(situation) && !dialect.accepts(situation) => {
                return Admission::Refused(situation);
            }
            _ => {}
        }
    }
    Admission::Admitted
}

/// What the check has against the request.
fn objection(
    check: Check,
    dialect: &Dialect,
    asked: &Asked,
    request: &Request,
    scene: Scene<'_>,
) -> Option<Situation> {
    use Situation as S;
    let found = scene.found;
    let single = dialect.sessions.single;
    let live = matches!(found, Found::Live { .. });
    let accepts = |what: &str| lists(request, header::ACCEPT, what);
    match (check, asked) {
        (Check::Json, Asked::Post(post)) => post.bad_json.then_some(S::BadJson),
        (Check::Closed, _) => (single && scene.opened && !scene.any_live).then_some(S::Closed),
        (Check::Session, _) => no_session(dialect, asked, scene),
        (Check::SessionKnown, _) if matches!(found, Found::Unknown | Found::Ghost) => {
            no_session(dialect, asked, scene)
        }
        (Check::SessionNamed, _) if found == Found::None => no_session(dialect, asked, scene),
        (Check::Accept, Asked::Post(_)) => {
            let both = accepts("application/json") && accepts("text/event-stream");
            (!both).then_some(S::PostWrongAccept)
        }
        (Check::Accept, Asked::Get) => (!accepts("text/event-stream")).then_some(S::GetWrongAccept),
        (Check::ContentType, Asked::Post(_)) => {
            (!says_json(request)).then_some(S::PostWrongContentType)
        }
        (Check::Message, Asked::Post(post)) => post.messages.is_none().then_some(S::PostNoMessage),
        (Check::Initialized, _) => {
            let taken = live || single && scene.opened;
            (taken && asked.initialize_within()).then_some(S::InitializeLiveSession)
        }
        (Check::Version, _) if !asked.initialize() => version(dialect, request, scene.revision),
        (Check::Cursor, Asked::Get) if live => match scene.cursor {
            Cursor::Unknown => Some(S::GetUnknownCursor),
            Cursor::InUse => Some(S::GetCursorInUse),
            Cursor::None | Cursor::Free => None,
        },
        (Check::Stream, Asked::Get) => {
            let resumes = dialect.sse.resume.is_some() && scene.cursor != Cursor::None;
            let taken = found == Found::Live { listening: true } && !resumes;
            taken.then_some(S::GetSecondStream)
        }
        _ => None,
    }
}

/// What the version header says, in a session of that revision.
fn version(dialect: &Dialect, request: &Request, revision: Option<&str>) -> Option<Situation> {
    use Situation as S;
    let Some(version) = request.headers.get(header::PROTOCOL_VERSION) else {
        // The revisions before the header's are dates that are earlier.
        let demanded = revision.is_none_or(|r| r >= Revision::V2025_06_18.as_str());
        return (demanded && !dialect.accepts(S::MissingVersion)).then_some(S::MissingVersion);
    };
    let mut taken = dialect.header_revisions().iter();
    if !taken.any(|r| r == version) && !dialect.accepts(S::UnsupportedVersion) {
        return Some(S::UnsupportedVersion);
    }
    let other = revision.is_some_and(|revision| revision != version);
    other.then_some(S::OtherVersion)
}

/// The situation of a request that leads to no live session and may not open one.
pub(super) fn no_session(dialect: &Dialect, asked: &Asked, scene: Scene<'_>) -> Option<Situation> {
    use Situation as S;
    match (scene.found, asked) {
        (Found::Live { .. }, _) => None,
        _ if !dialect.has_sessions() => None,
        (Found::Ghost, _) if !asked.initialize() => Some(S::NotInitialized),
        _ if dialect.sessions.single && !scene.opened && !asked.initialize() => {
            Some(S::NotInitialized)
        }
        (Found::None, Asked::Post(post)) => (!post.initialize).then_some(S::PostWithoutSession),
        (Found::None, Asked::Get) => Some(S::GetWithoutSession),
        (Found::None, Asked::Delete) => Some(S::DeleteWithoutSession),
        (_, Asked::Post(post)) if post.initialize => Some(S::InitializeUnknownSession),
        (_, Asked::Post(_)) => Some(S::PostUnknownSession),
        (_, Asked::Get) => Some(S::GetUnknownSession),
        (_, Asked::Delete) => Some(S::DeleteUnknownSession),
    }
}
