//! The journal as judgements want it: exchanges put together from their messages, and questions that several invariants
//! ask. It holds no opinion.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use stalemate_wire::Method;

use crate::invariant::exchanges::Exchanges;
use crate::invariant::fates::Fates;
use crate::invariant::seen::{Relayed, Seen, entry_after};
use crate::invariant::told::Told;
use crate::journal::{
    Action, CallOutcome, Cast, ConnId, Delivery, Entry, Event, ObjectId, Outages, ProcessName,
    Rung, ServerName, climbs,
};

fn beside(entry: &Entry) -> Option<ObjectId> {
    match entry.event {
        Event::ObjectMade { object, nth, .. } if nth > 1 => Some(object),
        _ => None,
    }
}

/// What a run is judged from.
pub struct View<'a> {
    told: &'a Told<'a>,
    /// Who took part.
    pub cast: &'a Cast,
    /// The journal, with a mark wherever something came that had been held up.
    pub entries: &'a [Entry],
    /// The exchanges of the client's own connections, in order of their requests.
    pub client: Vec<Seen>,
    /// The exchanges that each server's processes received, in order of their requests.
    pub servers: BTreeMap<ServerName, Vec<Seen>>,
    /// What each hop passed on, in order of the requests that it received.
    pub hops: BTreeMap<ProcessName, Vec<Relayed>>,
    /// What became of the sessions of each server, once that is asked for.
    fates: BTreeMap<ServerName, OnceCell<Fates>>,
    /// What was out, and when.
    pub(super) outages: Outages,
    /// The entries at which something broke, healed, went down or came up.
    pub(super) changes: Vec<usize>,
    /// Which of the client's exchanges begin with `initialize`.
    pub(super) initializes: Vec<usize>,
    /// The entry at which each connection was opened.
    opened: BTreeMap<ConnId, usize>,
    /// The entry at which each connection ended, as who had dialled it saw it.
    pub(super) closed: BTreeMap<ConnId, usize>,
    /// The user's client objects beside the first of a server.
    beside: BTreeSet<ObjectId>,
}

impl<'a> View<'a> {
    /// The view of a record.
    #[must_use]
    pub fn new(told: &'a Told<'_>) -> Self {
        let (cast, entries) = (&*told.record.cast, &told.record.entries[..]);
        let is_change = |e: &Entry| {
            let of_process = matches!(
                e.event,
                Event::FaultBegan { .. }
                    | Event::FaultHealed { .. }
                    | Event::ProcessUp { .. }
                    | Event::ProcessDown { .. }
            );
            of_process || !e.fate.is_go()
        };
        let entries_with = |wanted: &dyn Fn(&Entry) -> bool| {
            let numbered = entries.iter().enumerate();
            numbered
                .filter(|(_, e)| wanted(e))
                .map(|(at, _)| at)
                .collect()
        };
        let opened = entries
            .iter()
            .enumerate()
            .filter_map(|(at, e)| match &e.event {
                Event::ConnOpened { conn, .. } => Some((*conn, at)),
                _ => None,
            });
        let closed = entries.iter().enumerate();
        let closed = closed.filter_map(|(at, e)| match &e.event {
            Event::ConnEnded { conn, .. } => Some((*conn, at)),
            _ => None,
        });
        let exchanges = Exchanges::of(cast, entries);
        let mut client = exchanges.sent_by(|process| cast.is_client(process));
        keep_endpoints(&mut client);
        let initializes = client.iter().enumerate();
        let initializes = initializes.filter(|(_, s)| s.request.asks("initialize"));
        let mut servers = exchanges.servers(cast);
        servers.values_mut().for_each(keep_endpoints);
        let fates = servers.keys();
        Self {
            told,
            cast,
            entries,
            hops: exchanges.hops(entries),
            fates: fates.map(|s| (s.clone(), OnceCell::new())).collect(),
            servers,
            initializes: initializes.map(|(n, _)| n).collect(),
            client,
            outages: Outages::of(entries),
            changes: entries_with(&is_change),
            opened: opened.collect(),
            closed: closed.collect(),
            beside: entries.iter().filter_map(beside).collect(),
        }
    }

    /// Where an entry is in the record that was told.
    pub(super) fn entry_of_record(&self, at: usize) -> usize {
        self.told.entry_of_record(at)
    }

    /// Whether a client object is one that the user has beside the first of a server, and that no window or page of the
    /// application shows.
    pub(super) fn is_beside(&self, object: Option<ObjectId>) -> bool {
        object.is_some_and(|object| self.beside.contains(&object))
    }

    /// What became of the sessions of a server of the cast.
    pub(super) fn fates(&self, server: &ServerName) -> &Fates {
        self.fates[server].get_or_init(|| Fates::of(self.entries, server, &self.servers[server]))
    }

    /// The entries of the user's actions of that kind: where each began and ended, and the connector.
    pub fn actions(
        &self,
        wanted: Action,
    ) -> impl Iterator<Item = (usize, usize, Option<&'a ServerName>)> + use<'a> {
        let entries = self.entries;
        entries.iter().enumerate().filter_map(move |(at, entry)| match &entry.event {
            Event::UserActed { action, server, .. } if *action == wanted => {
                let end = entries[at..].iter().position(
                    |e| matches!(&e.event, Event::UserActionEnded { action, server: s, .. } if *action == wanted && s == server),
                );
                let ended = end.map_or(entries.len(), |n| at + n);
                // Of a user who was held up it is their doing that counts, not their intention.
                let began = match entry.fate.delivery() {
                    Delivery::After(ms) => entry_after(entries, at, ms).unwrap_or(ended),
                    _ => at,
                };
                Some((began, ended, server.as_ref()))
            }
            _ => None,
        })
    }

    /// Where the user takes a connector away, by disconnecting or deleting it: each where that began and ended.
    pub fn taken_away(&self, server: &ServerName) -> impl Iterator<Item = (usize, usize)> {
        let actions = [Action::Disconnect, Action::Delete].into_iter();
        let all = actions.flat_map(|action| self.actions(action));
        all.filter_map(move |(began, ended, of)| (of == Some(server)).then_some((began, ended)))
    }

    /// Whether the user began to take a connector away in that range of entries.
    #[must_use]
    pub fn is_taken_away(&self, server: &ServerName, during: Range<usize>) -> bool {
        let mut all = self.taken_away(server);
        all.any(|(began, _)| during.contains(&began))
    }

    /// Whether something broke, healed, went down or came up from an entry on, and not later than that time in milliseconds.
    #[must_use]
    pub fn is_changed(&self, from: usize, until_ms: u64) -> bool {
        let mut since = self.changes.iter().skip_while(|n| **n < from);
        since.next().is_some_and(|n| self.ms(*n) <= until_ms)
    }

    /// The client's requests that begin after an entry.
    pub fn requests_after(&self, at: usize) -> impl Iterator<Item = &Seen> {
        self.client.iter().filter(move |s| s.at > at)
    }

    /// The session ids that the client's requests to a server carried, or were given, before an entry.
    #[must_use]
    pub fn ids_before(&self, server: &ServerName, at: usize) -> Vec<&str> {
        let mut ids = Vec::new();
        for seen in self.client.iter().filter(|s| s.server == *server) {
            let given = seen
                .response
                .as_ref()
                .filter(|(r, _)| *r < at)
                .and_then(|(_, r)| r.session.as_deref());
            let carried = seen.session().filter(|_| seen.at < at);
            for id in [given, carried].into_iter().flatten() {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        ids
    }

    /// Where the user gave up the call that a request is of.
    #[must_use]
    pub fn gave_up(&self, seen: &Seen) -> Option<usize> {
        let of = seen.request.call?;
        self.entries.iter().position(|e| {
            matches!(&e.event, Event::CallEnded { call, outcome: CallOutcome::GivenUp(_) } if *call == of)
        })
    }

    /// Whether a request that left after an entry was begun before it all the same: its connection was being dialled for it
    /// at that moment, or it follows a redirect of a request that was, or that left in the same millisecond. A dial takes a
    /// round trip at the least.
    #[must_use]
    pub fn was_on_its_way(&self, seen: &Seen, at: usize) -> bool {
        if let Some(first) = self.redirected(seen) {
            return self.ms(first.at) <= self.ms(at) || self.was_on_its_way(first, at);
        }
        if seen.exchange.ordinal != 0 {
            return false;
        }
        let opened = self.opened.get(&seen.exchange.conn).filter(|n| **n >= at);
        let round_trip_later = self.entries[at].at_ms + 2 * self.cast.latency_ms;
        opened.is_some_and(|n| self.entries[*n].at_ms < round_trip_later)
    }

    /// The request that was answered with a redirect which this one follows: it has the same messages.
    fn redirected(&self, seen: &Seen) -> Option<&Seen> {
        let mut before = self.client.iter().rev().skip_while(|s| s.at >= seen.at);
        before.find(|s| {
            s.object == seen.object
                && matches!(s.status_before(seen.at), Some(301 | 302 | 307 | 308))
                && s.request.method == seen.request.method
                && s.request.rpc == seen.request.rpc
                && !seen.request.rpc.is_empty()
        })
    }

    /// Whether a request belongs to a call that had begun before an entry and runs when it leaves, on the same client object,
    /// as far as can be told: it is of no other call, and the user has not connected again meanwhile.
    #[must_use]
    pub fn is_of_call_before(&self, seen: &Seen, before: usize) -> bool {
        let connects = |e: &Entry| {
            matches!(&e.event, Event::UserActed { action: Action::Connect | Action::Add, server: Some(server), .. }
                if *server == seen.server)
        };
        if self.entries[before..seen.at].iter().any(connects) {
            return false;
        }
        let mut running = BTreeSet::new();
        for (at, entry) in self.entries[..seen.at].iter().enumerate() {
            match &entry.event {
                Event::CallBegan { call, server, .. } if at < before && *server == seen.server => {
                    running.insert(*call);
                }
                Event::CallEnded { call, .. } => {
                    running.remove(call);
                }
                _ => {}
            }
        }
        if let Some(call) = seen.request.call {
            return running.contains(&call);
        }
        let mut own = self.client.iter().filter(|s| s.object == seen.object);
        own.any(|s| s.request.call.is_some_and(|call| running.contains(&call)))
    }

    /// Whether a server gave the id between two entries: given anew, it is no id from before.
    #[must_use]
    pub fn given_between(
        &self,
        server: &ServerName,
        id: &str,
        after: usize,
        before: usize,
    ) -> bool {
        self.client.iter().any(|s| {
            let given = s
                .given()
                .filter(|(_, given)| s.server == *server && *given == id);
            given.is_some_and(|(at, _)| at > after && at < before)
        })
    }

    /// Where no client could have got anywhere: the entries that say so, with those that it is due to, and those of them that
    /// are full.
    pub fn no_progress(
        &self,
    ) -> impl Iterator<Item = (usize, &'a [String], &'a [String])> + use<'a> {
        let entries = self.entries.iter().enumerate();
        entries.filter_map(|(at, entry)| match &entry.event {
            Event::NoProgress { blamed, full, .. } => Some((at, &blamed[..], &full[..])),
            _ => None,
        })
    }

    /// The climbs in which a right client needed more than a retry: at which entry that is told, and the servers that refused it a
    /// handshake.
    pub fn refusing(&self) -> impl Iterator<Item = (usize, &[String])> {
        let entries = self.entries.iter().enumerate();
        entries.filter_map(|(at, e)| match &e.event {
            Event::RightNeeds { refusing, .. } => Some((at, &refusing[..])),
            _ => None,
        })
    }

    /// The climbs in which a client could get anywhere: where each ended, the rung, and the one that a right client needed.
    pub fn rungs(&self) -> impl Iterator<Item = (usize, Rung, Rung)> + use<'a> {
        climbs(self.entries).filter_map(|climb| Some((climb.at, climb.rung?, climb.right)))
    }
}

/// Whether a status to a request is a refusal. A GET or a DELETE answered 405 is none: the server offers no stream, or
/// lets nobody end sessions (GET-03, SES-10).
#[must_use]
pub fn is_refusal(method: &Method, status: u16) -> bool {
    status >= 400 && !(matches!(method, Method::Get | Method::Delete) && status == 405)
}

/// Whether a status to a request with an id says that the id is what was refused: 404, 410, and 400 because nothing else
/// is wrong with the requests of a right client. Every other status keeps the id.
#[must_use]
pub fn refuses_id(status: u16) -> bool {
    matches!(status, 400 | 404 | 410)
}

/// Leaves out what is sent to other paths of a server than the endpoint, where one is known by an `initialize`: how to log in is
/// asked for there, and that is no business of a session.
fn keep_endpoints(seen: &mut Vec<Seen>) {
    let initializes = seen.iter().filter(|s| s.request.asks("initialize"));
    let endpoints: BTreeSet<(ServerName, String)> = initializes
        .map(|s| (s.server.clone(), s.request.path.clone()))
        .collect();
    let is_known = |server: &ServerName| endpoints.iter().any(|(of, _)| of == server);
    seen.retain(|s| {
        !is_known(&s.server) || endpoints.contains(&(s.server.clone(), s.request.path.clone()))
    });
}
