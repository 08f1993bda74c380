//! Journals made by hand: which ids count as refused when the user opens a private window, so that none of them may come back.

use stalemate::journal::RequestSummary;

use super::*;
use crate::made::named;

const ID: &str = "app-incognito-is-first-contact";

/// A session with a stream, what becomes of it, and a private window whose first request has its id.
fn comes_back(before: impl Fn(&mut Made)) -> Made {
    let mut made = Made::default();
    made.opens("S1");
    made.listens("S1");
    before(&mut made);
    made.acts(Action::OpenIncognito);
    made.asks("tools/list", Some("S1"));
    made
}

fn judged(made: &Made, is_refused: bool) {
    if is_refused {
        made.breaks(ID, made.last());
    } else {
        made.holds(ID);
    }
}

#[test]
fn an_id_is_refused_by_what_says_something_of_it() {
    for status in [400, 404, 410] {
        judged(
            &comes_back(|made| made.exchange("tools/list", Some("S1"), status)),
            true,
        );
    }
    for status in [200, 401, 403, 405, 429, 500, 503] {
        judged(
            &comes_back(|made| made.exchange("tools/list", Some("S1"), status)),
            false,
        );
    }
}

/// A gateway that fails says nothing of the id; only its server can take it again.
#[test]
fn a_refusal_stands_until_the_id_is_taken_again() {
    for (next, is_refused) in [(502, true), (401, true), (200, false)] {
        let made = comes_back(|made| {
            made.exchange("tools/list", Some("S1"), 400);
            made.exchange("tools/list", Some("S1"), next);
        });
        judged(&made, is_refused);
    }
}

#[test]
fn what_is_refused_in_the_window_only_had_not_been_refused_before_it() {
    for was_refused in [true, false] {
        let mut made = Made::default();
        made.opens("S1");
        if was_refused {
            made.exchange("tools/list", Some("S1"), 400);
        }
        made.acts(Action::OpenIncognito);
        made.exchange("tools/list", Some("S1"), 400);
        made.asks("tools/list", Some("S1"));
        match was_refused {
            true => made.breaks(ID, made.last() - 2),
            false => made.holds(ID),
        }
    }
}

/// A 400 to a GET that names an event may be about the event.
#[test]
fn a_400_may_be_about_the_cursor_and_a_404_is_not() {
    for (cursor, status, is_refused) in [
        (Some("7"), 400, false),
        (None, 400, true),
        (Some("7"), 404, true),
        (Some("7"), 410, true),
    ] {
        let made = comes_back(|made| {
            let asked = RequestSummary {
                cursor: cursor.map(str::to_owned),
                ..named("GET", Some("S1"))
            };
            made.gets(asked, response(status, None, b""));
        });
        judged(&made, is_refused);
    }
}

/// The page of a framework that has no handler for GET is about no id.
#[test]
fn a_page_that_answers_the_first_get_refuses_no_id() {
    let lost = br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"lost"}}"#;
    for (body, is_refused) in [(&b"Cannot GET /mcp"[..], false), (&lost[..], true)] {
        let mut made = Made::default();
        made.opens("S1");
        made.gets(named("GET", Some("S1")), response(404, None, body));
        made.acts(Action::OpenIncognito);
        made.asks("tools/list", Some("S1"));
        judged(&made, is_refused);
    }
}
