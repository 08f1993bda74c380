//! How a server answers GET in a session that lives, as journals made by hand.

use stalemate::invariant::Verdict;
use stalemate::journal::{Event, RequestSummary, ResponseSummary, SessionEnd};

use crate::answers::{empty, settled, stream, versioned};
use crate::made::Made;

const ID: &str = "srv-get-is-stream-or-405";

fn asks(id: Option<&str>) -> RequestSummary {
    RequestSummary {
        accept: Some("text/event-stream".to_owned()),
        ..versioned("GET", id, "2025-06-18")
    }
}

fn answered(answer: ResponseSummary) -> Made {
    let mut made = Made::default();
    settled(&mut made, "S");
    made.serves(asks(Some("S")), answer);
    made
}

pub(crate) fn a_page() -> Made {
    answered(empty(404))
}

#[test]
fn other_answers_than_these_two() {
    for status in [200, 204, 400, 404, 406, 410] {
        answered(empty(status)).is_violated(ID);
    }
    answered(empty(405)).holds(ID);
    answered(stream()).holds(ID);
}

#[test]
fn a_second_stream_may_be_refused_while_the_first_is_open() {
    let mut made = answered(stream());
    made.wait(60_000);
    made.serves(asks(Some("S")), empty(409));
    made.holds(ID);
    let mut made = Made::default();
    settled(&mut made, "S");
    made.wait(60_000);
    made.serves(asks(Some("S")), empty(409));
    made.is_violated(ID);
}

#[test]
fn a_session_that_has_ended_is_another_matter() {
    let mut made = answered(stream());
    made.session("S", Some(SessionEnd::Expired));
    made.serves(asks(Some("S")), empty(404));
    made.holds(ID);
}

/// After its restart it keeps the session, and takes only another revision.
#[test]
fn a_revision_that_is_not_taken_any_more_must_be_refused() {
    let mut made = Made::default();
    settled(&mut made, "S");
    let (process, cause) = (made.server(), "stopped".to_owned());
    made.note(Event::ProcessDown { process, cause });
    made.serves(asks(Some("S")), empty(400));
    assert_eq!(made.verdict(ID), Verdict::NotExercised);
    // It turns out to take it.
    let call = versioned("tools/list", Some("S"), "2025-06-18");
    made.serves(call, empty(200));
    made.is_violated(ID);
}

#[test]
fn nor_need_a_revision_be_taken_that_the_session_never_had() {
    let mut made = Made::default();
    settled(&mut made, "S");
    let other = RequestSummary {
        version: Some("2026-07-28".to_owned()),
        ..asks(Some("S"))
    };
    made.serves(other, empty(400));
    assert_eq!(made.verdict(ID), Verdict::NotExercised);
}

#[test]
fn a_server_without_sessions_is_asked_too() {
    let mut made = Made::default();
    made.serves(asks(None), empty(404));
    made.is_violated(ID);
}
