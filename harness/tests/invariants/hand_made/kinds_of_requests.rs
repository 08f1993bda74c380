//! Journals made by hand: a request that finds its session lost and fails, where calls recover; and what besides the loss may
//! have been in its way.

use super::*;

const ID: &str = "cli-all-requests-recover";

/// A call finds its session lost, and comes to a good end in another one, which is lost too. Then a resource is read there.
fn reads_after_a_call_recovered() -> Made {
    let mut made = Made::default();
    made.opens("S");
    for session in ["S", "T"] {
        made.session(session, None);
        made.session(session, Some(SessionEnd::Expired));
    }
    made.begins_call(1);
    let asked = made.asks_for("tools/call", Some("S"), Some(1));
    made.answered(asked, 404, None);
    made.opens("T");
    let again = made.asks_for("tools/call", Some("T"), Some(1));
    made.answered(again, 200, None);
    made.ends_call(1, CallOutcome::Ok);
    made.begins_request(2, "resources/read");
    made
}

fn fails(made: &mut Made) {
    made.ends_call(2, CallOutcome::Error("lost".to_owned()));
}

/// Another request of the lost session that left with it is refused for the same reason. One that leaves later is part of
/// what the client does about the loss, and fails as that does.
#[test]
fn what_left_with_it_is_no_recovery() {
    for leaves_later in [false, true] {
        let mut made = reads_after_a_call_recovered();
        let asked = made.asks_for("resources/read", Some("T"), Some(2));
        if leaves_later {
            made.answered(asked, 404, None);
            made.exchange("tools/list", Some("T"), 404);
        } else {
            let other = made.asks("tools/list", Some("T"));
            made.answered(asked, 404, None);
            made.answered(other, 404, None);
        }
        fails(&mut made);
        match leaves_later {
            true => assert_eq!(made.verdict(ID), Verdict::NotExercised),
            false => made.breaks(ID, made.last()),
        }
    }
}

/// What breaks, or heals, between the refusal and the end may be what kept it from recovering.
#[test]
fn a_network_that_is_disturbed_meanwhile_excuses_it() {
    let breaks = |made: &mut Made| {
        let (process, cause) = (Arc::from("nginx"), "crashed".to_owned());
        made.note(Event::ProcessDown { process, cause });
    };
    let heals = |made: &mut Made| {
        let process = Arc::from("nginx");
        made.note(Event::ProcessUp { process });
    };
    // Where the two stand: before it is sent, after it was refused, after its end.
    for (breaks_at, heals_at, is_excused) in [
        (0, 0, false),
        (0, 1, true),
        (1, 1, true),
        (1, 2, true),
        (0, 2, true),
        (2, 2, false),
    ] {
        let mut made = reads_after_a_call_recovered();
        let disturbed = |made: &mut Made, now: u8| {
            if breaks_at == now {
                breaks(made);
            }
            if heals_at == now {
                heals(made);
            }
        };
        disturbed(&mut made, 0);
        let asked = made.asks_for("resources/read", Some("T"), Some(2));
        made.answered(asked, 404, None);
        disturbed(&mut made, 1);
        fails(&mut made);
        let ended = made.last();
        disturbed(&mut made, 2);
        match is_excused {
            true => assert_eq!(made.verdict(ID), Verdict::NotExercised),
            false => made.breaks(ID, ended),
        }
    }
}
