//! Journals made by hand: what a hop does to what it passes on, one with sessions of its own among them.

use stalemate::journal::{Exchange, Member, Message, RequestSummary, ResponseSummary, Role, Side};

use super::*;
use crate::made::{changed, member, named, response};

const HOP: &str = "nginx";

fn stream() -> ResponseSummary {
    ResponseSummary {
        stream: true,
        ..response(200, None, b"")
    }
}

/// A gateway that asks for itself is bound by nobody's headers; a proxy that asks otherwise than it was asked is no proxy.
#[test]
fn what_a_gateway_asks_for_itself_need_not_look_like_what_it_was_asked() {
    const ID: &str = "hop-end-to-end";
    for (owns_sessions, went, is_right) in [
        (true, "initialize", true),
        (true, "tools/call", false),
        (false, "initialize", false),
        (false, "tools/call", false),
    ] {
        let mut made = Made::with(Member {
            owns_sessions,
            ..member(HOP, Role::Hop, None)
        });
        let asked = RequestSummary {
            version: Some("2025-06-18".to_owned()),
            ..named("tools/call", Some("S"))
        };
        let ok = || response(200, None, b"");
        made.relays([asked, named(went, Some("S"))], [ok(), ok()]);
        if is_right {
            made.holds(ID);
        } else {
            made.is_violated(ID);
        }
    }
}

/// The end of a stream and the answer that is made of it fall into one moment, which is as long as a message takes.
#[test]
fn a_stream_that_broke_off_unseen_may_be_answered_otherwise() {
    const ID: &str = "hop-end-to-end";
    for (is_clean, later_ms, is_right) in [
        (false, 1, true),
        (false, 2, false),
        (true, 1, false),
        (true, 2, false),
    ] {
        let mut made = Made::default();
        let asked = || named("tools/call", Some("S"));
        let answered = [stream(), response(502, None, b"")];
        let (_, inner) = made.relays([asked(), asked()], answered);
        let sent = made.last();
        ends(&mut made, inner, is_clean);
        made.comes_after(later_ms);
        if is_right {
            made.holds(ID);
        } else {
            made.breaks(ID, sent);
        }
    }
}

/// The hop sees the stream of its upstream end.
fn ends(made: &mut Made, inner: Exchange, is_clean: bool) {
    let server = made.server();
    made.note(Event::Http {
        exchange: inner,
        at: Arc::from(HOP),
        peer: Arc::from("elsewhere"),
        side: Side::Received,
        object: None,
        server,
        message: Message::end(is_clean),
    });
}

/// Of several streams it is not the first one that counts, but the message that was held back first.
#[test]
fn the_first_message_that_is_held_back_is_named() {
    const ID: &str = "hop-delivers-messages";
    for order in [[0, 1], [1, 0]] {
        let mut made = Made::default();
        let asked = || named("GET", Some("S"));
        let streams = [0, 1].map(|_| made.relays([asked(), asked()], [stream(), stream()]));
        let came = order.map(|n: usize| {
            made.wait(1_000);
            made.hop_sees(streams[n].1, Side::Received, &changed())
        });
        made.wait(10_000);
        made.exchange("tools/list", Some("S"), 200);
        made.breaks(ID, came[0]);
    }
}
