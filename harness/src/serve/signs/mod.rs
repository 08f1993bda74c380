//! What the wire shows of what a person was asked to do: whether their application has connected, has ended its session,
//! has called and was answered.

use std::collections::BTreeSet;

use serde_json::Value;
use stalemate_wire::{Method, Rpc, RpcKind};

use crate::journal::{CallId, Entry, Event, Exchange, Message, Side};

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// It was not sent, or not answered yet.
    Nothing,
    /// With a result.
    Answer,
    /// With a refusal, in words.
    Refusal(String),
}

/// A message at the client's end of a connection to that server.
fn messages<'e>(
    entries: &'e [Entry],
    server: &'e str,
) -> impl Iterator<Item = (Exchange, Side, &'e Message)> {
    entries.iter().filter_map(move |entry| match &entry.event {
        Event::Http {
            exchange,
            at,
            side,
            server: of,
            message,
            ..
        } if **of == *server && **at == *crate::journal::CLIENT => {
            Some((*exchange, *side, message))
        }
        _ => None,
    })
}

/// When something last passed the client's end, in milliseconds of the run.
pub(super) fn last_ms(entries: &[Entry], server: &str) -> Option<u64> {
    let is_message =
        |entry: &&Entry| matches!(&entry.event, Event::Http { server: of, .. } if **of == *server);
    entries.iter().rev().find(is_message).map(|e| e.at_ms)
}

/// What became of the last request that one of those messages is in.
fn came(entries: &[Entry], server: &str, is_it: impl Fn(&Rpc, Option<CallId>) -> bool) -> Came {
    let mut came = Came::Nothing;
    let mut exchanges: BTreeSet<Exchange> = BTreeSet::new();
    let mut ids: Vec<Value> = Vec::new();
    for (exchange, _, message) in messages(entries, server) {
        let rpc = match message {
            Message::Request(request) => {
                let of_it = request.rpc.iter().filter(|rpc| is_it(rpc, request.call));
                for rpc in of_it {
                    exchanges.insert(exchange);
                    ids.extend(rpc.id.clone());
                    // It is tried again: what came of it before is no longer the end of it.
                    came = Came::Nothing;
                }
                continue;
            }
            Message::Response(response) if exchanges.contains(&exchange) => {
                if response.status >= 400 {
                    let said = response.rpc.iter().find_map(|rpc| rpc.error.as_ref());
                    let said = said.map_or(String::new(), |error| format!(" {}", error.message));
                    came = Came::Refusal(format!("{}{said}", response.status));
                    continue;
                }
                &response.rpc
            }
            Message::Response(response) => &response.rpc,
            Message::Sse(event) => &event.rpc,
            Message::End { clean: false, .. } if exchanges.contains(&exchange) => {
                if came == Came::Nothing {
                    came = Came::Refusal("the connection broke".to_owned());
                }
                continue;
            }
            Message::End { .. } => continue,
        };
        for rpc in rpc {
            let is_its = rpc.id.as_ref().is_some_and(|id| ids.contains(id));
            match (rpc.kind, &rpc.error) {
                (RpcKind::Result, _) if is_its => came = Came::Answer,
                (RpcKind::Error, Some(error)) if is_its => {
                    came = Came::Refusal(error.message.clone());
                }
                _ => {}
            }
        }
    }
    came
}

/// What became of the last attempt to open a session.
pub(super) fn connected(entries: &[Entry], server: &str) -> Came {
    came(entries, server, |rpc, _| {
        rpc.method.as_deref() == Some("initialize")
    })
}

/// What became of a call: by its nonce, or where an application was not told to write that, by its tool.
pub(super) fn called(entries: &[Entry], server: &str, call: Option<CallId>, name: &str) -> Came {
    came(entries, server, |rpc, of| match of {
        Some(of) => Some(of) == call && rpc.kind == RpcKind::Request,
        None => rpc.tool.as_deref() == Some(name),
    })
}

/// Whether the client has ended a session, or tried to, and was answered.
pub(super) fn has_ended(entries: &[Entry], server: &str) -> bool {
    let mut ending = BTreeSet::new();
    messages(entries, server).any(|(exchange, _, message)| match message {
        Message::Request(request) if request.method == Method::Delete => {
            ending.insert(exchange);
            false
        }
        Message::Response(_) => ending.contains(&exchange),
        _ => false,
    })
}

/// The session ids in those entries, each once.
pub(super) fn session_ids(entries: &[Entry]) -> BTreeSet<String> {
    let ids = entries.iter().filter_map(|entry| match &entry.event {
        Event::SessionOpened { session, .. } => Some(session),
        Event::Http { message, .. } => match message {
            Message::Request(request) => request.session.as_ref(),
            Message::Response(response) => response.session.as_ref(),
            _ => None,
        },
        _ => None,
    });
    ids.cloned().collect()
}

#[cfg(test)]
mod tests;
