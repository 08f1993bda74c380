//! What a client owes its server: an answer to its pings.

use stalemate_wire::RpcKind;

use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict, View};
use crate::journal::{Action, Evidence, ServerName};

/// How soon a ping is answered, in milliseconds.
const ANSWERED_WITHIN_MS: u64 = 10_000;

/// `cli-answers-ping`.
pub(in crate::invariant) const ANSWERS_PING: Invariant = Invariant {
    id: "cli-answers-ping",
    party: Party::Client,
    severity: Severity::Must,
    clauses: &["PING-01"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::ClientObjects,
        Evidence::UserView,
        Evidence::ServerTruth,
        Evidence::Faults,
    ],
    demands: "a ping that reached the client is answered with an empty result within 10 s, in the same session",
    forbids: "the server asks on the stream whether its client is there, hears nothing, and ends the session of a client that \
              is well; a session that ends meanwhile, and a network that is disturbed, are exempt",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        let mut found: Option<(usize, String)> = None;
        for stream in &view.client {
            let pings = stream.messages().filter(|(_, rpc, _)| {
                rpc.kind == RpcKind::Request && rpc.method.as_deref() == Some("ping")
            });
            for (at, ping, _) in pings {
                let session = session(stream);
                let answer = view.requests_after(at).find(|s| {
                    let mut messages = s.request.rpc.iter();
                    let is_own = s.object == stream.object && s.session() == session;
                    is_own && messages.any(|r| r.method.is_none() && r.id == ping.id)
                });
                let in_time = answer.filter(|s| view.ms(s.at) - view.ms(at) <= ANSWERED_WITHIN_MS);
                let answer_in = |s: &'_ Seen| {
                    let mut messages = s.request.rpc.iter();
                    let found = messages.find(|r| r.method.is_none() && r.id == ping.id);
                    found.map(|r| (r.kind, r.empty))
                };
                let why = match in_time.and_then(answer_in) {
                    Some((RpcKind::Result, true)) => {
                        exercised = true;
                        continue;
                    }
                    Some((RpcKind::Result, false)) => {
                        "a ping is answered with more than an empty result"
                    }
                    Some(_) => "a ping is answered with an error",
                    None if is_excused(view, stream, session, at) => continue,
                    None => "a ping is not answered within 10 s",
                };
                if found.as_ref().is_none_or(|(earliest, _)| at < *earliest) {
                    found = Some((at, why.to_owned()));
                }
            }
        }
        Verdict::of(exercised, found)
    }),
};

/// The session that a stream belongs to.
fn session(stream: &Seen) -> Option<&str> {
    stream.session().or_else(|| Some(stream.given()?.1))
}

/// Whether something else kept the client from answering what came at an entry: the session ended, the network was disturbed,
/// the user took the connector away, or the run was over.
fn is_excused(view: &View<'_>, stream: &Seen, session: Option<&str>, at: usize) -> bool {
    let due_ms = view.ms(at) + ANSWERED_WITHIN_MS;
    let last = view.entries.len() - 1;
    let due = view.entries.partition_point(|e| e.at_ms <= due_ms);
    view.ms(last) < due_ms
        || view.is_out(at)
        || view.is_changed(at + 1, due_ms)
        || session.is_some_and(|id| view.is_ended(&stream.server, id, due))
        || is_left(view, &stream.server, at, due)
        || is_refused(view, stream, session, due)
}

/// Whether the user did something between two entries that ends the use of a client object, or was at it already: who leaves
/// answers nothing any more.
fn is_left(view: &View<'_>, server: &ServerName, at: usize, due: usize) -> bool {
    let leaves = [
        Action::Disconnect,
        Action::Delete,
        Action::NewConversation,
        Action::OpenIncognito,
        Action::OpenNormal,
    ];
    let mut acted = leaves.into_iter().flat_map(|action| view.actions(action));
    acted.any(|(began, ended, of)| of.is_none_or(|of| of == server) && began < due && ended >= at)
}

/// Whether the server refused a request of the session by then, so that the client may have given it up.
fn is_refused(view: &View<'_>, stream: &Seen, session: Option<&str>, due: usize) -> bool {
    let mut own = view.client.iter().filter(|s| s.object == stream.object);
    own.any(|s| s.session() == session && matches!(s.status_before(due), Some(400 | 404 | 410)))
}
