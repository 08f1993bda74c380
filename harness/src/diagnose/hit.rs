//! One request and its answer, as far as a log tells of them; and what a log tells of at all.

/// A request and its answer. What is not told is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hit<'a> {
    /// When the answer was done, in milliseconds of some clock.
    pub at_ms: Option<i64>,
    /// Who asked: an address.
    pub peer: Option<&'a str>,
    /// The method.
    pub method: &'a str,
    /// The path, with its query.
    pub path: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// The length of the answer's body in bytes, perhaps with its framing.
    pub bytes: Option<u64>,
    /// The session id of the request.
    pub session: Option<&'a str>,
    /// The session id of the answer.
    pub given: Option<&'a str>,
    /// The request's `Accept`.
    pub accept: Option<&'a str>,
    /// The status that the server behind the log gave.
    pub upstream_status: Option<u16>,
    /// Which server that was.
    pub upstream: Option<&'a str>,
    /// The JSON-RPC method of the request.
    pub rpc: Option<&'a str>,
}

/// What a log tells of, besides methods and statuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Times.
    pub time: bool,
    /// Session ids of requests.
    pub session: bool,
    /// Session ids of answers.
    pub given: bool,
    /// Lengths of answers.
    pub bytes: bool,
    /// The status that the server behind the log gave.
    pub upstream_status: bool,
    /// Which server answered.
    pub upstream: bool,
    /// JSON-RPC methods.
    pub rpc: bool,
}

impl Told {
    /// Everything: what has whole requests and answers in it.
    pub const ALL: Self = Self {
        time: true,
        session: true,
        given: true,
        bytes: true,
        upstream_status: true,
        upstream: true,
        rpc: true,
    };
}
