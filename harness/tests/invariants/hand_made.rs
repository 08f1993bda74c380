//! Journals made by hand, for what no client of ours does and no scenario can bring about.

use std::sync::Arc;

use stalemate::invariant::Verdict;
use stalemate::journal::{
    Action, CallId, CallOutcome, ConnEnd, Drawn, Entry, Event, Fate, ObjectId, Replacement, Rung,
    SessionEnd,
};

use crate::made::{Made, response};

mod after_404;
mod arrives_late;
mod conversations;
mod dead_sessions;
mod ended;
mod exempt;
mod gateways;
mod held_back;
mod held_up;
mod kinds_of_requests;
mod leaving;
mod lost_sessions;
mod news_of_tools;
mod next_conversation;
mod page;
mod pinged;
mod refused_before;
mod replicas;
mod restored;
mod resumed;
mod server_harm;
mod server_opens;
mod server_sessions;
mod server_streams;
mod storm;
mod stream_trouble;
mod streams;
mod subscriptions;
mod tokens;
mod windows;

/// What happens in a journal, and a yes or no that goes with it.
type Case<'c> = (&'c dyn Fn(&mut Made), bool);

mod no_stale_id {
    use super::*;

    const ID: &str = "cli-no-stale-id";

    #[test]
    fn requests_begun_before_the_404_came_are_exempt() {
        let mut made = Made::default();
        made.opens("S1");
        let first = made.asks("tools/call", Some("S1"));
        let second = made.asks("tools/list", Some("S1"));
        made.answered(first, 404, None);
        made.answered(second, 404, None);
        made.holds(ID);
        made.asks("tools/call", Some("S1"));
        made.breaks(ID, made.last());
    }

    /// A client puts the id into a request and dials for it; when the connection is there, the request leaves.
    #[test]
    fn so_are_those_whose_connection_was_being_dialled() {
        for (later_ms, is_exempt) in [(1, true), (2, false)] {
            let mut made = Made::default();
            made.opens("S1");
            made.exchange("tools/list", Some("S1"), 404);
            let at_ms = made.entries[made.last()].at_ms + later_ms;
            let conn = made.asks("tools/call", Some("S1")).conn;
            let asked = made.last();
            let (from, to) = (Arc::from("client"), Arc::from("nginx"));
            let object = Some(ObjectId(0));
            let event = Event::ConnOpened {
                conn,
                from,
                to,
                object,
            };
            made.entries[asked].at_ms = at_ms;
            made.entries.insert(asked, Entry::new(at_ms, event));
            if is_exempt {
                made.holds(ID);
            } else {
                made.breaks(ID, made.last());
            }
        }
    }

    #[test]
    fn another_object_has_not_heard_of_it() {
        let mut made = Made::default();
        made.opens("S1");
        made.exchange("tools/call", Some("S1"), 404);
        made.object = 1;
        made.exchange("tools/call", Some("S1"), 404);
        made.holds(ID);
        made.object = 0;
        made.asks("GET", Some("S1"));
        made.breaks(ID, made.last());
    }

    #[test]
    fn other_refusals_do_not_end_an_id() {
        let mut made = Made::default();
        made.opens("S1");
        for status in [400, 401, 403, 405, 409, 410, 429, 500, 503] {
            made.exchange("tools/call", Some("S1"), status);
        }
        assert_eq!(made.verdict(ID), Verdict::NotExercised);
    }

    /// The page of a framework that has no handler for GET is no word about the session, until there was a stream in it.
    #[test]
    fn a_page_that_answers_the_first_get_does_not_end_an_id() {
        let lost = br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"lost"}}"#;
        for (body, had_stream, is_lost) in [
            (&b""[..], false, false),
            (&b""[..], true, true),
            (&lost[..], false, true),
        ] {
            let mut made = Made::default();
            made.opens("S1");
            if had_stream {
                made.listens("S1");
            }
            let asked = made.asks("GET", Some("S1"));
            made.answers(asked, response(404, None, body));
            made.exchange("tools/call", Some("S1"), 200);
            if is_lost {
                made.is_violated(ID);
            } else {
                assert_eq!(made.verdict(ID), Verdict::NotExercised);
            }
        }
    }

    #[test]
    fn an_accepted_delete_ends_it_and_a_refused_one_does_not() {
        let mut made = Made::default();
        made.opens("S1");
        made.exchange("DELETE", Some("S1"), 405);
        made.exchange("tools/call", Some("S1"), 200);
        assert_eq!(made.verdict(ID), Verdict::NotExercised);
        made.exchange("DELETE", Some("S1"), 204);
        made.holds(ID);
        made.asks("tools/call", Some("S1"));
        made.breaks(ID, made.last());
    }

    #[test]
    fn the_delete_of_a_disconnect_may_leave_late() {
        let mut made = Made::default();
        made.opens("S1");
        made.acts(Action::Disconnect);
        made.exchange("DELETE", Some("S1"), 200);
        made.holds(ID);
        made.asks("tools/call", Some("S1"));
        made.breaks(ID, made.last());
        made.breaks("app-disconnect-clears", made.last());
    }

    #[test]
    fn an_id_that_is_given_again_lives_again() {
        let mut made = Made::default();
        made.opens("S1");
        made.exchange("tools/call", Some("S1"), 404);
        made.acts(Action::Disconnect);
        made.acts(Action::Connect);
        made.opens("S1");
        made.draws(Drawn::Connected);
        made.exchange("tools/call", Some("S1"), 200);
        made.holds(ID);
        made.holds("app-disconnect-clears");
        made.holds("app-shows-the-truth");
    }

    /// An id that was stored before is none that this record saw given.
    #[test]
    fn an_id_that_was_never_given_here_ends_with_the_disconnect_too() {
        let mut made = Made::default();
        made.exchange("tools/list", Some("S0"), 200);
        made.acts(Action::Disconnect);
        made.asks("tools/call", Some("S0"));
        made.breaks(ID, made.last());
    }

    #[test]
    fn disconnecting_one_connector_leaves_the_other() {
        let mut made = Made::default();
        made.opens("S1");
        made.server = Some("bluesky");
        made.object = 1;
        made.opens("S2");
        made.server = None;
        made.acts(Action::Disconnect);
        made.server = Some("bluesky");
        made.exchange("tools/call", Some("S2"), 200);
        made.holds(ID);
        made.server = None;
        made.asks("tools/call", Some("S1"));
        made.breaks(ID, made.last());
    }

    #[test]
    fn what_came_instead_of_a_response_counts() {
        let mut made = Made::default();
        made.opens("S1");
        made.exchange("tools/call", Some("S1"), 200);
        let answered = made.last();
        made.entries[answered].fate = Fate::Replace(Replacement {
            status: 404,
            ..Replacement::default()
        });
        made.asks("tools/call", Some("S1"));
        made.breaks(ID, made.last());
    }
}

mod handshake {
    use super::*;

    #[test]
    fn a_stream_or_a_ping_before_initialized_is_no_message_too_early() {
        let id = "cli-full-handshake-again";
        let mut made = Made::default();
        let conn = made.asks("initialize", None);
        made.answered(conn, 200, Some("S1"));
        made.asks("GET", Some("S1"));
        made.asks("ping", Some("S1"));
        made.asks("notifications/initialized", Some("S1"));
        made.asks("tools/list", Some("S1"));
        made.holds(id);
    }

    #[test]
    fn a_refused_initialize_opens_nothing() {
        let id = "cli-full-handshake-again";
        let mut made = Made::default();
        made.exchange("initialize", None, 503);
        assert_eq!(made.verdict(id), Verdict::NotExercised);
        let conn = made.asks("initialize", None);
        made.answered(conn, 200, Some("S1"));
        made.asks("tools/list", Some("S1"));
        made.breaks(id, made.last());
    }

    #[test]
    fn an_empty_header_is_no_id() {
        let id = "cli-initialize-without-id";
        let mut made = Made::default();
        made.asks("initialize", Some(""));
        made.holds(id);
        made.asks("initialize", Some("S1"));
        made.breaks(id, made.last());
    }
}

mod effects {
    use super::*;

    fn commit(made: &mut Made) {
        let (server, tool) = (made.server(), "create_entities".to_owned());
        let call = Some(CallId(1));
        let at = server.clone();
        made.note(Event::EffectCommitted {
            server,
            at,
            tool,
            call,
        });
    }

    #[test]
    fn two_effects_of_one_request_are_not_the_clients() {
        let id = "cli-at-most-once";
        let mut made = Made::default();
        made.asks_for("tools/call", Some("S1"), Some(1));
        commit(&mut made);
        commit(&mut made);
        made.holds(id);
        made.asks_for("tools/call", Some("S1"), Some(1));
        commit(&mut made);
        made.breaks(id, made.last());
    }

    /// A redirect is an answer, and nothing was done.
    #[test]
    fn what_was_sent_elsewhere_by_a_redirect_was_not_sent_twice() {
        for (status, is_spared) in [(307, true), (404, true), (500, false)] {
            let mut made = Made::default();
            let first = made.asks_for("tools/call", Some("S1"), Some(1));
            made.answered(first, status, None);
            made.asks_for("tools/call", Some("S1"), Some(1));
            commit(&mut made);
            commit(&mut made);
            if is_spared {
                made.holds("cli-at-most-once");
            } else {
                made.breaks("cli-at-most-once", made.last());
            }
        }
    }

    #[test]
    fn sending_again_what_had_no_effect_is_right() {
        let mut made = Made::default();
        made.asks_for("tools/call", Some("S1"), Some(1));
        made.asks_for("tools/call", Some("S2"), Some(1));
        commit(&mut made);
        made.holds("cli-at-most-once");
    }

    #[test]
    fn a_call_that_fails_resolves_and_one_that_hangs_does_not() {
        let id = "cli-every-call-resolves";
        let mut made = Made::default();
        let call = CallId(1);
        let outcome = CallOutcome::Error("no".to_owned());
        made.note(Event::CallEnded { call, outcome });
        made.holds(id);
        let outcome = CallOutcome::TimedOut(65_000);
        made.note(Event::CallEnded { call, outcome });
        made.breaks(id, made.last());
    }
}

mod recovery {
    use super::*;

    #[test]
    fn a_climb_without_progress_hides_no_other() {
        let id = "cli-recovers";
        let mut made = Made::default();
        made.climbed(Rung::Never);
        made.no_progress(0);
        assert_eq!(made.verdict(id), Verdict::NotExercised);
        let climbed = |rungs: &[Rung]| {
            let mut made = Made::default();
            rungs.iter().for_each(|rung| made.climbed(*rung));
            made
        };
        let mut made = climbed(&[Rung::Never, Rung::Retry]);
        made.no_progress(0);
        made.holds(id);
        let mut made = climbed(&[Rung::Never, Rung::Retry, Rung::Never]);
        let worst = made.last();
        made.climbed(Rung::Reconnect);
        made.no_progress(0);
        made.breaks(id, worst);
    }
}

mod full {
    use super::*;

    const ID: &str = "srv-opens-sessions";

    #[test]
    fn who_has_no_room_is_not_blamed_for_that() {
        let nowhere = |full: &[&str]| {
            let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
            let mut made = Made::default();
            made.served("initialize", None, 503, None);
            made.climbed(Rung::Never);
            let server = made.server();
            made.note(Event::NoProgress {
                climb: 0,
                server,
                blamed: names(&["memory"]),
                violating: Vec::new(),
                full: names(full),
            });
            made
        };
        nowhere(&[]).is_violated(ID);
        assert_eq!(nowhere(&["memory"]).verdict(ID), Verdict::NotExercised);
    }
}

#[test]
fn two_servers_may_give_the_same_id() {
    let id = "app-connectors-isolated";
    let mut made = Made::default();
    made.opens("S1");
    made.server = Some("bluesky");
    made.opens("S1");
    made.holds(id);
    made.server = None;
    made.opens("S2");
    made.server = Some("bluesky");
    made.asks("tools/call", Some("S2"));
    made.breaks(id, made.last());
}
