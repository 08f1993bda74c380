//! HTTP messages as values. Header names compare without case and keep their order and spelling, because the spelling
//! that a real server uses is part of what a dialect reproduces. Framing (chunks, content length) is not here.

use serde::{Deserialize, Serialize};

/// The header names that MCP over streamable HTTP uses, in lower case.
pub mod header {
    /// `accept` (POST-02, GET-02).
    pub const ACCEPT: &str = "accept";
    /// `content-type`.
    pub const CONTENT_TYPE: &str = "content-type";
    /// `content-length`.
    pub const CONTENT_LENGTH: &str = "content-length";
    /// `transfer-encoding`.
    pub const TRANSFER_ENCODING: &str = "transfer-encoding";
    /// The bearer token of the user (AUTH-01).
    pub const AUTHORIZATION: &str = "authorization";
    /// The session id (SES-01, SES-05).
    pub const SESSION_ID: &str = "mcp-session-id";
    /// The negotiated revision (VER-01).
    pub const PROTOCOL_VERSION: &str = "mcp-protocol-version";
    /// The cursor of a resumed stream (RES-04).
    pub const LAST_EVENT_ID: &str = "last-event-id";
}

/// The request methods that a streamable HTTP endpoint tells apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Carries one JSON-RPC message (POST-01).
    Post,
    /// Opens or resumes a stream (GET-01, RES-04).
    Get,
    /// Ends a session (SES-09).
    Delete,
    /// Anything else, by name.
    #[serde(untagged)]
    Other(String),
}

impl Method {
    /// The method of that name; names are case-sensitive, as in HTTP.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "POST" => Self::Post,
            "GET" => Self::Get,
            "DELETE" => Self::Delete,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The name as it stands in a request line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
            Self::Delete => "DELETE",
            Self::Other(name) => name,
        }
    }
}

/// An ordered header list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The first value of `name`, compared without case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// Appends a header, keeping any others of that name.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Appends a header and returns the list, for building.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.push(name, value);
        self
    }

    /// Removes every header of that name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }

    /// The headers in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(iter: I) -> Self {
        Self(
            iter.into_iter()
                .map(|(n, v)| (n.into(), v.into()))
                .collect(),
        )
    }
}

/// A whole request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path with its query, as in the request line.
    pub path: String,
    /// The headers.
    pub headers: Headers,
    /// The body; empty where there is none.
    pub body: Vec<u8>,
}

impl Request {
    /// The session id header's value, whether or not it is a valid id.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.headers.get(header::SESSION_ID)
    }
}

/// A response that is complete, or the head of one whose body follows as a stream (then `body` is empty).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// The standard reason phrase of a status code; empty for codes that HTTP does not name.
#[must_use]
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        410 => "Gone",
        413 => "Payload Too Large",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Time-out",
        _ => "",
    }
}
