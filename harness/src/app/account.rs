//! What the calls and outages of a run come to so far: a fold that goes on as entries come, so that a long run is not
//! read again at each of its calls.

use std::collections::BTreeMap;

use serde_json::Value;
use stalemate_wire::RpcKind;

use crate::journal::{
    Action, CallId, CallOutcome, Entry, Event, Message, ObjectId, Outages, ProcessName, ServerName,
};

/// A call that ended otherwise than ok and had not begun during an outage, with the entry at which it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failed {
    server: ServerName,
    ended: usize,
}

/// What the wire has shown of a call that has not ended.
#[derive(Clone, Debug, Default)]
struct Open {
    /// Its requests: which client object sent each, and under which id.
    asked: Vec<(ObjectId, Value)>,
    /// Whether a result of one of them has come.
    is_answered: bool,
}

/// The fold.
#[derive(Clone, Debug, Default)]
pub struct Account {
    outages: Outages,
    /// Calls that run, did not begin during an outage, and whose user let them run.
    running: BTreeMap<CallId, ServerName>,
    failed: Vec<Failed>,
    /// The calls that have not ended.
    open: BTreeMap<CallId, Open>,
    /// Whether any tool's call was seen on its way: then each that is sent is.
    sees_calls: bool,
}

impl Account {
    /// Takes the entry at that position into account, which follows those that it has seen.
    pub fn see(&mut self, at: usize, entry: &Entry) {
        self.outages.see(at, entry);
        match &entry.event {
            Event::CallBegan {
                call,
                server,
                during_outage,
                ..
            } => {
                self.open.insert(*call, Open::default());
                if !during_outage {
                    self.running.insert(*call, server.clone());
                }
            }
            Event::Http {
                object: Some(object),
                message,
                ..
            } => self.see_message(*object, message),
            Event::CallEnded { call, outcome } => {
                self.open.remove(call);
                let running = self.running.remove(call);
                if let Some(server) = running.filter(|_| *outcome != CallOutcome::Ok) {
                    self.failed.push(Failed { server, ended: at });
                }
            }
            // Who takes a connector away takes what runs on it away.
            Event::UserActed {
                action: Action::Disconnect | Action::Delete,
                server: Some(server),
                ..
            } => self.running.retain(|_, of| of != server),
            _ => {}
        }
    }

    /// Takes note of what a client object sent or got.
    fn see_message(&mut self, object: ObjectId, message: &Message) {
        let rpc = match message {
            Message::Request(request) => {
                if let Some(call) = request.call {
                    self.sees_calls |= request.rpc.iter().any(|r| r.tool.is_some());
                    // What is sent again later is of no call that somebody waits for.
                    if let Some(open) = self.open.get_mut(&call) {
                        let ids = request.rpc.iter().filter_map(|r| r.id.clone());
                        open.asked.extend(ids.map(|id| (object, id)));
                    }
                }
                return;
            }
            Message::Response(response) => &response.rpc,
            Message::Sse(event) => &event.rpc,
            Message::End { .. } => return,
        };
        for result in rpc.iter().filter(|r| r.kind == RpcKind::Result) {
            let is_of =
                |(by, id): &(ObjectId, Value)| *by == object && Some(id) == result.id.as_ref();
            let mut open = self.open.values_mut();
            if let Some(open) = open.find(|open| open.asked.iter().any(is_of)) {
                open.is_answered = true;
            }
        }
    }

    /// Whether no result of that call has come to the client object that asked for it, so that what it hands on as one is none.
    /// Known until the call has ended. A tool's call that was never sent has none; of a request of another kind, whose nonce a
    /// client may leave out, that cannot be told.
    #[must_use]
    pub fn lacks_result(&self, call: CallId, is_tool: bool) -> bool {
        self.open.get(&call).is_some_and(|open| {
            let is_expected = !open.asked.is_empty() || (is_tool && self.sees_calls);
            is_expected && !open.is_answered
        })
    }

    /// Whether something on the path is out now.
    #[must_use]
    pub fn is_out(&self, path: &[ProcessName]) -> bool {
        self.outages.is_out(path)
    }

    /// Whether nothing that happens from here on can be called transparent: since the last fault began, a call ended
    /// otherwise than ok that was in flight then, or began after it. Calls that began during an outage count as lost, not
    /// against it. What happened before the last fault does not count: the same fault is judged alike, whatever came before.
    /// Where there was no fault, every such call counts.
    #[must_use]
    pub fn is_spoilt(&self, server: &ServerName, path: &[ProcessName]) -> bool {
        let last = self.outages.last_began(path);
        let mut of_server = self.failed.iter().filter(|f| f.server == *server);
        of_server.any(|call| last.is_none_or(|last| call.ended > last))
    }
}
