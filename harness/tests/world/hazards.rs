//! How clients kill sessions and whole processes of supergateway 3.4.3, end to end through nginx; and that 4.0.0 stands
//! all of it.

use std::time::Duration;

use stalemate::sim::Run;

use crate::raw::{Act, RIGHT, acting, ask, exchange, initialize, list, session, slow, within};
use crate::support::{all, lines, one_server, run, times};

const OLD: &str = "supergateway-3.4.3";
const NEW: &str = "supergateway-4.0.0";

fn played(dialect: &str, act: Act) -> Run {
    let steps = "  - add: memory\n  - wait: 30s\n";
    run(&one_server(dialect, "nginx", steps, ""), &acting(act))
}

/// Lists the tools in that session, and then goes wrong if the status is another one.
async fn still(dialler: &stalemate_clients::Dialler, session: &str) -> u16 {
    exchange(dialler, "POST", &within(session), &list()).await.1
}

/// The statuses that the client got, in order.
fn statuses(run: &Run) -> Vec<u16> {
    let gets = lines(run, &["client gets "]);
    gets.iter()
        .filter_map(|line| line.rsplit(' ').next()?.parse().ok())
        .collect()
}

fn assert_session_killed(act: Act, old: &[u16], new: &[u16]) {
    let run = played(OLD, act);
    assert_eq!(
        times(&run, "lost memory RefusalKilledIt").len(),
        1,
        "\n{}",
        all(&run)
    );
    assert_eq!(statuses(&run), old, "\n{}", all(&run));
    assert!(lines(&run, &["down"]).is_empty());
    let run = played(NEW, act);
    assert!(times(&run, "lost memory RefusalKilledIt").is_empty());
    assert_eq!(statuses(&run), new, "\n{}", all(&run));
}

#[test]
fn a_second_stream_kills_the_session() {
    assert_session_killed(
        |dialler| {
            Box::pin(async move {
                let id = session(&dialler).await;
                let stream = ask(&dialler, "GET", &within(&id), b"").await;
                exchange(&dialler, "GET", &within(&id), b"").await;
                still(&dialler, &id).await;
                drop(stream);
            })
        },
        &[200, 200, 409, 400],
        &[200, 200, 409, 200],
    );
}

#[test]
fn a_refused_accept_header_kills_the_session() {
    assert_session_killed(
        |dialler| {
            Box::pin(async move {
                let id = session(&dialler).await;
                let headers = [
                    ("content-type", "application/json"),
                    ("accept", "*/*"),
                    ("mcp-session-id", &*id),
                ];
                exchange(&dialler, "POST", &headers, &list()).await;
                still(&dialler, &id).await;
            })
        },
        &[200, 406, 400],
        &[200, 406, 200],
    );
}

#[test]
fn a_repeated_initialize_kills_the_session() {
    assert_session_killed(
        |dialler| {
            Box::pin(async move {
                let id = session(&dialler).await;
                exchange(&dialler, "POST", &within(&id), &initialize()).await;
                still(&dialler, &id).await;
            })
        },
        &[200, 400, 400],
        &[200, 400, 200],
    );
}

/// The client gives up a call; nginx lets its upstream go; the gateway dies of writing the answer.
#[test]
fn an_abandoned_call_kills_the_process() {
    let give_up: Act = |dialler| {
        Box::pin(async move {
            let id = session(&dialler).await;
            let calling = async {
                let answer = ask(&dialler, "POST", &within(&id), &slow(5_000)).await;
                if let Ok(answer) = answer {
                    let _ = http_body_util::BodyExt::collect(answer.into_body()).await;
                }
            };
            let _ = tokio::time::timeout(Duration::from_secs(1), calling).await;
        })
    };
    let run = played(OLD, give_up);
    let down = lines(&run, &["down"]);
    assert_eq!(down.len(), 1, "\n{}", all(&run));
    let at: u64 = down[0].split(' ').next().unwrap().parse().unwrap();
    let effect = times(&run, "effect memory slow")[0];
    assert_eq!(
        at,
        effect + 5_000 + 1,
        "when the answer was to be written\n{}",
        all(&run)
    );
    assert_eq!(times(&run, "up memory"), [0, at + 5_000]);
    let run = played(NEW, give_up);
    assert!(lines(&run, &["down"]).is_empty());
}

#[test]
fn a_session_id_can_kill_the_process() {
    let ask_constructor: Act = |dialler| {
        Box::pin(async move {
            let headers = [RIGHT, &[("mcp-session-id", "constructor")]].concat();
            let _ = ask(&dialler, "POST", &headers, &list()).await;
        })
    };
    let run = played(OLD, ask_constructor);
    assert_eq!(lines(&run, &["down"]).len(), 1, "\n{}", all(&run));
    assert_eq!(times(&run, "up memory").len(), 2);
    assert_eq!(statuses(&run), [502], "\n{}", all(&run));
    let run = played(NEW, ask_constructor);
    assert!(lines(&run, &["down"]).is_empty());
    assert_eq!(statuses(&run), [404]);
}
