//! What the tests of streams ask of the shell besides.

use serde_json::Value;
use stalemate::server::{Input, Key};
use stalemate_wire::{Request, sse};

use super::{Got, Server, get, initialize, post, slow_call};

pub(crate) const LATEST: &str = "2025-11-25";
pub(crate) const CHANGED: &str = "notifications/tools/list_changed";

pub(crate) fn events(got: &Got) -> Vec<sse::Event> {
    let mut decoder = sse::Decoder::new();
    decoder.push(&got.body);
    let events = std::iter::from_fn(|| decoder.next_event()).map(|(event, _)| event);
    events.collect()
}

/// The ids of an exchange's events.
pub(crate) fn ids(server: &Server, key: Key) -> Vec<String> {
    let events = events(&server.got[&key]).into_iter();
    events.map(|e| e.id.unwrap_or_default()).collect()
}

/// The messages on an exchange: methods of notifications, ids of answers.
pub(crate) fn messages(server: &Server, key: Key) -> Vec<String> {
    let events = events(&server.got[&key]).into_iter();
    let data = events.filter_map(|e| e.data).filter(|d| !d.is_empty());
    data.map(|d| serde_json::from_str(&d).expect("a message"))
        .map(|m: Value| match m["method"].as_str() {
            Some(method) => method.to_owned(),
            None => m["id"].to_string(),
        })
        .collect()
}

pub(crate) fn versioned(mut request: Request, revision: &str) -> Request {
    request.headers.push("mcp-protocol-version", revision);
    request
}

pub(crate) fn resuming(session: &str, cursor: &str) -> Request {
    let mut request = versioned(get(Some(session)), LATEST);
    request.headers.push("last-event-id", cursor);
    request
}

impl Server {
    pub(crate) fn open_latest(&mut self) -> String {
        let got = self.post(None, &initialize(LATEST));
        got.header("mcp-session-id").expect("an id").to_owned()
    }

    pub(crate) fn call(&mut self, session: &str, body: &Value) -> Key {
        self.request(versioned(post(Some(session), body), LATEST)).0
    }

    pub(crate) fn slow_call(&mut self, session: &str, id: u64, ms: u64) -> Key {
        self.call(session, &slow_call(id, ms))
    }

    pub(crate) fn stream(&mut self, session: &str) -> Key {
        self.request(versioned(get(Some(session)), LATEST)).0
    }

    pub(crate) fn resume(&mut self, session: &str, cursor: &str) -> Key {
        self.request(resuming(session, cursor)).0
    }

    pub(crate) fn abort(&mut self, key: Key) {
        self.input(Input::Aborted { key });
    }
}
