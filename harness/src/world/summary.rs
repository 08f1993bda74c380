//! From whole messages to the summaries that the journal keeps, and from a response value to its bytes. No state.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use stalemate_wire::{Request, Response, Rpc, RpcKind, header, reason, summarize};

use crate::journal::{
    CallId, Journal, Message, Reading, RequestSummary, ResponseSummary, SseSummary,
};
use crate::world::framer::Framed;

/// The journal's account of a framed message.
#[must_use]
pub fn of(framed: &Framed, journal: &Journal) -> Message {
    match framed {
        Framed::Request(r) => Message::Request(request(r, journal)),
        Framed::Response(r) => Message::Response(response(r, false, journal)),
        Framed::StreamHead(r) => Message::Response(response(r, true, journal)),
        Framed::Sse(event) => {
            let data = event.data.as_deref().unwrap_or_default();
            let read = read(data.as_bytes(), journal);
            Message::Sse(SseSummary {
                id: event.id.clone(),
                retry_ms: event.retry_ms,
                bytes: data.len() as u64,
                comment: event.data.is_none() && event.id.is_none() && event.retry_ms.is_none(),
                call: read.answers,
                digest: read.digest.clone(),
                rpc: read.rpc.clone(),
            })
        }
        Framed::End { clean } => Message::End { clean: *clean },
    }
}

fn request(request: &Request, journal: &Journal) -> RequestSummary {
    let header = |name| request.headers.get(name).map(str::to_owned);
    let read = read(&request.body, journal);
    RequestSummary {
        method: request.method.clone(),
        path: request.path.clone(),
        session: header(header::SESSION_ID),
        version: header(header::PROTOCOL_VERSION),
        cursor: header(header::LAST_EVENT_ID),
        accept: header(header::ACCEPT),
        bytes: request.body.len() as u64,
        rpc: read.rpc.clone(),
        call: read.asks,
    }
}

/// What a body says. A message passes a tap at both ends of every link on its way, so it is read once and looked up
/// after that.
fn read(body: &[u8], journal: &Journal) -> Arc<Reading> {
    if body.is_empty() {
        return Arc::default();
    }
    if let Some(reading) = journal.reading_of(body) {
        return reading;
    }
    let rpc = summarize(body);
    let text = String::from_utf8_lossy(body);
    let is_call = |r: &Rpc| r.kind == RpcKind::Request && r.tool.is_some();
    let is_notification = |r: &Rpc| r.kind == RpcKind::Notification;
    let reading = Arc::new(Reading {
        asks: rpc
            .iter()
            .any(is_call)
            .then(|| journal.call_in(&serde_json::from_slice(body).ok()?))
            .flatten(),
        answers: answered(&rpc, &text, journal),
        digest: rpc.iter().any(is_notification).then(|| digest(&text)),
        rpc,
    });
    journal.keep_reading(body, &reading);
    reading
}

/// The driven call that a result speaks of, where it is one only.
fn answered(rpc: &[Rpc], text: &str, journal: &Journal) -> Option<CallId> {
    let is_result = rpc.iter().any(|r| r.kind == RpcKind::Result);
    is_result.then(|| journal.only_call_in_text(text)).flatten()
}

fn digest(data: &str) -> String {
    let hash = Sha256::digest(data);
    hash.iter().take(4).map(|b| format!("{b:02x}")).collect()
}

fn response(response: &Response, stream: bool, journal: &Journal) -> ResponseSummary {
    let header = |name| response.headers.get(name).map(str::to_owned);
    let read = read(&response.body, journal);
    ResponseSummary {
        status: response.status,
        session: header(header::SESSION_ID),
        content_type: header(header::CONTENT_TYPE),
        stream,
        bytes: response.body.len() as u64,
        call: read.answers,
        rpc: read.rpc.clone(),
    }
}

/// The bytes of a whole response with its length.
#[must_use]
pub fn encode(response: &Response) -> Vec<u8> {
    let mut head = format!(
        "HTTP/1.1 {} {}\r\n",
        response.status,
        reason(response.status)
    );
    for (name, value) in response.headers.iter() {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", response.body.len()));
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&response.body);
    bytes
}
