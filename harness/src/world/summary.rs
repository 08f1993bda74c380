//! From whole messages to the summaries that the journal keeps, and from a response value to its bytes. No state.

use sha2::{Digest, Sha256};
use stalemate_wire::{Request, Response, Rpc, RpcKind, header, reason, summarize};

use crate::journal::{CallId, Journal, Message, RequestSummary, ResponseSummary, SseSummary};
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
            let rpc = summarize(data.as_bytes());
            Message::Sse(SseSummary {
                id: event.id.clone(),
                retry_ms: event.retry_ms,
                bytes: data.len() as u64,
                comment: event.data.is_none() && event.id.is_none() && event.retry_ms.is_none(),
                call: answered(&rpc, data, journal),
                digest: rpc
                    .iter()
                    .any(|r| r.kind == RpcKind::Notification)
                    .then(|| digest(data)),
                rpc,
            })
        }
        Framed::End { clean } => Message::End { clean: *clean },
    }
}

fn request(request: &Request, journal: &Journal) -> RequestSummary {
    let header = |name| request.headers.get(name).map(str::to_owned);
    let rpc = summarize(&request.body);
    let call = rpc
        .iter()
        .any(|r| r.kind == RpcKind::Request && r.tool.is_some())
        .then(|| call_of(request, journal));
    RequestSummary {
        method: request.method.clone(),
        path: request.path.clone(),
        session: header(header::SESSION_ID),
        version: header(header::PROTOCOL_VERSION),
        cursor: header(header::LAST_EVENT_ID),
        accept: header(header::ACCEPT),
        bytes: request.body.len() as u64,
        rpc,
        call: call.flatten(),
    }
}

fn call_of(request: &Request, journal: &Journal) -> Option<CallId> {
    journal.call_in(&serde_json::from_slice(&request.body).ok()?)
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
    let rpc = summarize(&response.body);
    ResponseSummary {
        status: response.status,
        session: header(header::SESSION_ID),
        content_type: header(header::CONTENT_TYPE),
        stream,
        bytes: response.body.len() as u64,
        call: answered(&rpc, &String::from_utf8_lossy(&response.body), journal),
        rpc,
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
