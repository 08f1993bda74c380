//! The knobs of a dialect file besides its answers. What they do is in `admit`, `core`, `stream` and `life`.

use stalemate_wire::sse;

use crate::server::answer::{Framing, HeaderList};

/// How sessions are named and when they expire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sessions {
    /// The shape of an id, for whoever draws them.
    pub id: IdShape,
    /// Milliseconds of rest after which a session expires; `None` is never.
    pub idle_timeout_ms: Option<u64>,
    /// What counts as rest.
    pub idle_clock: IdleClock,
    /// There is one session in the life of the process: no second one is opened, also not when the first has ended.
    pub single: bool,
    /// Milliseconds after its opening in which a session ends, however busy it is; `None` is never.
    pub lifetime_ms: Option<u64>,
    /// How many sessions there may be; `None` is any number.
    pub cap: Option<Cap>,
}

/// The bearer tokens that a server asks for on every request (AUTH-01, AUTH-02).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Milliseconds for which one is good; `None` is for ever.
    pub lifetime_ms: Option<u64>,
    /// What a session belongs to.
    pub session_of: SessionOf,
}

/// What a session belongs to, at a server that asks for tokens. There is one user here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionOf {
    /// Its user, with whatever token (SES-12, AUTH-05).
    #[default]
    User,
    /// The token that it was opened with: with a renewed one its id is refused (F19).
    Token,
}

/// How many sessions there may be at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// The number, at least 1.
    pub most: usize,
    /// What becomes of an `initialize` beyond it.
    pub then: Beyond,
}

/// What becomes of an `initialize` where there are as many sessions as there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beyond {
    /// It is refused, as the answer `too-many-sessions` says.
    #[default]
    Refuse,
    /// The session that rests longest ends for it; one on which a stream is open rests last.
    EvictIdlest,
    /// The session that was opened first ends for it.
    EvictOldest,
}

/// What counts as rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdleClock {
    /// An open POST or GET keeps the session in use: the clock starts when the last one ends.
    #[default]
    Streams,
    /// An open POST keeps the session in use, a GET stream does not.
    Calls,
    /// Only messages count, whatever is open: the clock starts anew with each request that arrives and each message that
    /// leaves, and a call or a silent stream longer than the timeout is cut.
    Messages,
    /// Only requests count: the clock starts anew with each that arrives, and runs while it is carried out.
    Requests,
}

/// The shape of a session id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdShape {
    /// A version 4 UUID with dashes.
    UuidV4,
    /// 32 lower-case hexadecimal digits.
    Hex32,
    /// There are no sessions: no id is given, ids that come are ignored, and each request stands alone.
    None,
}

/// A check of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The body is JSON.
    Json,
    /// The session id is there and known.
    Session,
    /// The session id, if there is one, is known.
    SessionKnown,
    /// The session id is there.
    SessionNamed,
    /// The single session has not ended yet (see [`Sessions::single`]).
    Closed,
    /// The method is POST, GET or DELETE. Of the other checks only `closed` and `session-known` can stand before it; where it
    /// is missing, it is the first.
    Method,
    /// The cursor, if there is one, is known, and its stream has no connection (RES-04).
    Cursor,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sse {
    /// Headers of the answer to the `initialize` that opened the session; `${session}` is the id (SES-01).
    pub initialize_headers: HeaderList,
    /// Headers of the answers to other POSTs.
    pub post_headers: HeaderList,
    /// Headers of a GET stream.
    pub get_headers: HeaderList,
    /// The `event` field; `None` if there is none.
    pub event: Option<String>,
    /// The order of the fields, and the line end.
    pub style: sse::Style,
    /// The `id` of events on POST streams, from `${session}`, `${stream}` (the POST's ordinal), `${event}` (the
    /// event's ordinal on the stream), both from 0, `${stream-uuid}` and `${event-uuid}`, which hide these (RES-01).
    pub post_event_id: Option<String>,
    /// The `id` of events on GET streams.
    pub get_event_id: Option<String>,
    /// Which GET streams a session has.
    pub get_streams: GetStreams,
    /// Which stream carries what the server asks of its client.
    pub requests: RequestStream,
    /// The event without data in front of each stream (POLL-01).
    pub priming: Option<Priming>,
    /// How streams are resumed; `None` if they are not, and no event is kept.
    pub resume: Option<Resume>,
    /// Comments on a silent stream.
    pub keepalive: Option<Keepalive>,
}

/// Which GET streams a session has. A message is on one of them only (MULTI-02).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GetStreams {
    /// One stream, to which GETs connect one after the other. Where a second GET at the same time is accepted, its stream
    /// stays silent, also when the first one's connection is gone.
    #[default]
    One,
    /// Each GET without a cursor opens a stream of its own; messages go to the newest that is connected.
    Each,
    /// One stream, and a GET takes the place of the one that is there, whose connection is closed.
    Replace,
    /// One stream, and its place is never given back: every further GET is a second one, also when the first is long gone.
    Once,
    /// None: a GET is answered `get-unserved`.
    None,
}

/// Which stream carries what the server asks of its client: ping, roots, sampling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestStream {
    /// The session's GET stream, whatever runs (GET-04).
    #[default]
    Get,
    /// That of a call, while one runs (POST-09); else the GET stream.
    Call,
}

/// The event without data in front of each stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priming {
    /// Its `retry` field in milliseconds (POLL-04).
    pub retry_ms: Option<u64>,
    /// The first revision whose clients get it; `None` if all do.
    pub since: Option<String>,
    /// Whether GET streams have one too (POLL-06).
    pub get: bool,
    /// Its id on GET streams, where that is fixed and does not count as an event.
    pub get_id: Option<String>,
    /// Its id on the stream that opens a session, where that stream stands apart: its other events have no ids, and it
    /// does not count among the session's POST streams.
    pub opening_id: Option<String>,
    /// The data that it is replayed with, as a message; `None` if it is replayed as it was.
    pub replayed_data: Option<String>,
    /// Whether the connection of a POST that got one is closed right behind it, so that the client must poll (POLL-02).
    pub closes: bool,
}

/// How streams are resumed (RES-04, RES-05). Events are kept in memory, and by the session's end they are forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// How many events of a session are kept, at least 1; the oldest are forgotten first.
    pub keeps: usize,
    /// Whose events are replayed.
    pub scope: Scope,
    /// Whether the event that the cursor names comes again.
    pub inclusive: bool,
    /// Whether the stream goes on after the replay; if not, the connection stays open and silent.
    pub continues: bool,
    /// What a stream is to a cursor once its last answer was sent.
    pub finished: Finished,
    /// Whether a GET without a cursor gets the kept events of the session's stream, all of them.
    pub fresh_get: bool,
    /// Whether an accepted unknown cursor leads to a stream that stays silent; otherwise to a new one.
    pub unknown_is_silent: bool,
}

/// Whose events are replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The stream's, as RES-06 demands.
    #[default]
    Stream,
    /// All of the session's.
    Session,
    /// All there are.
    Server,
}

/// What a stream is to a cursor once its last answer was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finished {
    /// It is replayed and ends.
    #[default]
    Ends,
    /// It is replayed and stays open for ever.
    Hangs,
    /// It is unknown, whether or not anybody got the answer.
    Forgotten,
}

/// Comments on an open stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// Milliseconds between two of them, counted from the stream's head; at least 1.
    pub every_ms: u64,
    /// The comment, behind its colon.
    pub comment: String,
}

/// JSON-RPC messages, as templates in the server's member order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Messages {
    /// The result of `initialize`, from `${revision}`.
    pub initialize: String,
    /// A result, from `${result}` and `${id}`.
    pub result: String,
    /// An error, from `${code}`, `${message}` (quoted) and `${id}`.
    pub error: String,
    /// A notification, from `${method}` (quoted) and `${params}`, which is empty or a whole member behind a comma.
    pub notification: String,
}

/// How the server loses sessions, streams and itself, besides what its answers say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hazards {
    /// Session ids that kill the process.
    pub poisoned_ids: Option<PoisonedIds>,
    /// The process dies of an answer that becomes ready after its POST was abandoned; `None` if that is harmless.
    pub abandoned_post: Option<Exit>,
    /// What SIGTERM does to open streams.
    pub stop: StreamEnd,
    /// The error that a call gets whose child died; `None` if its stream just ends.
    pub child_death: Option<RpcFault>,
    /// What becomes of a call that was cancelled.
    pub cancelled_call: Cancelled,
    /// What becomes of a call whose session ends while it runs, the end of the child aside.
    pub ended_call: EndedCall,
}

/// What becomes of a call whose session ends while it runs. What it wrote stays written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EndedCall {
    /// It is answered nothing, and its stream ends.
    #[default]
    End,
    /// It is answered nothing, and its connection breaks.
    Cut,
    /// It is answered nothing, and its stream stays open and silent.
    Silence,
    /// It is answered with that error.
    Error(RpcFault),
}

/// Answers that are JSON in place of a stream (POST-06). There is no place in them for progress and other messages, and no
/// way to resume them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonAnswers {
    /// The methods whose requests are answered so; `None` is all of them. A batch is, if each of its requests is.
    pub to: Option<Vec<String>>,
    /// Headers of these answers.
    pub headers: HeaderList,
    /// Headers of such an answer to the `initialize` that opened the session; `${session}` is the id (SES-01).
    pub initialize_headers: HeaderList,
    /// How the body is framed.
    pub framing: Framing,
}

/// The revision that an `initialize` is answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Offers {
    /// The wanted one if it is taken, else the preferred one (LIFE-07).
    #[default]
    Wanted,
    /// The preferred one, whatever is wanted.
    Preferred,
    /// The wanted one, whether or not it is taken.
    Echo,
}

/// What becomes of a call that was cancelled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cancelled {
    /// It is answered nothing, ever (CAN-02), and its stream stays open.
    #[default]
    Silence,
    /// It is answered nothing, and its stream ends.
    End,
    /// It is answered with that error.
    Error(RpcFault),
}

/// Session ids that kill the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoisonedIds {
    /// The ids.
    pub ids: Vec<String>,
    /// How it dies.
    pub exit: Exit,
}

/// How a process dies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The exit status.
    pub code: i32,
    /// The last line of its log; `${id}` is the request's JSON-RPC id where there is one.
    pub why: String,
}

/// How streams end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// The connection breaks.
    Cut,
    /// The last chunk is sent.
    Clean,
}

/// A JSON-RPC error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcFault {
    /// The code.
    pub code: i64,
    /// The message.
    pub message: String,
}

/// A rule that a broken server breaks and that no answer words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// An id that is not live is served as if it were (SES-07b).
    Resurrects,
    /// A message to the client goes out on every open stream of its session (MULTI-02).
    Broadcasts,
    /// A message to the client goes out on the GET streams of all other sessions too.
    Leaks,
    /// A session that was deleted while a call ran lives again when that is done (SES-07b).
    Revives,
    /// Answers go out on the session's GET stream where one is open, and the stream of the POST ends without (GET-05).
    AnswersOnGet,
    /// Answers go to the newest session, whoever asked: on its call of the same id, or else on its GET stream (SES-12).
    NewestGetsAll,
}
