//! What is demanded of an application whose server's tools change.

use crate::invariant::{Invariant, Judge, Party, Seen, Severity, Verdict, View};
use crate::journal::{Event, Evidence, ServerName};

/// How long the tools may take to be asked for, in milliseconds: until then nobody is to blame for calling one.
const GRACE_MS: u64 = 1_000;
const LIST: &str = "tools/list";

/// `app-lists-again`.
pub(in crate::invariant) const LISTS_AGAIN: Invariant = Invariant {
    id: "app-lists-again",
    party: Party::Application,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[
        Evidence::Heads,
        Evidence::Bodies,
        Evidence::ServerTruth,
        Evidence::UserView,
        Evidence::Faults,
    ],
    demands: "an application that has listed a server's tools lists them again, before it calls one, when the server says that \
              they changed, and when it gets a new session at a server whose tools did change",
    forbids: "notifications/tools/list_changed arrives on a live stream; a minute later a tool is called, and the list is the \
              one from before; the second after the news is exempt, a call that was first sent in it, and what a fault or the user comes \
              between",
    judge: Judge::Client(|view| {
        let mut exercised = false;
        for (at, server, why) in told(view).into_iter().chain(found(view)) {
            let due_ms = view.ms(at) + GRACE_MS;
            let calls =
                |s: &&Seen| s.server == *server && s.request.rpc.iter().any(|r| r.tool.is_some());
            let mut later = view.requests_after(at).filter(calls);
            // What is sent again began when it was first sent.
            let begins = |s: &Seen| {
                let sent = |of| view.client.iter().find(|f| f.request.call == Some(of));
                view.ms(s.request.call.and_then(sent).unwrap_or(s).at)
            };
            let Some(call) = later.find(|s| begins(s) >= due_ms) else {
                continue;
            };
            if view.is_changed(at, view.ms(call.at)) || view.is_taken_away(server, at..call.at) {
                continue;
            }
            exercised = true;
            if !lists(view, server).any(|s| s.at > at && s.at < call.at) {
                let why = format!(
                    "{} follows, and the tools were not listed again since {why}",
                    call.what()
                );
                return Verdict::Violated { at: call.at, why };
            }
        }
        Verdict::of(exercised, None)
    }),
};

/// The requests for the tools of a server.
fn lists<'v>(view: &'v View<'_>, server: &'v ServerName) -> impl Iterator<Item = &'v Seen> {
    let of_server = view.client.iter().filter(move |s| s.server == *server);
    of_server.filter(|s| s.request.asks(LIST))
}

/// Something that makes a list old: the entry, the server, and what it was.
type News<'v> = (usize, &'v ServerName, &'static str);

/// Where the client was told that the tools changed, which had been listed by then.
fn told<'v>(view: &'v View<'_>) -> Vec<News<'v>> {
    let mut news = Vec::new();
    for seen in &view.client {
        for (at, rpc, _) in seen.messages() {
            let is_news = rpc.method.as_deref() == Some("notifications/tools/list_changed");
            if is_news && lists(view, &seen.server).any(|s| s.at < at) {
                news.push((at, &seen.server, "the server said that they changed"));
            }
        }
    }
    news
}

/// Where the client got a new session at a server whose tools had changed since it listed them last.
fn found<'v>(view: &'v View<'_>) -> Vec<News<'v>> {
    let changed = |server: &ServerName, by: usize| {
        view.entries[..by]
            .iter()
            .rposition(|e| matches!(&e.event, Event::ToolsChanged { server: s, .. } if s == server))
    };
    let mut news = Vec::new();
    // A client to which no result came has no new session.
    for opened in view.handshakes().filter(|h| h.settled.is_some()) {
        let Some(changed) = changed(opened.server, opened.answered) else {
            continue;
        };
        let before = lists(view, opened.server).filter(|s| s.at < opened.answered);
        let last = before.map(|s| s.at).max();
        if last.is_some_and(|last| last < changed) {
            news.push((
                opened.answered,
                opened.server,
                "a new session was opened at a server with other ones",
            ));
        }
    }
    news
}
