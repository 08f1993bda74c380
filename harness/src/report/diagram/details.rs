//! What is known of a row beyond its text: the head of a message and what of its body a record keeps. Session ids and tokens
//! are credentials and stand here by their names.

use std::fmt::Write as _;

use stalemate_wire::{Rpc, RpcKind};

use crate::invariant;
use crate::journal::{Entry, Event, Message, RequestSummary, ResponseSummary, SseSummary};
use crate::report::names::{Names, span};
use crate::report::words::fate;

/// How long a value may be, in characters.
const LONGEST: usize = 400;

/// Pairs of a name and a value.
pub(super) type Details = Vec<(&'static str, String)>;

/// The details of an entry's event.
pub(super) fn of_entry(entry: &Entry, names: &Names) -> Details {
    let mut all = vec![("at", span(entry.at_ms))];
    if let Event::Http {
        exchange,
        at,
        peer,
        message,
        object,
        ..
    } = &entry.event
    {
        all.push(("seen", format!("at {at}, on its connection with {peer}")));
        let (conn, ordinal) = (exchange.conn.0, exchange.ordinal + 1);
        all.push((
            "exchange",
            format!("request {ordinal} on connection c{conn}"),
        ));
        if let Some(object) = object {
            all.push(("client object", object.0.to_string()));
        }
        match message {
            Message::Request(request) => of_request(request, names, &mut all),
            Message::Response(response) => of_response(response, names, &mut all),
            Message::Sse(event) => of_event(event, &mut all),
            Message::End { clean, .. } => {
                let how = if *clean {
                    "as its framing promised"
                } else {
                    "before its end"
                };
                all.push(("body ends", how.to_owned()));
            }
        }
    }
    all.extend(fate(&entry.fate).map(|what| ("fault", what)));
    for (_, value) in &mut all {
        *value = names.without_ids(value);
        if let Some((end, _)) = value.char_indices().nth(LONGEST) {
            value.truncate(end);
            value.push('…');
        }
    }
    all
}

/// The details of an invariant.
pub(super) fn of_invariant(id: &str) -> Details {
    let Some(invariant) = invariant::get(id) else {
        return Vec::new();
    };
    vec![
        ("demands", invariant.demands.to_owned()),
        ("forbids", invariant.forbids.to_owned()),
        ("clauses", invariant.clauses.join(", ")),
    ]
}

fn session(id: Option<&String>, names: &Names) -> Option<String> {
    // An id that no row has shown yet has no name.
    let id = id?;
    Some(match names.number(id) {
        Some(number) => format!("S{number}"),
        None => "(an id that is not shown)".to_owned(),
    })
}

fn of_request(request: &RequestSummary, names: &Names, all: &mut Details) {
    let path = request.path.split('?').next().unwrap_or_default();
    all.push(("request", format!("{} {path}", request.method.as_str())));
    let mut head = |name, value: Option<String>| all.extend(value.map(|value| (name, value)));
    head("mcp-session-id", session(request.session.as_ref(), names));
    head("mcp-protocol-version", request.version.clone());
    head("accept", request.accept.clone());
    head("last-event-id", request.cursor.clone());
    let token = request.token.as_ref();
    head(
        "authorization",
        token.map(|token| format!("Bearer {token}")),
    );
    body(request.bytes, &request.rpc, all);
    all.extend(request.call.map(|call| ("for", format!("call {}", call.0))));
}

fn of_response(response: &ResponseSummary, names: &Names, all: &mut Details) {
    all.push(("status", response.status.to_string()));
    let session = session(response.session.as_ref(), names);
    all.extend(session.map(|value| ("mcp-session-id", value)));
    let kind = response.content_type.clone();
    all.extend(kind.map(|value| ("content-type", value)));
    if response.stream {
        all.push((
            "body",
            "a stream, whose events are rows of their own".to_owned(),
        ));
    } else {
        body(response.bytes, &response.rpc, all);
    }
}

fn of_event(event: &SseSummary, all: &mut Details) {
    all.extend(event.id.clone().map(|id| ("event id", id)));
    let retry = event.retry_ms;
    all.extend(retry.map(|ms| ("retry", format!("{ms} ms"))));
    body(event.bytes, &event.rpc, all);
}

fn body(bytes: u64, rpc: &[Rpc], all: &mut Details) {
    all.push(("body", format!("{bytes} bytes")));
    all.extend(rpc.iter().map(|rpc| ("message", message(rpc))));
}

/// What a record keeps of a JSON-RPC message.
fn message(rpc: &Rpc) -> String {
    let mut text = match rpc.kind {
        RpcKind::Request => "request",
        RpcKind::Notification => "notification",
        RpcKind::Result => "result",
        RpcKind::Error => "error",
    }
    .to_owned();
    let mut add = |what: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = write!(text, "\n{what}: {value}");
        }
    };
    add("method", rpc.method.clone());
    add("tool", rpc.tool.clone());
    add("id", rpc.id.as_ref().map(ToString::to_string));
    add("protocolVersion", rpc.revision.clone());
    let error = rpc.error.as_ref();
    add("code", error.map(|error| error.code.to_string()));
    add("text", error.map(|error| error.message.clone()));
    text
}
