//! Which of several upstream servers gets a request, and which the next one when it fails: nginx's `upstream` block with
//! servers of one weight, read from the source of nginx 1.22.1 and measured against it. A small state machine over header
//! lists and times; connecting and sending are the shell's.
//!
//! Not in here: weights, backups, `max_conns`, `slow_start` and active health checks. `sticky` is no part of the free
//! nginx: as there, a server that failed is left out for a while.

use std::collections::BTreeMap;

use stalemate_wire::marks::took;
use stalemate_wire::{Headers, Method, header};

use super::{BalancePolicy, UpstreamFailure};

/// `max_fails`, where it is not chosen.
pub const MAX_FAILS: u32 = 1;
/// `fail_timeout` in milliseconds, where it is not chosen.
pub const FAIL_TIMEOUT_MS: u64 = 10_000;
/// How often a hash is made anew before turns are taken instead.
const REHASHES: u32 = 20;

/// When a server counts as failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fails {
    /// So many failures leave a server out (`max_fails`); 0 leaves out none.
    pub max: u32,
    /// For that long, in milliseconds (`fail_timeout`). nginx counts in whole seconds, and so does this.
    pub timeout_ms: u64,
}

impl Default for Fails {
    fn default() -> Self {
        Self {
            max: MAX_FAILS,
            timeout_ms: FAIL_TIMEOUT_MS,
        }
    }
}

/// One server, of weight 1.
#[derive(Clone, Copy, Debug, Default)]
struct Peer {
    current_weight: i64,
    effective_weight: i64,
    fails: u32,
    /// When it last failed, and when it was last tried after that; both in seconds.
    failed_s: u64,
    checked_s: u64,
}

/// The state of one running hop for one server of the scenario. Its processes are numbered from 0.
pub struct Upstreams {
    policy: BalancePolicy,
    fails: Fails,
    peers: Vec<Peer>,
    /// Which process answered with which session id. It grows; nothing tells a balancer that a session has ended.
    known: BTreeMap<String, usize>,
}

/// What one request has tried so far. No `Debug`: it has a session id.
pub struct Attempts {
    session: String,
    /// How many more may be tried.
    left: usize,
    tried: Vec<bool>,
    hash: usize,
    rehashes: u32,
    hashed: u32,
}

impl Upstreams {
    /// A hop that has seen nothing, before that many processes, at least 1.
    #[must_use]
    pub fn new(policy: BalancePolicy, fails: Fails, processes: usize) -> Self {
        let peer = Peer {
            effective_weight: 1,
            ..Peer::default()
        };
        Self {
            policy,
            fails,
            peers: vec![peer; processes.max(1)],
            known: BTreeMap::new(),
        }
    }

    /// A request with these headers has tried nothing.
    #[must_use]
    pub fn begin(&self, request: &Headers) -> Attempts {
        let session = request.get(header::SESSION_ID).unwrap_or_default();
        Attempts {
            session: session.to_owned(),
            left: self.peers.len(),
            tried: vec![false; self.peers.len()],
            hash: 0,
            rehashes: 0,
            hashed: 0,
        }
    }

    /// The process to ask next; `None` if there is nobody left who is not out.
    pub fn next(&mut self, attempts: &mut Attempts, now_ms: u64) -> Option<usize> {
        let now_s = now_ms / 1000;
        if self.peers.len() == 1 {
            return Some(0);
        }
        let chosen = match self.policy {
            BalancePolicy::RoundRobin => None,
            BalancePolicy::HeaderHash => self.hashed(attempts, now_s),
            BalancePolicy::Sticky => self
                .known
                .get(&attempts.session)
                .copied()
                .filter(|peer| self.can_be_asked(*peer, attempts, now_s)),
        };
        let Some(peer) = chosen.or_else(|| self.turn(attempts, now_s)) else {
            took("hop", "no process is left to ask");
            return None;
        };
        attempts.tried[peer] = true;
        let timeout_s = self.fails.timeout_ms / 1000;
        let checked_s = &mut self.peers[peer].checked_s;
        if now_s - *checked_s > timeout_s {
            *checked_s = now_s;
        }
        Some(peer)
    }

    /// That process failed. Returns whether the request is to be tried again, elsewhere or on a connection of its own: not
    /// if it may have run and is not safe to repeat (`proxy_next_upstream error timeout`, without `non_idempotent`).
    pub fn failed(
        &mut self,
        attempts: &mut Attempts,
        peer: usize,
        failure: Failed,
        now_ms: u64,
    ) -> bool {
        if self.peers.len() == 1 {
            attempts.left = 0;
        } else {
            let max = self.fails.max;
            let failing = &mut self.peers[peer];
            failing.fails += 1;
            failing.failed_s = now_ms / 1000;
            failing.checked_s = now_ms / 1000;
            if max > 0 {
                failing.effective_weight = (failing.effective_weight - 1 / i64::from(max)).max(0);
            }
            attempts.left = attempts.left.saturating_sub(1);
        }
        // That a connection was kept too long says nothing of the server's health.
        if failure.was_kept && failure.how == UpstreamFailure::ClosedBeforeHead {
            took("hop", "a kept connection was dead, and counts for nothing");
            attempts.left += 1;
        }
        let again = attempts.left > 0 && (!failure.was_sent() || failure.is_idempotent);
        took(
            "hop",
            match (again, attempts.left > 0) {
                (true, _) => "a failed request is tried again",
                (false, true) => "a failed request may have run, and is not tried again",
                (false, false) => "a failed request has nobody left to be tried with",
            },
        );
        again
    }

    /// That process answered with these headers.
    pub fn answered(&mut self, peer: usize, response: &Headers) {
        let session = response.get(header::SESSION_ID).unwrap_or_default();
        if self.policy == BalancePolicy::Sticky && !session.is_empty() {
            self.known.insert(session.to_owned(), peer);
        }
        // Once it has been tried after its failure, and was there.
        let peer = &mut self.peers[peer];
        if peer.failed_s < peer.checked_s {
            if peer.fails > 0 {
                took("hop", "a process that was out answers again");
            }
            peer.fails = 0;
        }
    }

    fn can_be_asked(&self, peer: usize, attempts: &Attempts, now_s: u64) -> bool {
        let Peer {
            fails, checked_s, ..
        } = self.peers[peer];
        let is_out = self.fails.max > 0
            && fails >= self.fails.max
            && now_s - checked_s <= self.fails.timeout_ms / 1000;
        !attempts.tried[peer] && !is_out
    }

    /// The one whose turn it is: smooth weighted round robin.
    fn turn(&mut self, attempts: &Attempts, now_s: u64) -> Option<usize> {
        let mut best: Option<usize> = None;
        let mut total = 0;
        for n in 0..self.peers.len() {
            if !self.can_be_asked(n, attempts, now_s) {
                continue;
            }
            let peer = &mut self.peers[n];
            peer.current_weight += peer.effective_weight;
            total += peer.effective_weight;
            // One that failed regains its weight.
            peer.effective_weight = (peer.effective_weight + 1).min(1);
            let weight = peer.current_weight;
            if best.is_none_or(|b| weight > self.peers[b].current_weight) {
                best = Some(n);
            }
        }
        self.peers[best?].current_weight -= total;
        best
    }

    /// By the hash of the session id, made anew while it leads to somebody who was asked or is out. No id has no hash.
    fn hashed(&self, attempts: &mut Attempts, now_s: u64) -> Option<usize> {
        if attempts.session.is_empty() {
            return None;
        }
        while attempts.hashed <= REHASHES {
            let key = match attempts.rehashes {
                0 => attempts.session.clone(),
                n => format!("{n}{}", attempts.session),
            };
            attempts.hash += hash(&key);
            attempts.rehashes += 1;
            let peer = attempts.hash % self.peers.len();
            if self.can_be_asked(peer, attempts, now_s) {
                return Some(peer);
            }
            took("hop", "a hash leads to a process that is out");
            attempts.hashed += 1;
        }
        None
    }
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    /// How.
    pub how: UpstreamFailure,
    /// Whether the connection had been kept from an earlier request.
    pub was_kept: bool,
    /// Whether the request may be sent twice.
    pub is_idempotent: bool,
}

impl Failed {
    /// Whether the upstream may have got the request.
    fn was_sent(self) -> bool {
        !matches!(
            self.how,
            UpstreamFailure::Refused | UpstreamFailure::ConnectTimeout
        )
    }
}

/// Whether nginx takes a request of that method for safe to repeat: all but POST, LOCK and PATCH.
#[must_use]
pub fn is_idempotent(method: &Method) -> bool {
    !matches!(method.as_str(), "POST" | "LOCK" | "PATCH")
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

#[cfg(test)]
mod tests;
