//! Journals made by hand: a server of two processes behind a balancer, each of which knows its own sessions only.

use stalemate::journal::{
    ConnId, Exchange, Message, RequestSummary, ResponseSummary, Role, ServerName, Side,
};

use super::*;
use crate::made::{SERVER, member, named, response};

const ID: &str = "hop-session-affinity";
const HOP: &str = "nginx";
/// The process that opens the session, and the other one.
const FIRST: &str = SERVER;
const SECOND: &str = "memory-2";

/// Both processes, and no session yet.
fn processes() -> Made {
    Made::with(member(SECOND, Role::Server, Some(SERVER)))
}

/// A process opens the session S.
fn opens_at(made: &mut Made, process: &str) {
    let opened = response(200, Some("S"), b"");
    leads(made, process, named("initialize", None), opened);
}

fn opens(made: &mut Made) {
    opens_at(made, FIRST);
}

fn balanced() -> Made {
    let mut made = processes();
    opens(&mut made);
    made
}

fn http(exchange: Exchange, at: &str, side: Side, message: &Message) -> Event {
    Event::Http {
        exchange,
        at: Arc::from(at),
        peer: Arc::from("elsewhere"),
        side,
        object: None,
        server: ServerName::from(SERVER),
        message: message.clone(),
    }
}

/// The balancer leads a request to a process, which answers it. Returns where it arrived there.
fn leads(made: &mut Made, to: &str, asked: RequestSummary, answered: ResponseSummary) -> usize {
    let [parent, child] = [0, 1].map(|nth| Exchange {
        conn: ConnId(u32::try_from(made.entries.len() + nth).expect("few")),
        ordinal: 0,
    });
    let asked = Message::Request(Arc::new(asked));
    let answered = Message::Response(Arc::new(answered));
    let at = Arc::from(HOP);
    made.note(http(parent, HOP, Side::Received, &asked));
    made.note(Event::Forwarded { at, parent, child });
    made.note(http(child, HOP, Side::Sent, &asked));
    let came = made.note(http(child, to, Side::Received, &asked));
    made.note(http(child, to, Side::Sent, &answered));
    made.note(http(child, HOP, Side::Received, &answered));
    made.note(http(parent, HOP, Side::Sent, &answered));
    came
}

/// A call in the session S is led to a process, which answers it with that status.
fn calls(made: &mut Made, to: &str, status: u16) -> usize {
    let asked = named("tools/call", Some("S"));
    leads(made, to, asked, response(status, None, b""))
}

/// Where the processes share their sessions, any of them will do; and the one that has it may refuse it.
#[test]
fn a_request_goes_to_the_process_that_has_the_session() {
    for (to, status, is_astray) in [
        (SECOND, 404, true),
        (SECOND, 400, true),
        (SECOND, 200, false),
        (SECOND, 503, false),
        (FIRST, 200, false),
        (FIRST, 404, false),
    ] {
        let mut made = balanced();
        let came = calls(&mut made, to, status);
        if is_astray {
            made.breaks(ID, came);
        } else {
            made.holds(ID);
        }
    }
}

/// A session that nobody has can be led nowhere; that another one ended says nothing.
#[test]
fn a_request_in_a_session_that_has_ended_does_not_go_astray() {
    for (ended, is_astray) in [("S", false), ("T", true)] {
        let mut made = balanced();
        made.session(ended, Some(SessionEnd::Expired));
        let came = calls(&mut made, SECOND, 404);
        if is_astray {
            made.breaks(ID, came);
        } else {
            made.holds(ID);
        }
    }
}

/// Nobody says of a real server that its sessions ended with the process that had them.
#[test]
fn nor_does_one_whose_process_was_restarted() {
    for (restarted, is_astray) in [(FIRST, false), (SECOND, true)] {
        let mut made = balanced();
        made.restarts(restarted);
        let came = calls(&mut made, SECOND, 404);
        if is_astray {
            made.breaks(ID, came);
        } else {
            made.holds(ID);
        }
    }
}

/// What came before an id was given was in no session of this server's.
#[test]
fn an_id_is_no_session_before_it_is_given() {
    for is_given in [true, false] {
        let mut made = if is_given { balanced() } else { processes() };
        let came = calls(&mut made, SECOND, 404);
        if is_given {
            made.breaks(ID, came);
        } else {
            opens(&mut made);
            made.holds(ID);
        }
    }
}

/// That an id is given anew later, elsewhere too, changes nothing of what was asked before.
#[test]
fn an_id_may_be_given_anew_by_another_process() {
    for is_given_anew in [true, false] {
        let mut made = balanced();
        let came = calls(&mut made, SECOND, 404);
        if is_given_anew {
            opens_at(&mut made, SECOND);
        }
        made.breaks(ID, came);
        let served = "srv-live-session-is-served";
        assert_eq!(made.verdict(served), Verdict::NotExercised);
        // From there on the session is the second one's.
        calls(&mut made, SECOND, 404);
        if is_given_anew {
            made.is_violated(served);
        } else {
            assert_eq!(made.verdict(served), Verdict::NotExercised);
        }
    }
}
