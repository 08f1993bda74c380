//! What a message on the wire says, as far as judgements go. Both ends of a link share one summary of what passed it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stalemate_wire::{Method, Rpc};

use crate::journal::CallId;

/// What a request says, as far as judgements go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestSummary {
    /// The method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// The session id header, as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The name of the bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The protocol version header, as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The resumption cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The `Accept` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
    /// The body's length in bytes.
    pub bytes: u64,
    /// The JSON-RPC messages in the body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rpc: Vec<Rpc>,
    /// The driven call whose nonce is in the arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
}

impl RequestSummary {
    /// Whether the body asks for `method`.
    #[must_use]
    pub fn asks(&self, method: &str) -> bool {
        self.rpc.iter().any(|r| r.method.as_deref() == Some(method))
    }
}

/// What a response says, as far as judgements go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResponseSummary {
    /// The status code.
    pub status: u16,
    /// The session id header, as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The content type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Whether the body follows as an event stream.
    pub stream: bool,
    /// The body's length in bytes; 0 for a stream.
    pub bytes: u64,
    /// The JSON-RPC messages in the body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rpc: Vec<Rpc>,
    /// The driven call whose nonce is in a result; none if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
}

/// What one event of an SSE stream says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SseSummary {
    /// The event id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The `retry` field, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
    /// The length of the data in bytes; 0 for a priming event or a comment.
    pub bytes: u64,
    /// Whether it is a comment and nothing else, as servers send to keep a stream alive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub comment: bool,
    /// The JSON-RPC messages in the data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rpc: Vec<Rpc>,
    /// The driven call whose nonce is in a result; none if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// The first 8 hexadecimal digits of the SHA-256 of a notification's data, by which copies of it are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A message on the wire, as seen at one end of a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A whole request.
    Request(Arc<RequestSummary>),
    /// A whole response, or the head of a stream.
    Response(Arc<ResponseSummary>),
    /// One event of a stream.
    Sse(Arc<SseSummary>),
    /// The end of a response body: clean, or short of what its framing promised.
    End {
        /// Whether the body ended as its framing promised.
        clean: bool,
        /// The status of a response that is seen here for the first time, because its head came whole and its body did not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
}

impl Message {
    /// The end of a body, of a message that was seen before.
    #[must_use]
    pub fn end(clean: bool) -> Self {
        Self::End {
            clean,
            status: None,
        }
    }
}

/// Which end saw a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The end that sends it.
    Sent,
    /// The end that receives it.
    Received,
}
