//! Matching triggers against events. A response says nothing of its request, so a tracker remembers each exchange's
//! request. Deciding and counting are the plan's.

use std::collections::BTreeMap;

use crate::journal::{Event, Exchange, Message, RequestSummary, Side, is_process_of};
use crate::scenario::{Trigger, TriggerEvent};

/// Remembers the request of every exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracker {
    requests: BTreeMap<Exchange, RequestSummary>,
}

impl Tracker {
    /// Notes the event and returns the request of its exchange, if it has one.
    pub(super) fn see(&mut self, event: &Event) -> Option<RequestSummary> {
        let Event::Http {
            exchange, message, ..
        } = event
        else {
            return None;
        };
        if let Message::Request(request) = message {
            self.requests.insert(*exchange, request.clone());
        }
        self.requests.get(exchange).cloned()
    }
}

/// Whether the event is a sighting of the trigger. `request` is the request of the event's exchange.
pub(super) fn matches(trigger: &Trigger, event: &Event, request: &Option<RequestSummary>) -> bool {
    let at_matches = |name: &str| trigger.at.as_deref().is_none_or(|at| at == name);
    // A server of several processes stands for each of them.
    let at_server = |process: &str, server: &str| {
        at_matches(process) || (is_process_of(process, server) && at_matches(server))
    };
    match event {
        Event::Http {
            at,
            side,
            message,
            server,
            ..
        } => {
            let kind = match (message, side) {
                (Message::Request(_), Side::Sent) => TriggerEvent::RequestSent,
                (Message::Request(_), Side::Received) => TriggerEvent::RequestReceived,
                (Message::Response(_), Side::Sent) => TriggerEvent::ResponseSent,
                (Message::Response(_), Side::Received) => TriggerEvent::ResponseReceived,
                (Message::Sse(_), Side::Sent) => TriggerEvent::SseSent,
                (Message::Sse(_), Side::Received) => TriggerEvent::SseReceived,
                (Message::End { .. }, _) => return false,
            };
            let of_request =
                |wanted: &dyn Fn(&RequestSummary) -> bool| request.as_ref().is_some_and(wanted);
            kind == trigger.event
                && at_server(at, server)
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
                        r.rpc
                            .iter()
                            .any(|rpc| rpc.tool.as_deref() == Some(tool.as_str()))
                    })
                })
                && trigger
                    .status
                    .is_none_or(|s| matches!(message, Message::Response(r) if r.status == s))
        }
        Event::EffectCommitted {
            server, at, tool, ..
        } => {
            trigger.event == TriggerEvent::Effect
                && at_server(at, server)
                && trigger.tool.is_none_or(|t| t.as_str() == tool)
        }
        Event::SessionOpened { server, at, .. } => {
            trigger.event == TriggerEvent::SessionOpened && at_server(at, server)
        }
        _ => false,
    }
}
