//! Whose turn it is among the processes of a server when one has failed, and what is forgiven and when: as nginx 1.22.1's
//! source has it, where one of weight 1 may fail more than once.

use stalemate::proxy::upstreams::{Failed, Fails, Upstreams};
use stalemate::proxy::{BalancePolicy, UpstreamFailure};
use stalemate_wire::{Headers, marks};

/// A start that is long after the last that anybody remembers, in milliseconds.
const BEGAN_MS: u64 = 1_000_000;

/// Two processes of a server of which one counts as out after so many failures, for 10 s.
fn two(policy: BalancePolicy, max: u32) -> Upstreams {
    let fails = Fails {
        max,
        timeout_ms: 10_000,
    };
    Upstreams::new(policy, fails, 2)
}

/// Whom a request is sent to, one after the other, so many seconds after the beginning; `down` refuses it.
fn asked(upstreams: &mut Upstreams, at_s: u64, down: Option<usize>) -> Vec<usize> {
    let now_ms = BEGAN_MS + at_s * 1_000;
    let mut attempts = upstreams.begin(&Headers::new());
    let mut asked = Vec::new();
    while let Some(process) = upstreams.next(&mut attempts, now_ms) {
        asked.push(process);
        if Some(process) != down {
            upstreams.answered(process, &Headers::new());
            break;
        }
        let refused = Failed {
            how: UpstreamFailure::Refused,
            was_kept: false,
            is_idempotent: false,
        };
        if !upstreams.failed(&mut attempts, process, refused, now_ms) {
            break;
        }
    }
    asked
}

/// Its weight shrinks by a whole number, which is none where it may fail more often than its weight says.
#[test]
fn who_may_fail_again_keeps_its_turn() {
    let mut upstreams = two(BalancePolicy::RoundRobin, 3);
    assert_eq!(asked(&mut upstreams, 0, Some(0)), [0, 1]);
    let next: Vec<_> = (0..4)
        .flat_map(|_| asked(&mut upstreams, 0, None))
        .collect();
    assert_eq!(next, [1, 0, 1, 0]);
    // Who may not is out for that time, and not a second longer.
    let mut upstreams = two(BalancePolicy::RoundRobin, 1);
    assert_eq!(asked(&mut upstreams, 0, Some(0)), [0, 1]);
    for at_s in 0..=10 {
        assert_eq!(asked(&mut upstreams, at_s, None), [1], "{at_s} s");
    }
    let next: Vec<_> = (0..4)
        .flat_map(|_| asked(&mut upstreams, 11, None))
        .collect();
    assert!(next.contains(&0), "{next:?}");
}

/// An answer forgives a failure only when that is longer ago than a process is left out for.
#[test]
fn failures_add_up_over_answers_until_they_are_old() {
    for (answers_s, fails_s, is_out) in [(1, 2, true), (9, 10, true), (11, 12, false)] {
        let mut upstreams = two(BalancePolicy::RoundRobin, 2);
        assert_eq!(asked(&mut upstreams, 0, Some(0)), [0, 1]);
        let answered: Vec<_> = (0..3)
            .flat_map(|_| asked(&mut upstreams, answers_s, None))
            .collect();
        assert_eq!(answered, [1, 0, 1], "{answers_s} s: once is not out");
        assert_eq!(
            asked(&mut upstreams, fails_s, Some(0)),
            [0, 1],
            "{fails_s} s"
        );
        let next: Vec<_> = (0..4)
            .flat_map(|_| asked(&mut upstreams, fails_s, None))
            .collect();
        assert_eq!(!next.contains(&0), is_out, "{fails_s} s: {next:?}");
    }
}

/// Who has no session yet has not been anywhere: a server's answers without an id bind nobody to it.
#[test]
fn an_answer_without_an_id_makes_no_one_sticky() {
    let mut upstreams = two(BalancePolicy::Sticky, 1);
    let turns: Vec<_> = (0..4)
        .flat_map(|_| asked(&mut upstreams, 0, None))
        .collect();
    assert_eq!(turns, [0, 1, 0, 1]);
    let session = Headers::new().with("Mcp-Session-Id", "S");
    upstreams.answered(1, &session);
    for _ in 0..3 {
        let mut attempts = upstreams.begin(&session);
        assert_eq!(upstreams.next(&mut attempts, BEGAN_MS), Some(1));
    }
}

#[test]
fn that_a_process_is_back_is_said_only_of_one_that_was_out() {
    let back = ("hop", "a process that was out answers again");
    for (down, said) in [(None, false), (Some(0), true)] {
        let mut upstreams = two(BalancePolicy::RoundRobin, 1);
        marks::keep();
        asked(&mut upstreams, 0, down);
        for _ in 0..4 {
            asked(&mut upstreams, 11, None);
        }
        assert_eq!(marks::taken().contains(&back), said, "{down:?}");
    }
}
