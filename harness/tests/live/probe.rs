//! `probe` against our own models on real sockets: what it says must be what the models are known to do.

use std::sync::Arc;

use stalemate::live::probe::{self, ClauseVerdict, Judged, Probed, Question, ask, learn};
use stalemate::server::{Durable, Situation};

use crate::support::{ALL, builtin, plan, run, serve};

/// Asks a model of that dialect.
fn probed(name: &str) -> Probed {
    run(async {
        let served = serve(&builtin(name), Durable::Nothing).await;
        ask(&served.endpoint, &plan(&served), &ALL)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    })
}

fn judged<'p>(probed: &'p Probed, clause: &str, about: &str) -> &'p Judged {
    let mut all = probed.judged.iter();
    let found = all.find(|j| j.clause == clause && j.about.contains(about));
    found.unwrap_or_else(|| panic!("nothing is said of {clause}, {about}"))
}

fn recognized(name: &str) {
    let probed = probed(name);
    let nearest = probed.nearest.as_ref().expect("dialects are known");
    assert_eq!(nearest.dialect.name, name, "{:#?}", nearest.differences);
    assert_eq!(nearest.differences, [], "{name}");
    assert!(nearest.compared > 25, "{}", nearest.compared);
}

macro_rules! recognized {
    ($($test:ident $name:literal;)*) => {$(
        #[test]
        fn $test() {
            recognized($name);
        }
    )*};
}

// Over sockets each dialect says what its core says to the very same requests, and no other one does.
recognized! {
    supergateway_3_4_3 "supergateway-3.4.3";
    supergateway_4_0_0 "supergateway-4.0.0";
    typescript_sdk "typescript-sdk";
    server_everything "server-everything";
    python_sdk "python-sdk";
    python_sdk_1 "python-sdk-1";
    rmcp "rmcp";
    spec "spec";
}

#[test]
fn the_gateway_of_the_incident_is_known_by_what_it_says() {
    let probed = probed("supergateway-3.4.3");
    let dead = judged(&probed, "SES-07b", "deleted");
    assert_eq!(dead.verdict, ClauseVerdict::Broken);
    assert_eq!(
        dead.said,
        "POST: 400, 105 bytes, -32000 Bad Request: No valid session ID provided; \
         GET, DELETE: 400, 29 bytes, Invalid or missing session ID"
    );
    assert_eq!(
        judged(&probed, "SES-07b", "restart").verdict,
        ClauseVerdict::Broken
    );
    assert_eq!(
        judged(&probed, "SES-06", "no id").verdict,
        ClauseVerdict::Kept
    );
    assert_eq!(
        judged(&probed, "SES-07b", "expired").verdict,
        ClauseVerdict::NotAsked
    );
    let refusals = judged(&probed, "policy", "refusal");
    assert_eq!(refusals.verdict, ClauseVerdict::Broken);
    for dead_after in [
        "a second GET",
        "POST that accepts JSON only",
        "initialize with a live id",
    ] {
        assert!(refusals.said.contains(dead_after), "{}", refusals.said);
    }
    // Two of the questions are its end, and the command starts it again.
    assert_eq!(
        probed.interview.deaths,
        [Question::Abandoned, Question::PoisonedId]
    );
    assert_eq!(
        judged(&probed, "POST-12", "goes away").verdict,
        ClauseVerdict::Broken
    );
}

#[test]
fn a_server_that_does_all_that_is_demanded_breaks_nothing() {
    let probed = probed("spec");
    let broken: Vec<_> = probed
        .judged
        .iter()
        .filter(|j| j.verdict == ClauseVerdict::Broken)
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
    let kept = probed
        .judged
        .iter()
        .filter(|j| j.verdict == ClauseVerdict::Kept)
        .count();
    assert!(kept >= 17, "{kept} of {:#?}", probed.judged);
    assert!(probed.interview.deaths.is_empty() && !probed.interview.gone);
}

#[test]
fn what_is_broken_on_purpose_is_found() {
    for name in ["broken/server-400-for-dead", "broken/server-resurrects"] {
        let probed = probed(name);
        let verdict = judged(&probed, "SES-07b", "deleted").verdict;
        assert_eq!(verdict, ClauseVerdict::Broken, "{name}");
    }
}

#[test]
fn ids_are_secrets() {
    let probed = probed("supergateway-4.0.0");
    assert!(probed.interview.ids.len() > 3);
    let told: Vec<String> = probed
        .judged
        .iter()
        .map(|j| j.said.clone())
        .chain(
            probed
                .interview
                .heard
                .iter()
                .map(|h| h.said.words(&probed.interview.ids)),
        )
        .collect();
    for id in &probed.interview.ids {
        assert!(!told.iter().any(|t| t.contains(id.as_str())), "{id}");
    }
}

#[test]
fn sessions_that_outlive_the_process_are_told_from_those_that_do_not() {
    for (durable, kept) in [(Durable::Sessions, true), (Durable::Nothing, false)] {
        let probed = run(async {
            let served = serve(&builtin("supergateway-4.0.0"), durable).await;
            ask(&served.endpoint, &plan(&served), &ALL)
                .await
                .expect("it answers")
        });
        let restart = probed.interview.restart.as_ref().expect("it was restarted");
        assert_eq!(restart.kept, kept, "{durable:?}");
    }
}

#[test]
fn rest_is_waited_for_and_expiry_found() {
    let mut dialect = (*builtin("supergateway-4.0.0")).clone();
    dialect.sessions.idle_timeout_ms = Some(1_000);
    dialect.name = "short".to_owned();
    let dialect = Arc::new(dialect);
    let probed = run(async {
        let served = serve(&dialect, Durable::Nothing).await;
        let mut plan = plan(&served);
        (plan.restart, plan.idle_ms) = (None, Some(2_400));
        ask(&served.endpoint, &plan, &ALL)
            .await
            .expect("it answers")
    });
    let all = &probed.interview;
    assert_eq!((all.rested_ms, all.expired_ms), (Some(800), Some(1_200)));
    assert_eq!(
        judged(&probed, "SES-07b", "expired").verdict,
        ClauseVerdict::Kept
    );
    assert_eq!(
        judged(&probed, "SES-07b", "restart").verdict,
        ClauseVerdict::NotAsked
    );
}

/// What differs from the nearest dialect is learned, and what was learned is asked again.
#[test]
fn a_server_that_is_none_of_those_known_is_learned() {
    let mut dialect = (*builtin("supergateway-4.0.0")).clone();
    dialect.name = "strange".to_owned();
    let unknown = dialect
        .answers
        .get_mut(&Situation::PostUnknownSession)
        .expect("it has one");
    unknown.status = 410;
    unknown.body = r#"{"error":"no session ${session}"}"#.to_owned();
    let version = dialect.answers.remove(&Situation::UnsupportedVersion);
    assert!(version.is_some());
    dialect.accepts.insert(Situation::UnsupportedVersion);
    dialect.hazards.stop = stalemate::server::StreamEnd::Cut;
    let (probed, plan, path) = run(async {
        let served = serve(&Arc::new(dialect.clone()), Durable::Nothing).await;
        let plan = plan(&served);
        let probed = ask(&served.endpoint, &plan, &ALL)
            .await
            .expect("it answers");
        (probed, plan, served.endpoint.path.clone())
    });
    let nearest = probed.nearest.as_ref().expect("dialects are known");
    assert_eq!(nearest.dialect.name, "supergateway-4.0.0");
    let differing: Vec<Question> = nearest.differences.iter().map(|d| d.question).collect();
    for question in [
        Question::PostUnknown,
        Question::BadVersion,
        Question::PostEnded,
    ] {
        assert!(differing.contains(&question), "{differing:?}");
    }
    assert_eq!(
        judged(&probed, "VER-04", "version").verdict,
        ClauseVerdict::Broken
    );
    let learned = learn(
        "strange",
        "a test",
        &probed.interview,
        nearest,
        &plan,
        &path,
    );
    assert_eq!(learned.left, [], "nothing is left to be learned");
    let of = |d: &stalemate::server::Dialect| d.answers[&Situation::PostUnknownSession].clone();
    assert_eq!(of(&learned.dialect).body, of(&dialect).body);
    assert_eq!(
        learned.dialect.hazards.stop,
        stalemate::server::StreamEnd::Cut
    );
    // As a file it is read again as what it is.
    let text = stalemate::dialect::file_of(&learned.dialect, &learned.like);
    let read = stalemate::dialect::read_several("strange.yaml".as_ref(), &text, &ALL);
    let read = read.unwrap_or_else(|errors| panic!("{text}\n{errors}"));
    assert_eq!(read, [learned.dialect]);
    let again = probe::against(&probed.interview, &read[0], &plan, &path);
    assert_eq!(again.differences, []);
}

/// What passed on the sockets is in a record, as it is of a simulated server.
#[test]
fn a_server_on_a_socket_is_recorded_as_in_a_simulation() {
    let record = run(async {
        let served = serve(&builtin("spec"), Durable::Nothing).await;
        ask(&served.endpoint, &plan(&served), &ALL)
            .await
            .expect("it answers");
        served.model.take_record()
    });
    let lines = record.to_json_lines();
    for said in [
        "session-opened",
        "session-ended",
        "process-up",
        "\"event\":\"http\"",
    ] {
        assert!(lines.contains(said), "{said}");
    }
    let times: Vec<u64> = record.entries.iter().map(|e| e.at_ms).collect();
    assert!(times.is_sorted() && times.last() > Some(&100));
}

/// The model on sockets and the model alone say the same to every sequence; another dialect does not.
#[test]
fn random_sequences_find_a_difference_where_there_is_one() {
    let played = |served: &'static str, against: &'static str| {
        run(async move {
            let served = serve(&builtin(served), Durable::Nothing).await;
            let plan = probe::ProbePlan {
                patience_ms: 3_000,
                ..probe::ProbePlan::default()
            };
            let dialect = builtin(against);
            probe::play_sequences(&served.endpoint, &plan, &dialect, 4)
                .await
                .expect("it answers")
        })
    };
    let same = played("supergateway-3.4.3", "supergateway-3.4.3");
    assert_eq!(same.unlike, []);
    assert_eq!((same.whole.all, same.whole.same), (64, 64));
    assert!(same.core.all > 20 && same.broken_off.is_empty());
    let other = played("supergateway-4.0.0", "supergateway-3.4.3");
    assert!(other.whole.same < other.whole.all);
    let unknown = other
        .unlike
        .iter()
        .find(|u| u.asked.contains("never given"));
    assert!(
        unknown.is_some_and(|u| u.real.starts_with("404") && u.model.starts_with("400")),
        "{:#?}",
        other.unlike
    );
}

#[test]
fn a_server_with_one_session_is_restarted_between_sequences() {
    let (with, without) = run(async {
        let dialect = builtin("typescript-sdk");
        let served = serve(&dialect, Durable::Nothing).await;
        let mut plan = plan(&served);
        let with = probe::play_sequences(&served.endpoint, &plan, &dialect, 3).await;
        let with = with.expect("it answers");
        // The last session lives no more, and there is no way to another.
        plan.restart = None;
        let without = probe::play_sequences(&served.endpoint, &plan, &dialect, 3).await;
        (with, without)
    });
    assert_eq!((with.whole.all, with.whole.same), (48, 48), "{with:#?}");
    assert!(with.broken_off.is_empty());
    assert!(without.is_err(), "{without:#?}");
}
