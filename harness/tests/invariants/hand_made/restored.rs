//! Journals made by hand: whether a client that had its stream open when a fault came has one again, as both ends see it.

use stalemate::journal::{Exchange, Message, Phase, ResponseSummary, Side};

use super::*;
use crate::made::named;

const ID: &str = "cli-stream-restored";

/// What the server receives or sends of an exchange.
fn at_server(made: &mut Made, exchange: Exchange, side: Side, message: Message) {
    let (at, server) = (made.server(), made.server());
    made.note(Event::Http {
        exchange,
        at,
        peer: Arc::from("client"),
        side,
        object: None,
        server,
        message,
    });
}

/// The client asks for a stream, and the server opens it.
fn listens(made: &mut Made, id: &str) -> Exchange {
    let head = || ResponseSummary {
        stream: true,
        ..response(200, None, b"")
    };
    let exchange = made.asks("GET", Some(id));
    let asked = Message::Request(Arc::new(named("GET", Some(id))));
    at_server(made, exchange, Side::Received, asked);
    let answered = Message::Response(Arc::new(head()));
    at_server(made, exchange, Side::Sent, answered);
    made.answers(exchange, head());
    exchange
}

/// A stream is open, a fault comes, and what the client sees of it.
fn struck(sees: bool) -> Made {
    let mut made = Made::default();
    made.opens("S1");
    let stream = listens(&mut made, "S1");
    made.note(Event::FaultBegan {
        fault: "restart".to_owned(),
        on: Vec::new(),
    });
    let process = made.server();
    let cause = "stopped".to_owned();
    made.note(Event::ProcessDown { process, cause });
    let process = made.server();
    made.note(Event::ProcessUp { process });
    if sees {
        made.heard_all(stream, false);
    }
    made
}

/// The climb, and the time after it: what the client does before and in it.
fn climbs(mut made: Made, before: &dyn Fn(&mut Made), after: &dyn Fn(&mut Made)) -> Made {
    before(&mut made);
    made.climbed(Rung::Retry);
    after(&mut made);
    made.wait(40_000);
    let server = made.server();
    made.note(Event::Phase(Phase::Settled { server }));
    made
}

fn nothing(_: &mut Made) {}

fn is_exempt(made: &Made) {
    assert_eq!(made.verdict(ID), Verdict::NotExercised);
}

#[test]
fn a_stream_that_a_fault_ends_is_opened_again() {
    let opens = |made: &mut Made| {
        listens(made, "S1");
    };
    climbs(struck(true), &opens, &nothing).holds(ID);
    climbs(struck(true), &nothing, &opens).holds(ID);
    let neither = climbs(struck(true), &nothing, &nothing);
    neither.breaks(ID, neither.last());
    let closes_again = |made: &mut Made| {
        let stream = listens(made, "S1");
        made.heard_all(stream, true);
    };
    climbs(struck(true), &closes_again, &nothing).is_violated(ID);
}

/// Who heard nothing of the end of its stream cannot know that it has to open another.
#[test]
fn a_client_that_was_not_told_of_the_end_is_exempt() {
    is_exempt(&climbs(struck(false), &nothing, &nothing));
    climbs(struck(true), &nothing, &nothing).is_violated(ID);
}

/// To ask after the climb is enough, and so is to wait for an answer still.
#[test]
fn who_asks_for_a_stream_need_not_get_it() {
    let is_refused = |made: &mut Made| made.exchange("GET", Some("S1"), 503);
    let gets_no_stream = |made: &mut Made| made.exchange("GET", Some("S1"), 200);
    let waits = |made: &mut Made| {
        made.asks("GET", Some("S1"));
    };
    let is_cut_off = |made: &mut Made| {
        let asked = made.asks("GET", Some("S1"));
        made.closed(asked);
    };
    let all: [Case<'_>; 4] = [
        (&is_refused, false),
        (&gets_no_stream, false),
        (&is_cut_off, false),
        (&waits, true),
    ];
    for (asks, waits_on) in all {
        is_exempt(&climbs(struck(true), &nothing, asks));
        let before = climbs(struck(true), asks, &nothing);
        match waits_on {
            true => is_exempt(&before),
            false => before.breaks(ID, before.last()),
        }
    }
}

/// A server that has another stream of that session, or that offers none, is not asked again soon; a lost session is no such
/// answer.
#[test]
fn who_was_told_that_there_is_no_stream_is_exempt() {
    for (status, is_told) in [(405, true), (409, true), (404, false), (503, false)] {
        let asks = |made: &mut Made| made.exchange("GET", Some("S1"), status);
        let made = climbs(struck(true), &asks, &nothing);
        match is_told {
            true => is_exempt(&made),
            false => made.breaks(ID, made.last()),
        }
    }
    let gets_a_page = |made: &mut Made| {
        made.opens("S2");
        made.exchange("GET", Some("S2"), 404);
    };
    is_exempt(&climbs(struck(true), &gets_a_page, &nothing));
}
