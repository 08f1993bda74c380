//! A balancer: which of a server's replicas gets a request, and what it does to the messages, which is next to nothing.
//! The decision is a small state machine over header lists, [`Picker`]; connecting, and going on to the next replica
//! when one refuses, is the shell's.
//!
//! Not in here: weights, health checks, and remembering for a while that a replica refused (nginx's `fail_timeout`): each
//! request tries its replica anew, so that one that came back is used at once. Only a connection that could not be made
//! leads to the next replica; what a replica has been sent is not sent again, as nginx does with POST.

use std::collections::BTreeMap;

use stalemate_wire::{Headers, Request, Response, header, reason};

use super::headers::{chunk, end_to_end, forwarded_for, onward};
use super::nginx::TIMEOUT_MS;
use super::{
    BalancePolicy, ForwardRequest, Framing, HeadDecision, Hop, HopOptions, LogRecord, Release,
    Upstream, UpstreamFailure,
};

/// Which replica gets a request: the state of one running balancer for one server. Replicas are numbered from 0.
pub struct Picker {
    policy: BalancePolicy,
    replicas: usize,
    /// The next one in turn.
    next: usize,
    /// Which replica answered with which session id. It grows; nothing tells a balancer that a session has ended.
    known: BTreeMap<String, usize>,
}

impl Picker {
    /// A balancer that has seen nothing, before that many replicas, at least 1.
    #[must_use]
    pub fn new(policy: BalancePolicy, replicas: usize) -> Self {
        Self {
            policy,
            replicas: replicas.max(1),
            next: 0,
            known: BTreeMap::new(),
        }
    }

    /// The replicas that may get a request with these headers, all of them: the chosen one, then those that follow if it
    /// cannot be reached.
    pub fn pick(&mut self, request: &Headers) -> Vec<usize> {
        let session = request.get(header::SESSION_ID).unwrap_or_default();
        let first = match self.policy {
            BalancePolicy::RoundRobin => self.turn(),
            BalancePolicy::HeaderHash => hash(session) % self.replicas,
            BalancePolicy::Sticky => match self.known.get(session) {
                Some(replica) => *replica,
                None => self.turn(),
            },
        };
        (first..first + self.replicas)
            .map(|n| n % self.replicas)
            .collect()
    }

    /// That replica answered with these headers.
    pub fn answered(&mut self, replica: usize, response: &Headers) {
        let session = response.get(header::SESSION_ID).unwrap_or_default();
        if self.policy == BalancePolicy::Sticky && !session.is_empty() {
            self.known.insert(session.to_owned(), replica);
        }
    }

    fn turn(&mut self) -> usize {
        let turn = self.next;
        self.next = (turn + 1) % self.replicas;
        turn
    }
}

/// The hash of nginx's `hash` directive: 15 bits of the CRC-32.
fn hash(text: &str) -> usize {
    let crc = text.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1))
        })
    });
    ((!crc >> 16) & 0x7fff) as usize
}

/// What a balancer does to messages: it ends connections, says for whom it asks, and passes everything else on.
#[derive(Clone, Debug)]
pub struct Balancer {
    upstream: Upstream,
}

impl Balancer {
    /// A balancer with the time-outs of these options; the rest of them is nginx's.
    #[must_use]
    pub fn new(options: &HopOptions) -> Self {
        Self {
            upstream: Upstream::once(options, TIMEOUT_MS, TIMEOUT_MS),
        }
    }
}

impl Hop for Balancer {
    fn name(&self) -> &'static str {
        "balancer"
    }

    fn forward(&self, request: &ForwardRequest<'_>) -> Request {
        let mut headers = onward(request, &["x-forwarded-for"]);
        headers.push("X-Forwarded-For", forwarded_for(request));
        headers.push("Connection", "close");
        request.with(&request.request.path, headers)
    }

    fn upstream(&self) -> Upstream {
        self.upstream
    }

    fn on_failure(&self, failure: UpstreamFailure) -> Response {
        let status = failure.status();
        let body = format!("{status} {}\n", reason(status)).into_bytes();
        Response {
            status,
            headers: Headers::new()
                .with("Content-Type", "text/plain")
                .with("Content-Length", body.len().to_string()),
            body,
        }
    }

    fn on_head(&self, status: u16, headers: &Headers) -> HeadDecision {
        let mut forwarded: Headers = end_to_end(headers).collect();
        if let Framing::Chunked | Framing::UntilClose = Framing::of(status, headers) {
            chunk(&mut forwarded);
        }
        HeadDecision::Forward {
            status,
            headers: forwarded,
            release: Release::AtOnce,
        }
    }

    fn access_log(&self, _record: &LogRecord<'_>) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests;
