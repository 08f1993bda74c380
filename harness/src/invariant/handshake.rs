//! More of what judgements ask of a view: handshakes, and who was up. It holds no opinion.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use stalemate_wire::{Revision, Rpc};

use crate::invariant::seen::Seen;
use crate::invariant::view::View;
use crate::journal::{Entry, Event, ObjectId, ServerName, SessionEnd};

/// What a client object learned from a successful `initialize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshake<'a> {
    /// The object.
    pub object: Option<ObjectId>,
    /// The server.
    pub server: &'a ServerName,
    /// The entry at which the response, or the head of its stream, came.
    pub answered: usize,
    /// The id, if one was given (SES-01).
    pub id: Option<&'a str>,
    /// The entry at which the result came; `None` if it was lost.
    pub settled: Option<usize>,
    /// The revision that was settled on; `None` if it is none with sessions, or the result was lost.
    pub revision: Option<Revision>,
}

/// Whether a process ends at an entry.
fn is_end(entry: &Entry, of: &str) -> bool {
    matches!(&entry.event, Event::ProcessDown { process, .. } if **process == *of)
}

impl View<'_> {
    /// When an entry was made, in milliseconds.
    #[must_use]
    pub fn ms(&self, at: usize) -> u64 {
        self.entries[at].at_ms
    }

    /// The client's successful handshakes, in order of their requests.
    pub fn handshakes(&self) -> impl DoubleEndedIterator<Item = Handshake<'_>> {
        let requests = self.initializes.iter().map(|n| &self.client[*n]);
        requests.filter_map(|seen| {
            let (answered, response) = seen.response.as_ref()?;
            // The result of another request settles nothing.
            let own = |r: &Rpc| r.id.is_none() || seen.asked_for(r);
            let mut messages = seen.messages().filter(|(_, r, _)| own(r));
            let settled = messages.find_map(|(at, r, _)| Some((at, r.revision.as_deref()?)));
            (response.status < 300).then(|| Handshake {
                object: seen.object,
                server: &seen.server,
                answered: *answered,
                id: response.session.as_deref(),
                settled: settled.map(|(at, _)| at),
                revision: settled.and_then(|(_, revision)| Revision::parse(revision)),
            })
        })
    }

    /// The handshakes that follow another one of the same client object with the same server, each behind the one that it
    /// follows, in order of their requests.
    pub fn successions(&self) -> impl Iterator<Item = (Handshake<'_>, Handshake<'_>)> {
        let mut last: BTreeMap<(Option<ObjectId>, &ServerName), Handshake<'_>> = BTreeMap::new();
        self.handshakes().filter_map(move |second| {
            let first = last.insert((second.object, second.server), second);
            first.map(|first| (first, second))
        })
    }

    /// The revision of the session with that id.
    #[must_use]
    pub fn revision_of(&self, id: &str) -> Option<Revision> {
        self.handshake_of(id)?.revision
    }

    /// The handshake that opened the session with that id.
    #[must_use]
    pub fn handshake_of(&self, id: &str) -> Option<Handshake<'_>> {
        self.handshakes().find(|h| h.id == Some(id))
    }

    /// Whether the token of a request was good when it left; `None` at a server that asks for none.
    #[must_use]
    pub fn token_is_good(&self, seen: &Seen) -> Option<bool> {
        let issued = self.entries.iter().filter_map(|e| match &e.event {
            Event::TokenIssued {
                server,
                token,
                good_until_ms,
            } if *server == seen.server => Some((token, *good_until_ms)),
            _ => None,
        });
        let mut issued = issued.peekable();
        issued.peek()?;
        let now_ms = self.ms(seen.at);
        Some(issued.any(|(name, until)| {
            seen.request.token.as_ref() == Some(name) && until.is_none_or(|until| now_ms < until)
        }))
    }

    /// Whether any process or link is out just before an entry.
    #[must_use]
    pub fn is_out(&self, at: usize) -> bool {
        self.outages.was_out(at)
    }

    /// Whether anything that the client asked in a session had succeeded before an entry. Until then it is being opened.
    #[must_use]
    pub fn was_of_use(&self, id: &str, before: usize) -> bool {
        let mut within = self.client.iter().filter(|s| s.session() == Some(id));
        within.any(|s| s.status_before(before).is_some_and(|status| status < 300))
    }

    /// Whether the network broke off the handshake of a session: by the end of these entries nothing that the client asked
    /// in it was answered, and something was out among them, so that it may have tried to end the session unseen.
    #[must_use]
    pub fn broke_off(&self, id: &str, entries: Range<usize>) -> bool {
        let mut within = self.client.iter().filter(|s| s.session() == Some(id));
        let was_answered = within.any(|s| s.status_before(entries.end).is_some());
        !was_answered && entries.clone().any(|at| self.is_out(at))
    }

    /// How many sessions of a process live at an entry, as it told of them, those aside that somebody left behind.
    #[must_use]
    pub fn sessions_at_work(&self, process: &str, at: usize) -> usize {
        let mut live = BTreeSet::new();
        for entry in &self.entries[..at] {
            match &entry.event {
                Event::SessionOpened {
                    at, session, left, ..
                } if **at == *process && !left => {
                    live.insert(session);
                }
                Event::SessionEnded { at, session, .. } if **at == *process => {
                    live.remove(session);
                }
                _ => {}
            }
        }
        live.len()
    }

    /// Whether a process received two requests in one life.
    #[must_use]
    pub fn is_one_life(&self, one: &Seen, other: &Seen) -> bool {
        let between = one.at.min(other.at)..one.at.max(other.at);
        one.process == other.process
            && !self.entries[between]
                .iter()
                .any(|e| is_end(e, &one.process))
    }

    /// Whether a process opens a session, or ends one, in the life in which it received a request.
    #[must_use]
    pub fn has_sessions_in_life(&self, seen: &Seen) -> bool {
        let is_end = |e: &&Entry| is_end(e, &seen.process);
        let before = self.entries[..seen.at].iter().rev();
        let after = self.entries[seen.at..].iter();
        let mut of_life = before
            .take_while(|e| !is_end(e))
            .chain(after.take_while(|e| !is_end(e)));
        of_life.any(|e| match &e.event {
            Event::SessionOpened { at, .. } => *at == seen.process,
            // Those that end with a process are of the life before.
            Event::SessionEnded { at, cause, .. } => {
                *at == seen.process && *cause != SessionEnd::ProcessEnded
            }
            _ => false,
        })
    }

    /// How long before an entry something last broke, healed, went down or came up, in milliseconds; since the beginning
    /// if nothing did.
    #[must_use]
    pub fn quiet_ms(&self, at: usize) -> u64 {
        let before = self.changes.partition_point(|n| *n < at);
        let last = self.changes[..before].last();
        self.ms(at) - last.map_or(0, |n| self.ms(*n))
    }

    /// Whether a server's session had ended by an entry. Of a real server it is known that its process ended, which may
    /// be less.
    #[must_use]
    pub fn is_ended(&self, server: &ServerName, id: &str, by: usize) -> bool {
        let mut last = self.entries[..by].iter().rev();
        last.find_map(|e| match &e.event {
            Event::SessionOpened {
                server: s, session, ..
            } if s == server && session == id => Some(false),
            Event::SessionEnded {
                server: s, session, ..
            } if s == server && session == id => Some(true),
            Event::ProcessDown { process, .. } if self.lives_in(process, server, id) => Some(true),
            _ => None,
        })
        .unwrap_or(false)
    }

    /// Whether a process gave that id of a server's session; of an id that none gave, whether it is one of the server's.
    fn lives_in(&self, process: &str, server: &ServerName, id: &str) -> bool {
        let received = self.servers.get(server).into_iter().flatten();
        let mut gave = received.filter(|s| s.given().is_some_and(|(_, given)| given == id));
        match gave.next() {
            Some(first) => *first.process == *process || gave.any(|s| *s.process == *process),
            None => self.cast.is_process_of(process, server),
        }
    }
}
