//! What a client may do without harm: being refused, and going away.

use crate::invariant::{Invariant, Judge, Over, Party, Seen, Severity, Verdict, View};
use crate::journal::{Event, Evidence, Fate, ProcessName, ServerName, SessionEnd};

/// `srv-survives-its-clients`.
pub(in crate::invariant) const SURVIVES_CLIENTS: Invariant = Invariant {
    id: "srv-survives-its-clients",
    party: Party::Server,
    severity: Severity::Policy,
    clauses: &["policy"],
    needs: &[Evidence::Heads, Evidence::ServerTruth, Evidence::Faults],
    demands: "a refused request ends no session, and no client's request or departure ends the server's process",
    forbids: "a client whose stream broke asks for another one, is refused with 409, and loses its session by that; or one \
              client hangs up during a call, and the process dies with everybody's sessions",
    judge: Judge::Server(|view, server, received| {
        let refused = |status: Option<u16>| status.is_some_and(|s| (400..500).contains(&s));
        let has_left = |s: &Seen| {
            let over = s.over.is_some_and(|(_, how)| how != Over::Clean);
            s.failed.is_some() || over
        };
        let exercised = received
            .iter()
            .any(|s| s.session().is_some() && (refused(s.status()) || has_left(s)));
        // One that a refusal opened and ended was nobody's.
        let was_used = |id: &str, at: usize| {
            let mut before = received.iter().filter(|s| s.at < at);
            before.any(|s| s.session() == Some(id))
        };
        let found = view.entries.iter().enumerate().find_map(|(at, entry)| {
            let why = match &entry.event {
                Event::SessionEnded {
                    server: of,
                    session,
                    cause: SessionEnd::RefusalKilledIt,
                    ..
                } if of == server && was_used(session, at) => {
                    "a refusal destroys a session that lived".to_owned()
                }
                Event::ProcessDown { process, cause }
                    if is_own_doing(view, server, process, at) =>
                {
                    format!("the process dies of a request ({cause})")
                }
                _ => return None,
            };
            Some((at, why))
        });
        Verdict::of(exercised, found)
    }),
};

/// Whether a process of the server ended with no fault on it: nothing else ends a process but itself.
fn is_own_doing(view: &View<'_>, server: &ServerName, process: &ProcessName, at: usize) -> bool {
    let is_of_server = view.cast.server_of(process) == Some(server);
    let mut before = view.entries[..at].iter().rev();
    // What had struck an earlier life of the process is over.
    let mut this_life = before
        .by_ref()
        .take_while(|e| !matches!(&e.event, Event::ProcessUp { process: up } if up == process));
    let was_struck = this_life.any(|e| {
        let halted = matches!(&e.fate, Fate::Halt(of) if of == process);
        halted || matches!(&e.event, Event::FaultBegan { on, .. } if on.contains(process))
    });
    is_of_server && !was_struck
}
