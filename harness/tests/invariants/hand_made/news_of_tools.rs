//! Journals made by hand: when an application has to list a server's tools again.

use serde_json::json;
use stalemate::journal::RequestSummary;

use super::*;
use crate::made::{call, named};

const ID: &str = "app-lists-again";

fn lists(made: &mut Made, session: &str) {
    made.exchange("tools/list", Some(session), 200);
}

/// A tool is called, so long after the newest entry.
fn calls(made: &mut Made, session: &str, after_ms: u64) {
    made.wait(after_ms - 1);
    let asked = RequestSummary {
        rpc: stalemate_wire::summarize(call(1).to_string().as_bytes()),
        ..named("tools/call", Some(session))
    };
    made.gets(asked, response(200, None, b""));
}

/// The tools were listed, or not, and the server says that they changed.
fn told(had_listed: bool) -> Made {
    let mut made = Made::default();
    made.opens("S1");
    if had_listed {
        lists(&mut made, "S1");
    }
    let stream = made.listens("S1");
    let news = json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
    made.hears(stream, &news);
    made
}

/// Until a second has passed nobody is to blame.
#[test]
fn a_call_may_follow_the_news_for_a_second() {
    for (after_ms, is_due) in [(999, false), (1_000, true), (60_000, true)] {
        let mut made = told(true);
        calls(&mut made, "S1", after_ms);
        match is_due {
            true => made.breaks(ID, made.last() - 1),
            false => assert_eq!(made.verdict(ID), Verdict::NotExercised),
        }
    }
}

#[test]
fn who_listed_again_has_heeded_the_news() {
    let mut made = told(true);
    lists(&mut made, "S1");
    calls(&mut made, "S1", 60_000);
    made.holds(ID);
}

#[test]
fn who_never_listed_them_needs_no_news() {
    let mut made = told(false);
    calls(&mut made, "S1", 60_000);
    assert_eq!(made.verdict(ID), Verdict::NotExercised);
}

/// What changed between two sessions, nobody says: a new session is the news.
#[test]
fn a_new_session_at_a_server_with_other_tools_is_news() {
    for (had_changed, is_settled, lists_again, verdict) in [
        (false, true, true, Some(Verdict::Held)),
        (false, true, false, None),
        (true, true, false, Some(Verdict::NotExercised)),
        // To whom no result came, no session was opened.
        (false, false, false, Some(Verdict::NotExercised)),
    ] {
        let mut made = Made::default();
        let changes = |made: &mut Made| {
            let (server, at, tools) = (made.server(), made.server(), vec!["other".to_owned()]);
            made.note(Event::ToolsChanged { server, at, tools });
        };
        made.opens("S1");
        if had_changed {
            changes(&mut made);
        }
        lists(&mut made, "S1");
        if !had_changed {
            changes(&mut made);
        }
        if is_settled {
            made.settles("S2");
        } else {
            made.opens("S2");
        }
        if lists_again {
            lists(&mut made, "S2");
        }
        calls(&mut made, "S2", 2_000);
        match verdict {
            Some(verdict) => assert_eq!(made.verdict(ID), verdict),
            None => made.breaks(ID, made.last() - 1),
        }
    }
}
