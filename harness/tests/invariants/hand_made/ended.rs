//! Journals made by hand: whether the session lived that a client owes a DELETE when its user disconnects.

use stalemate::journal::Role;

use super::*;
use crate::made::{SERVER, member, named, response};

const ID: &str = "cli-delete-on-close";

/// The user disconnects, and the client sends nothing.
fn leaves(made: &mut Made, owes: bool) {
    made.acts(Action::Disconnect);
    if owes {
        made.breaks(ID, made.last());
    } else {
        assert_eq!(made.verdict(ID), Verdict::NotExercised);
    }
}

#[test]
fn the_end_of_another_session_is_no_end() {
    for (server, ended, owes) in [
        (SERVER, "S", false),
        (SERVER, "T", true),
        ("bluesky", "S", true),
    ] {
        let mut made = Made::default();
        made.session("S", None);
        made.opens("S");
        made.server = Some(server);
        made.session(ended, Some(SessionEnd::Expired));
        made.server = None;
        leaves(&mut made, owes);
    }
}

/// A server that knows its sessions again after its restart opens them again.
#[test]
fn a_session_that_was_opened_again_lives() {
    for (server, opened, owes) in [
        (SERVER, "S", true),
        (SERVER, "T", false),
        ("bluesky", "S", false),
    ] {
        let mut made = Made::default();
        made.session("S", None);
        made.opens("S");
        made.session("S", Some(SessionEnd::ProcessEnded));
        made.server = Some(server);
        made.session(opened, None);
        made.server = None;
        leaves(&mut made, owes);
    }
}

/// Nobody tells of a real server's sessions: one ends with the process that gave it.
#[test]
fn a_session_ends_with_its_own_process() {
    for (stopped, owes) in [(SERVER, false), ("memory-2", true), ("bluesky", true)] {
        let mut made = Made::with(member("memory-2", Role::Server, Some(SERVER)));
        given_by(&mut made, SERVER);
        made.opens("S");
        made.restarts(stopped);
        leaves(&mut made, owes);
    }
}

/// Where two processes have given the same id, the session ends with either, and with no other.
#[test]
fn a_session_of_several_processes_ends_with_any_of_them() {
    for (stopped, owes) in [(SERVER, false), ("memory-2", false), ("bluesky", true)] {
        let mut made = Made::with(member("memory-2", Role::Server, Some(SERVER)));
        given_by(&mut made, SERVER);
        given_by(&mut made, "memory-2");
        made.opens("S");
        made.restarts(stopped);
        leaves(&mut made, owes);
    }
}

/// That process gives the id S.
fn given_by(made: &mut Made, process: &str) {
    made.serves(named("initialize", None), response(200, Some("S"), b""));
    let newest = made.last();
    for entry in &mut made.entries[newest - 1..] {
        if let Event::Http { at, .. } = &mut entry.event {
            *at = Arc::from(process);
        }
    }
}

/// Of an id that no process was seen to give it is not known whose it is.
#[test]
fn a_session_of_nobody_knows_whom_ends_with_any_process_of_its_server() {
    for (stopped, owes) in [(SERVER, false), ("memory-2", false), ("bluesky", true)] {
        let mut made = Made::with(member("memory-2", Role::Server, Some(SERVER)));
        made.opens("S");
        made.restarts(stopped);
        leaves(&mut made, owes);
    }
}
