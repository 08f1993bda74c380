//! Triggers: patterns on the journal, and matching them against events. A response says nothing of its request, so a
//! tracker remembers each exchange's request. Deciding and counting are the plan's.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::journal::{Action, Cast, Event, Exchange, Fate, Message, RequestSummary, Side};
use crate::server::Tool;

/// A fault that fires when something is seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Injection {
    /// Its line, from 1.
    pub line: u64,
    /// What must be seen.
    pub when: Trigger,
    /// Which of the sightings fires it, from 1.
    pub nth: u32,
    /// What happens then.
    pub fate: Fate,
    /// At how many sightings, from the `nth` on; `None` for one, or for all of them where `until` says when it ends.
    pub times: Option<u32>,
    /// Until when it fires at every sighting, in calm too if that comes later.
    pub until: Option<Until>,
}

/// When a fault that fires at every sighting stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// When calm first begins.
    Calm,
    /// When the user first does that.
    Acts(Action),
    /// Never.
    End,
}

/// A pattern on the journal. Every part that is given must match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trigger {
    /// The kind of event.
    pub event: TriggerEvent,
    /// The process at which it is seen, or the server whose event it is.
    pub at: Option<String>,
    /// The HTTP method of the exchange's request: POST, GET or DELETE.
    pub method: Option<String>,
    /// The JSON-RPC method, e.g. `tools/call`.
    pub rpc: Option<String>,
    /// The tool.
    pub tool: Option<Tool>,
    /// The status of a response.
    pub status: Option<u16>,
    /// What the user does.
    pub action: Option<Action>,
}

/// The kinds of event that a trigger can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerEvent {
    /// A request leaves.
    #[default]
    RequestSent,
    /// A request arrives.
    RequestReceived,
    /// A response, or a stream's head, leaves.
    ResponseSent,
    /// A response, or a stream's head, arrives.
    ResponseReceived,
    /// An event of a stream leaves.
    SseSent,
    /// An event of a stream arrives.
    SseReceived,
    /// A tool's effect has been committed, and the server has not gone on yet: no fate takes it back.
    Effect,
    /// A session has been opened, and the server has not gone on yet.
    SessionOpened,
    /// The user is about to do something to a connector or the page.
    UserActs,
}

impl TriggerEvent {
    /// Every kind with its name in scenarios.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::RequestSent, "request-sent"),
        (Self::RequestReceived, "request-received"),
        (Self::ResponseSent, "response-sent"),
        (Self::ResponseReceived, "response-received"),
        (Self::SseSent, "sse-sent"),
        (Self::SseReceived, "sse-received"),
        (Self::Effect, "effect"),
        (Self::SessionOpened, "session-opened"),
        (Self::UserActs, "user-acts"),
    ];

    /// The name in scenarios.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let named = Self::ALL.into_iter().find(|(event, _)| *event == self);
        named.map_or("", |(_, name)| name)
    }

    /// The kind of an event; `None` of one that is no injection point.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Http { message, side, .. } => match (message, side) {
                (Message::Request(_), Side::Sent) => Self::RequestSent,
                (Message::Request(_), Side::Received) => Self::RequestReceived,
                (Message::Response(_), Side::Sent) => Self::ResponseSent,
                (Message::Response(_), Side::Received) => Self::ResponseReceived,
                (Message::Sse(_), Side::Sent) => Self::SseSent,
                (Message::Sse(_), Side::Received) => Self::SseReceived,
                (Message::End { .. }, _) => return None,
            },
            Event::EffectCommitted { .. } => Self::Effect,
            // What others have open is only told of: nothing happens there that a fault could strike.
            Event::SessionOpened {
                for_others: false, ..
            } => Self::SessionOpened,
            Event::UserActed { .. } => Self::UserActs,
            _ => return None,
        })
    }
}

/// Remembers the request of every exchange that may still be asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracker {
    requests: BTreeMap<Exchange, Arc<RequestSummary>>,
}

impl Tracker {
    /// Notes the event and returns the request of its exchange, if it has one.
    pub(super) fn see(&mut self, event: &Event) -> Option<Arc<RequestSummary>> {
        let Event::Http {
            exchange, message, ..
        } = event
        else {
            return None;
        };
        if let Message::Request(request) = message {
            self.requests.insert(*exchange, Arc::clone(request));
        }
        self.requests.get(exchange).cloned()
    }
}

/// Whether the event is a sighting of the trigger. `request` is the request of the event's exchange.
pub(super) fn matches(
    trigger: &Trigger,
    event: &Event,
    request: Option<&RequestSummary>,
    cast: &Cast,
) -> bool {
    if TriggerEvent::of(event) != Some(trigger.event) {
        return false;
    }
    let is_at = |name: &str| trigger.at.as_deref().is_none_or(|at| at == name);
    // A server of several processes stands for each of them.
    let is_at_process = |process: &str| {
        is_at(process) || cast.server_of(process).is_some_and(|server| is_at(server))
    };
    let has_tool = |tool: &str| trigger.tool.is_none_or(|t| t.as_str() == tool);
    match event {
        Event::Http { at, message, .. } => {
            let of_request = |wanted: &dyn Fn(&RequestSummary) -> bool| request.is_some_and(wanted);
            is_at_process(at)
                && trigger
                    .method
                    .as_deref()
                    .is_none_or(|m| of_request(&|r| r.method.as_str() == m))
                && trigger
                    .rpc
                    .as_deref()
                    .is_none_or(|m| of_request(&|r| r.asks(m)))
                && trigger.tool.is_none_or(|tool| {
                    of_request(&|r| {
                        let mut tools = r.rpc.iter().filter_map(|rpc| rpc.tool.as_deref());
                        tools.any(|t| t == tool.as_str())
                    })
                })
                && trigger
                    .status
                    .is_none_or(|s| matches!(message, Message::Response(r) if r.status == s))
        }
        Event::EffectCommitted { at, tool, .. } => is_at_process(at) && has_tool(tool),
        Event::SessionOpened { at, .. } => is_at_process(at),
        Event::UserActed { action, server, .. } => {
            trigger.action.is_none_or(|a| a == *action)
                && server.as_deref().map_or(trigger.at.is_none(), is_at)
        }
        _ => false,
    }
}
