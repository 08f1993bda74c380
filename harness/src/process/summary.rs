//! From bodies to the summaries that the journal keeps, and from a replacement to its bytes. No state.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use stalemate_clients::RequestMethod;
use stalemate_wire::{Rpc, RpcKind, reason, sse, summarize};

use crate::journal::{
    CallId, Message, Replacement, RequestSummary, ResponseSummary, SseSummary, nonce,
};

/// A whole request of that head.
#[must_use]
pub fn whole_request(head: RequestSummary, body: &[u8]) -> Message {
    let read = Reading::of(body);
    Message::Request(Arc::new(RequestSummary {
        bytes: body.len() as u64,
        rpc: read.rpc,
        call: read.asks,
        ..head
    }))
}

/// A whole response of that head.
#[must_use]
pub fn whole_response(head: ResponseSummary, body: &[u8]) -> Message {
    let read = Reading::of(body);
    Message::Response(Arc::new(ResponseSummary {
        bytes: body.len() as u64,
        rpc: read.rpc,
        call: read.answers,
        ..head
    }))
}

/// An event of a stream.
#[must_use]
pub fn event(event: sse::Event) -> Message {
    let data = event.data.as_deref().unwrap_or_default();
    let read = Reading::of(data.as_bytes());
    Message::Sse(Arc::new(SseSummary {
        retry_ms: event.retry_ms,
        bytes: data.len() as u64,
        comment: event.data.is_none() && event.id.is_none() && event.retry_ms.is_none(),
        call: read.answers,
        digest: read.digest,
        rpc: read.rpc,
        id: event.id,
    }))
}

/// What a body says.
#[derive(Default)]
struct Reading {
    rpc: Vec<Rpc>,
    /// The driven call that it asks for.
    asks: Option<CallId>,
    /// The driven call that it answers, where it is one only.
    answers: Option<CallId>,
    /// A short hash of a notification.
    digest: Option<String>,
}

impl Reading {
    fn of(body: &[u8]) -> Self {
        if body.is_empty() {
            return Self::default();
        }
        let rpc = summarize(body);
        let text = || String::from_utf8_lossy(body);
        let has = |kind: RpcKind| rpc.iter().any(|r| r.kind == kind);
        let is_other = |method: &str| RequestMethod::ALL.iter().any(|m| m.as_str() == method);
        let is_call = |r: &Rpc| {
            let other = r.method.as_deref().is_some_and(is_other);
            r.kind == RpcKind::Request && (r.tool.is_some() || other)
        };
        Self {
            asks: rpc
                .iter()
                .any(is_call)
                .then(|| nonce::quoted_call_in(&text()))
                .flatten(),
            answers: has(RpcKind::Result)
                .then(|| nonce::only_call_in(&text()))
                .flatten(),
            digest: has(RpcKind::Notification).then(|| digest(body)),
            rpc,
        }
    }
}

fn digest(data: &[u8]) -> String {
    let hash = Sha256::digest(data);
    hash.iter().take(4).map(|b| format!("{b:02x}")).collect()
}

/// The bytes of a whole response that takes the place of another, after which the connection ends or not.
#[must_use]
pub fn encode(replacement: &Replacement, closes: bool) -> Vec<u8> {
    let Replacement { status, body, .. } = replacement;
    let mut text = format!("HTTP/1.1 {status} {}\r\n", reason(*status));
    let mut header = |name: &str, value: &str| {
        let _ = write!(text, "{name}: {value}\r\n");
    };
    for (name, value) in &replacement.headers {
        header(name, value);
    }
    if replacement.header("content-type").is_none() {
        header("content-type", replacement.content_type());
    }
    header("content-length", &body.len().to_string());
    if closes {
        header("connection", "close");
    }
    text += "\r\n";
    text += body;
    text.into_bytes()
}
