//! Other users of a server: their sessions count, rest and end like any other's.

use stalemate::server::{Input, Others};

use crate::bounds::like;

const CLOCKS: [&str; 4] = ["streams", "calls", "messages", "requests"];

#[test]
fn who_leaves_a_session_behind_lets_it_expire_and_who_works_does_not() {
    for clock in CLOCKS {
        let rest = format!("sessions: {{idle-timeout: 10s, idle-clock: {clock}}}");
        let mut server = like("spec", &rest);
        server.input(Input::Others(Others::Leak(3)));
        server.input(Input::Others(Others::Hold(2)));
        assert_eq!(server.live().len(), 5, "{clock}");
        server.wait(9_999);
        assert_eq!(server.live().len(), 5, "{clock}");
        server.wait(1);
        assert_eq!(server.live().len(), 2, "{clock}: those that rest are gone");
        server.wait(3_600_000);
        assert_eq!(server.live().len(), 2, "{clock}");
        server.input(Input::Others(Others::Leave));
        assert!(server.live().is_empty(), "{clock}");
    }
}

#[test]
fn they_take_the_room_that_there_is_and_no_more() {
    let cap = "sessions: {cap: {most: 4}}\nanswers: {too-many-sessions: {status: 503}}";
    let mut server = like("spec", cap);
    let own = server.open();
    server.input(Input::Others(Others::Leak(64)));
    assert_eq!(server.live().len(), 4);
    assert!(server.live().contains(&own));
    let cap = |then: &str| format!("sessions: {{cap: {{most: 4, then: {then}}}}}");
    for (then, stays) in [("evict-oldest", false), ("evict-idlest", false)] {
        let mut server = like("spec", &cap(then));
        let own = server.open();
        server.wait(1_000);
        server.input(Input::Others(Others::Hold(4)));
        assert_eq!(server.live().len(), 4, "{then}");
        assert_eq!(server.live().contains(&own), stays, "{then}");
    }
    // Of those that rest and those that are worked with, the former go first.
    let mut server = like("spec", &cap("evict-idlest"));
    server.input(Input::Others(Others::Hold(3)));
    server.wait(1_000);
    let own = server.open();
    server.wait(1_000);
    let other = server.open();
    assert_eq!(server.live().len(), 4);
    assert!(server.live().contains(&other) && !server.live().contains(&own));
}
