//! Journals made by hand: sessions at a server that asks for bearer tokens, which are renewed.

use stalemate::journal::RequestSummary;

use super::*;
use crate::made::{named, response};

const ID: &str = "srv-renewal-keeps-session";

fn with(token: &str, what: &str, id: Option<&str>) -> RequestSummary {
    RequestSummary {
        token: Some(token.to_owned()),
        ..named(what, id)
    }
}

/// A server that has given out those tokens, and has opened the session S for the first of them.
fn issued(tokens: &[&str]) -> Made {
    let mut made = Made::default();
    for token in tokens {
        let (server, token) = (made.server(), (*token).to_owned());
        made.note(Event::TokenIssued {
            server,
            token,
            good_until_ms: None,
        });
    }
    opens(&mut made, "old", "S");
    made
}

fn opens(made: &mut Made, token: &str, id: &str) {
    made.serves(
        with(token, "initialize", None),
        response(200, Some(id), b""),
    );
}

fn lists(made: &mut Made, token: &str, status: u16) {
    let asked = with(token, "tools/list", Some("S"));
    made.serves(asked, response(status, None, b""));
}

/// Neither the token that it was opened with nor one that was never good says anything, nor a server that has trouble of its own.
#[test]
fn a_renewed_token_is_as_good_as_the_one_before() {
    for (token, status, verdict) in [
        ("new", 200, Some(Verdict::Held)),
        ("new", 400, None),
        ("new", 401, None),
        ("new", 403, None),
        ("new", 404, None),
        ("new", 410, None),
        ("new", 503, Some(Verdict::NotExercised)),
        ("old", 401, Some(Verdict::NotExercised)),
        ("bad", 401, Some(Verdict::NotExercised)),
    ] {
        let mut made = issued(&["old", "new"]);
        lists(&mut made, token, status);
        match verdict {
            Some(verdict) => assert_eq!(made.verdict(ID), verdict, "{token} {status}"),
            None => made.breaks(ID, made.last()),
        }
    }
}

/// That another session was opened with the renewed token, before or after, changes nothing.
#[test]
fn each_session_has_the_token_that_it_was_opened_with() {
    for (others_token, token, is_wrong) in [("new", "new", true), ("new", "old", false)] {
        let mut made = issued(&["old", "new"]);
        opens(&mut made, others_token, "T");
        lists(&mut made, token, 401);
        if is_wrong {
            made.breaks(ID, made.last());
        } else {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        }
    }
}

/// What is asked in the millisecond in which a token ends comes too late for it.
#[test]
fn a_token_is_good_until_its_time_is_over() {
    for (before_ms, is_good) in [(0, false), (1, true)] {
        let mut made = issued(&["old", "new"]);
        lists(&mut made, "new", 401);
        let asked_ms = made.entries[made.last() - 1].at_ms;
        let renewed = &mut made.entries[1].event;
        let Event::TokenIssued { good_until_ms, .. } = renewed else {
            panic!("{renewed:?}");
        };
        *good_until_ms = Some(asked_ms + before_ms);
        if is_good {
            made.breaks(ID, made.last());
        } else {
            assert_eq!(made.verdict(ID), Verdict::NotExercised);
        }
    }
}
