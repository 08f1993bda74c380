//! From whole messages to the summaries that the journal keeps, and from a replacement to its bytes. No state.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use stalemate_wire::{Request, Response, Rpc, RpcKind, header, reason, summarize};

use crate::journal::{
    CallId, Message, REPLACEMENT_TYPE, Replacement, RequestSummary, ResponseSummary, SseSummary,
    nonce,
};
use crate::process::framer::Framed;

/// The journal's account of a framed message.
#[must_use]
pub fn of(framed: &Framed) -> Message {
    match framed {
        Framed::Request(r) => Message::Request(Arc::new(request(r))),
        Framed::Response(r) => Message::Response(Arc::new(response(r, false))),
        Framed::StreamHead(r) => Message::Response(Arc::new(response(r, true))),
        Framed::Sse(event) => {
            let data = event.data.as_deref().unwrap_or_default();
            let read = Reading::of(data.as_bytes());
            Message::Sse(Arc::new(SseSummary {
                id: event.id.clone(),
                retry_ms: event.retry_ms,
                bytes: data.len() as u64,
                comment: event.data.is_none() && event.id.is_none() && event.retry_ms.is_none(),
                call: read.answers,
                digest: read.digest,
                rpc: read.rpc,
            }))
        }
        Framed::End { clean } => Message::End { clean: *clean },
    }
}

fn request(request: &Request) -> RequestSummary {
    let header = |name| request.headers.get(name).map(str::to_owned);
    let read = Reading::of(&request.body);
    RequestSummary {
        method: request.method.clone(),
        path: request.path.clone(),
        session: header(header::SESSION_ID),
        version: header(header::PROTOCOL_VERSION),
        cursor: header(header::LAST_EVENT_ID),
        accept: header(header::ACCEPT),
        bytes: request.body.len() as u64,
        rpc: read.rpc,
        call: read.asks,
    }
}

fn response(response: &Response, stream: bool) -> ResponseSummary {
    let header = |name| response.headers.get(name).map(str::to_owned);
    let read = Reading::of(&response.body);
    ResponseSummary {
        status: response.status,
        session: header(header::SESSION_ID),
        content_type: header(header::CONTENT_TYPE),
        stream,
        bytes: response.body.len() as u64,
        call: read.answers,
        rpc: read.rpc,
    }
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
        let has = |kind: RpcKind| rpc.iter().any(|r| r.kind == kind);
        let is_call = |r: &Rpc| r.kind == RpcKind::Request && r.tool.is_some();
        Self {
            asks: rpc
                .iter()
                .any(is_call)
                .then(|| nonce::call_in(&serde_json::from_slice(body).ok()?))
                .flatten(),
            answers: has(RpcKind::Result)
                .then(|| nonce::only_call_in(&String::from_utf8_lossy(body)))
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

/// The bytes of a whole response that takes the place of another.
#[must_use]
pub fn encode(replacement: &Replacement) -> Vec<u8> {
    let Replacement { status, body } = replacement;
    let (reason, length) = (reason(*status), body.len());
    format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: {REPLACEMENT_TYPE}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
