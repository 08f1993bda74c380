//! Our own records, read as a log of what the client's side of the path saw.

use std::collections::BTreeMap;

use super::hit::Hit;
use crate::journal::{Event, Exchange, Message, Record, RequestSummary, Role, Side};

/// Hands on each exchange of a record with the number of the line that its answer stands on. It is seen where the clients
/// are; in a record of a server alone, there.
pub fn read(record: &Record, mut each: impl FnMut(u64, &Hit<'_>)) {
    let clients = record
        .cast
        .members
        .iter()
        .filter(|m| m.role == Role::Client);
    let clients: Vec<&str> = clients.map(|m| &*m.process).collect();
    let seen = |at: &str| {
        record
            .entries
            .iter()
            .any(|e| matches!(&e.event, Event::Http { at: place, .. } if **place == *at))
    };
    let from_clients = clients.iter().any(|c| seen(c));
    let mut asked: BTreeMap<Exchange, &RequestSummary> = BTreeMap::new();
    for (n, entry) in record.entries.iter().enumerate() {
        let Event::Http {
            exchange,
            at,
            side,
            peer,
            message,
            ..
        } = &entry.event
        else {
            continue;
        };
        let here = match from_clients {
            true => clients.contains(&&**at),
            false => record.cast.role(at) == Some(Role::Server),
        };
        let outward = (*side == Side::Sent) == from_clients;
        if !here {
            continue;
        }
        match message {
            Message::Request(request) if outward => {
                asked.insert(*exchange, request);
            }
            Message::Response(answer) if !outward => {
                let Some(request) = asked.remove(exchange) else {
                    continue;
                };
                let rpc = request.rpc.first().and_then(|r| r.method.as_deref());
                let hit = Hit {
                    at_ms: i64::try_from(entry.at_ms).ok(),
                    peer: None,
                    method: request.method.as_str(),
                    path: &request.path,
                    status: answer.status,
                    bytes: (!answer.stream).then_some(answer.bytes),
                    session: request.session.as_deref(),
                    given: answer.session.as_deref(),
                    accept: request.accept.as_deref(),
                    upstream_status: Some(answer.status),
                    upstream: from_clients.then_some(&**peer),
                    rpc,
                };
                // The header is the first line.
                each(n as u64 + 2, &hit);
            }
            _ => {}
        }
    }
}
