//! Journals made by hand: what a server suffers from its clients, and what it does to itself.

use super::*;

const ID: &str = "srv-survives-its-clients";

/// A server that opens a session for whoever it refuses, and ends it with that, takes nothing from anybody.
#[test]
fn a_refusal_ends_no_session_that_was_used() {
    for (destroyed, is_harm) in [("S", true), ("T", false)] {
        let mut made = Made::default();
        made.session("S", None);
        made.session("T", None);
        made.served("GET", Some("S"), 409, None);
        made.session(destroyed, Some(SessionEnd::RefusalKilledIt));
        let ended = made.last();
        // The id comes again, and is nothing any more.
        made.served("tools/call", Some(destroyed), 404, None);
        if is_harm {
            made.breaks(ID, ended);
        } else {
            made.holds(ID);
        }
    }
}

#[test]
fn a_session_of_that_name_at_another_server_is_its_business() {
    let mut made = Made::default();
    made.served("GET", Some("S"), 409, None);
    made.server = Some("bluesky");
    made.session("S", Some(SessionEnd::RefusalKilledIt));
    made.holds(ID);
    made.server = None;
    made.session("S", Some(SessionEnd::RefusalKilledIt));
    made.breaks(ID, made.last());
}

/// What happens to a process after a client has hung up.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Dies {
    OfItself,
    /// A fault struck it.
    OfAFault,
    /// A fault struck its earlier life.
    OfItselfAfterAFault,
    /// The plan stopped it in what it did.
    OfThePlan,
    /// Another server's process does.
    Elsewhere,
}

/// A process that ends with no fault on it has itself to thank for that.
#[test]
fn nobody_but_itself_ends_a_process_that_no_fault_struck() {
    for dies in [
        Dies::OfItself,
        Dies::OfAFault,
        Dies::OfItselfAfterAFault,
        Dies::OfThePlan,
        Dies::Elsewhere,
    ] {
        let mut made = Made::default();
        made.served("GET", Some("S"), 409, None);
        let memory = made.server();
        let struck = |made: &mut Made| {
            let on = vec![made.server()];
            let fault = "crash".to_owned();
            made.note(Event::FaultBegan { fault, on });
        };
        match dies {
            Dies::OfItself => {}
            Dies::OfAFault => struck(&mut made),
            Dies::OfItselfAfterAFault => {
                struck(&mut made);
                let process = memory.clone();
                made.note(Event::ProcessUp { process });
            }
            Dies::OfThePlan => {
                let answered = made.last();
                made.entries[answered].fate = Fate::Halt(memory.clone());
            }
            Dies::Elsewhere => made.server = Some("bluesky"),
        }
        let (process, cause) = (made.server(), "killed".to_owned());
        let down = made.note(Event::ProcessDown { process, cause });
        match dies {
            Dies::OfItself | Dies::OfItselfAfterAFault => made.breaks(ID, down),
            Dies::OfAFault | Dies::OfThePlan | Dies::Elsewhere => {
                made.server = None;
                made.holds(ID);
            }
        }
    }
}
