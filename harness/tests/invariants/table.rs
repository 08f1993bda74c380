//! The table: every invariant with who breaks it and who keeps it, in the same situation. The tests are made from it.

use std::collections::BTreeSet;

use stalemate::invariant;
use stalemate::runner::Outcome;

use crate::answers;
use crate::gets;
use crate::made::Made;
use crate::served;
use crate::situations::*;
use crate::support::{cell, verdicts, violated};

/// A scenario and the client that runs it.
struct Case {
    client: &'static str,
    text: &'static str,
}

/// One line of the table.
struct Row {
    id: &'static str,
    breaks: Breaks,
    holds: Case,
}

/// How it is broken.
enum Breaks {
    /// By somebody in a run.
    Run(Case),
    /// In no run of this table, but in that journal, which is made by hand.
    ByHand(fn() -> Made),
}

macro_rules! rows {
    ($($name:ident $id:literal: $breaker:literal in $broken:ident, $holder:literal in $held:ident;)*
     @by_hand $($other:ident $other_id:literal: $made:expr, $other_holder:literal in $other_held:ident;)*) => {
        const TABLE: &[Row] = &[$(Row {
            id: $id,
            breaks: Breaks::Run(Case { client: $breaker, text: $broken }),
            holds: Case { client: $holder, text: $held },
        },)* $(Row {
            id: $other_id,
            breaks: Breaks::ByHand($made),
            holds: Case { client: $other_holder, text: $other_held },
        },)*];
        $(mod $name {
            #[test]
            fn is_caught_by_name() {
                super::is_caught(super::row($id));
            }

            #[test]
            fn is_kept() {
                super::is_kept(super::row($id));
            }

            #[test]
            fn listed_is_expected_and_only_if_it_happens() {
                super::listed(super::row($id));
            }
        })*
        $(mod $other {
            #[test]
            fn is_kept() {
                super::is_kept(super::row($other_id));
            }

            #[test]
            fn listed_and_held_is_wrong() {
                super::listed(super::row($other_id));
            }
        })*
    };
}

rows! {
    cli_recovers "cli-recovers":
        "connector/spec-404" in ANSWERS_400, "connector/recovering" in ANSWERS_400;
    cli_no_stale_id "cli-no-stale-id":
        "broken/stream-ignores-404" in RESTART, "connector/recovering" in RESTART;
    cli_initialize_without_id "cli-initialize-without-id":
        "broken/initialize-with-stale-id" in RESTART, "connector/recovering" in RESTART;
    cli_full_handshake_again "cli-full-handshake-again":
        "broken/no-initialized" in RESTART, "connector/recovering" in RESTART;
    cli_every_call_resolves "cli-every-call-resolves":
        "broken/hangs" in SILENCE, "connector/recovering" in SILENCE;
    cli_at_most_once "cli-at-most-once":
        "broken/resends-what-may-have-run" in LOST_ANSWER, "connector/recovering" in LOST_ANSWER;
    cli_id_on_everything "cli-id-on-everything":
        "broken/no-id-on-get" in RESTART, "connector/recovering" in RESTART;
    cli_delete_on_close "cli-delete-on-close":
        "broken/no-delete" in DISCONNECT, "connector/recovering" in DISCONNECT;
    cli_reinit_on_404 "cli-reinit-on-404":
        "broken/ignores-404" in RESTART, "connector/recovering" in RESTART;
    cli_single_flight_reinit "cli-single-flight-reinit":
        "broken/reinit-per-call" in PARALLEL, "connector/recovering" in PARALLEL;
    cli_no_reinit_storm "cli-no-reinit-storm":
        "broken/reinit-storm" in GONE_AGAIN, "connector/recovering" in GONE_AGAIN;
    cli_resume_cursor "cli-resume-cursor":
        "broken/ignores-cursor" in STREAM_BREAKS, "connector/recovering" in STREAM_BREAKS;
    cli_respects_retry "cli-respects-retry":
        "broken/ignores-retry" in STREAM_BREAKS, "test/polling" in STREAM_BREAKS;
    cli_stream_restored "cli-stream-restored":
        "broken/no-stream-again" in RESTART, "connector/recovering" in RESTART;
    app_disconnect_clears "app-disconnect-clears":
        "broken/disconnect-only-drawn" in DISCONNECT, "connector/recovering" in DISCONNECT;
    app_delete_clears "app-delete-clears":
        "broken/delete-keeps-the-session" in DELETE, "connector/recovering" in DELETE;
    app_shows_the_truth "app-shows-the-truth":
        "broken/status-from-the-store" in DOWN, "connector/recovering" in DOWN;
    app_incognito_is_first_contact "app-incognito-is-first-contact":
        "connector/spec-404" in PRIVATE_WINDOW, "connector/recovering" in PRIVATE_WINDOW;
    app_connectors_isolated "app-connectors-isolated":
        "broken/sessions-by-account" in TWO_CONNECTORS, "connector/recovering" in TWO_CONNECTORS;
    app_lists_again "app-lists-again":
        "broken/ignores-list-changed" in OTHER_TOOLS, "connector/recovering" in OTHER_TOOLS;
    app_ends_old_conversations "app-ends-old-conversations":
        "broken/leaves-conversations" in CONVERSATIONS, "test/by-conversation" in CONVERSATIONS;
    cli_all_requests_recover "cli-all-requests-recover":
        "broken/recovers-calls-only" in READ_AFTER_RESTART, "connector/recovering" in READ_AFTER_RESTART;
    cli_failure_is_shown "cli-failure-is-shown":
        "broken/shows-loss-as-result" in RESTART, "connector/recovering" in SILENCE;
    cli_restores_subscriptions "cli-restores-subscriptions":
        "broken/forgets-subscriptions" in SUBSCRIBED, "connector/recovering" in SUBSCRIBED;
    cli_answers_ping "cli-answers-ping":
        "broken/ignores-server-requests" in PINGS, "connector/recovering" in PINGS;
    srv_dead_session_is_404 "srv-dead-session-is-404":
        "connector/recovering" in UNLISTED_400, "connector/recovering" in RESTART;
    srv_no_resurrection "srv-no-resurrection":
        "connector/recovering" in RESURRECTS, "connector/recovering" in EXPIRES;
    srv_one_stream_per_message "srv-one-stream-per-message":
        "connector/recovering" in BROADCASTS, "connector/recovering" in TWO_STREAMS;
    srv_replay_same_stream "srv-replay-same-stream":
        "connector/recovering" in REPLAYS_OTHERS, "connector/recovering" in STREAM_BREAKS;
    srv_opens_sessions "srv-opens-sessions":
        "connector/recovering" in NEVER_AGAIN, "connector/recovering" in RESTART;
    srv_survives_its_clients "srv-survives-its-clients":
        "connector/recovering" in HANGS_UP, "connector/recovering" in HANGS_UP_RIGHT;
    srv_accepted_is_202 "srv-accepted-is-202":
        "connector/recovering" in INITIALIZED_200, "connector/recovering" in RESTART;
    srv_live_session_is_served "srv-live-session-is-served":
        "connector/recovering" in DELETE_404, "connector/recovering" in RESTART;
    srv_idle_means_idle "srv-idle-means-idle":
        "connector/recovering" in KILLS_WORK, "connector/recovering" in IDLE;
    srv_renewal_keeps_session "srv-renewal-keeps-session":
        "connector/recovering" in SESSION_OF_TOKEN, "connector/recovering" in SESSION_OF_USER;
    hop_delivers_messages "hop-delivers-messages":
        "connector/recovering" in BUFFERED, "connector/recovering" in UNBUFFERED;
    hop_session_affinity "hop-session-affinity":
        "connector/recovering" in TURN_ABOUT, "connector/recovering" in STICKY;
    hop_end_to_end "hop-end-to-end":
        "connector/recovering" in HIDES_THE_ID, "connector/recovering" in RESTART;
    // No hop of ours does this, and what a plan does to a response is not the hop's doing.
    @by_hand hop_status_transparent "hop-status-transparent":
        served::hop_status_transparent::made_a_500, "connector/recovering" in RESTART;
    srv_get_is_stream "srv-get-is-stream-or-405":
        gets::a_page, "connector/recovering" in RESTART;
    srv_no_response_on_get "srv-no-response-on-get":
        answers::no_response_on_get::answered_there, "connector/recovering" in UNBUFFERED;
    srv_no_id_is_400 "srv-no-id-is-400":
        answers::no_id_is_400::not_found, "broken/no-id-on-get" in NO_ID;
    srv_assumes_version "srv-assumes-version":
        answers::assumes_version::refused, "broken/no-version-header" in NO_VERSION;
    cli_version_is_negotiated "cli-version-is-negotiated":
        answers::version::its_own, "connector/recovering" in RESTART;
    cli_stream_trouble_spares_calls "cli-stream-trouble-spares-calls":
        answers::stream_trouble::never_sent, "connector/recovering" in STREAM_REFUSED;
    cli_ends_what_it_gives_up "cli-ends-what-it-gives-up":
        answers::gives_up::leaked, "connector/recovering" in RESTART;
    // No run here has yet brought it about, not with `broken/server-leaks-sessions` either.
    srv_session_isolation "srv-session-isolation":
        served::session_isolation::answers_exchanged, "test/by-conversation" in TWO_SESSIONS;
}

fn row(id: &str) -> &'static Row {
    TABLE.iter().find(|row| row.id == id).expect("in the table")
}

fn is_caught(row: &Row) {
    let Breaks::Run(breaks) = &row.breaks else {
        panic!("{} is broken by hand", row.id);
    };
    let (result, _) = cell(breaks.text, breaks.client);
    let mut of_id = result.invariants.iter().filter(|j| j.id == row.id);
    let judged = of_id
        .find(|j| j.verdict == stalemate::runner::Said::Violated)
        .unwrap_or_else(|| panic!("{} is not caught: {:?}", row.id, violated(&result)));
    assert!(!judged.expected && !judged.why.is_empty(), "{judged:?}");
    // What the specification only recommends is a warning.
    let is_warning = is_recommended(row.id);
    let others = violated(&result).iter().any(|id| !is_recommended(id));
    assert_eq!(
        result.outcome == Outcome::Broken,
        others,
        "{:?}",
        result.problems
    );
    let named = |problem: &String| {
        let problem = match problem.strip_prefix("warning: ") {
            Some(problem) if is_warning => problem,
            _ if is_warning => return false,
            _ => problem,
        };
        problem.starts_with(&format!("{} is violated: ", row.id))
            || problem.starts_with(&format!("{} by {} is violated: ", row.id, judged.party))
    };
    assert!(result.problems.iter().any(named), "{:?}", result.problems);
}

fn is_recommended(id: &str) -> bool {
    invariant::get(id).is_some_and(|i| i.severity == invariant::Severity::Should)
}

fn is_kept(row: &Row) {
    let (result, _) = cell(row.holds.text, row.holds.client);
    let verdicts = verdicts(&result, row.id);
    assert!(verdicts.contains(&"held"), "{verdicts:?}");
    assert!(!verdicts.contains(&"violated"), "{verdicts:?}");
    assert_eq!(result.outcome, Outcome::Kept, "{:?}", result.problems);
    assert!(result.problems.is_empty(), "{:?}", result.problems);
}

/// A listed violation is no failure; one that does not happen is.
fn listed(row: &Row) {
    let of_client = |id: &&str| {
        let party = invariant::get(id).expect("in the registry").party;
        !matches!(party, invariant::Party::Server | invariant::Party::Hop)
    };
    let list = |case: &Case, ids: &[&str]| {
        let clients: Vec<&str> = ids.iter().copied().filter(|id| of_client(id)).collect();
        let mut text = case.text.to_owned();
        if !clients.is_empty() {
            let ids = clients.join(", ");
            text += &format!("expect: {{CLIENT: {{violates: [{ids}]}}}}\n");
        }
        // A text may list its server's itself.
        let parties = ids
            .iter()
            .filter(|id| !of_client(id) && !of_client(&row.id));
        let known: Vec<String> = parties.map(|id| format!("{id}: known")).collect();
        if !known.is_empty() {
            let party = match row.id {
                "hop-session-affinity" => "balancer",
                id if id.starts_with("hop-") => "nginx",
                _ => "memory",
            };
            text += &format!("violates: {{{party}: {{{}}}}}\n", known.join(", "));
        }
        text
    };
    if let Breaks::Run(breaks) = &row.breaks {
        let (result, _) = cell(breaks.text, breaks.client);
        let ids = violated(&result);
        let (result, _) = cell(&list(breaks, &ids), breaks.client);
        assert_eq!(result.outcome, Outcome::Kept, "{:?}", result.problems);
    }

    let (result, _) = cell(&list(&row.holds, &[row.id]), row.holds.client);
    assert_eq!(result.outcome, Outcome::Broken, "{:?}", result.problems);
    assert_eq!(result.problems.len(), 1, "{:?}", result.problems);
    assert!(result.problems[0].ends_with("is listed as violated, and holds: take it off the list"));
}

#[test]
fn every_invariant_is_in_the_table_once() {
    let table: Vec<&str> = TABLE.iter().map(|row| row.id).collect();
    let ids: BTreeSet<&str> = table.iter().copied().collect();
    assert_eq!(ids.len(), table.len(), "an invariant stands in two rows");
    let all: BTreeSet<&str> = invariant::ALL.iter().map(|i| i.id).collect();
    assert_eq!(ids, all, "the rows, and the registry");
}

#[test]
fn what_is_broken_by_hand_is() {
    for row in TABLE {
        if let Breaks::ByHand(made) = row.breaks {
            made().is_violated(row.id);
        }
    }
}
