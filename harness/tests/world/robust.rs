//! Clients that misbehave: whatever they do, a run ends, and says what went wrong.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use stalemate::journal::{ConnEnd, Event};
use stalemate::sim::{Options, Run, Spec, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::raw::{Act, acting, initialize};
use crate::support::{all, client, lines, model_cells, one_server, times, try_run};

fn played(path: &str, steps: &str, act: Act) -> Result<Run, String> {
    let steps = format!("  - add: memory\n{steps}");
    let scenario = one_server("supergateway-4.0.0", path, &steps, "");
    try_run(&scenario, &acting(act), Options::default())
}

#[test]
fn a_panic_is_an_error_that_names_it() {
    for act in [
        (|_| Box::pin(async { panic!("no {}", "such luck") })) as Act,
        |dialler| {
            Box::pin(async move {
                let _kept = dialler.dial().await;
                tokio::time::sleep(Duration::from_secs(100)).await;
                tokio::task::spawn_local(async { panic!("no such luck") });
                std::future::pending().await
            })
        },
    ] {
        let error = played("nginx", "  - wait: 10m\n", act).unwrap_err();
        assert!(
            error.contains("the run panicked: no such luck, at "),
            "{error}"
        );
        assert!(error.contains("robust.rs"), "{error}");
    }
    // The thread is as good as new.
    let again = thread::spawn(|| {
        let act: Act = |_| Box::pin(async { panic!("once") });
        let scenario = one_server("supergateway-4.0.0", "nginx", "  - add: memory\n", "");
        let spec = |subject| Spec {
            scenario: &scenario,
            client: "the client",
            subject,
            seed: 1,
        };
        let (panics, right) = (acting(act), client("connector/recovering"));
        let first = run(spec(&panics)).unwrap_err();
        let second = run(spec(&right));
        (first, second.map(|run| run.record.rungs().len()))
    });
    let (first, second) = again.join().unwrap();
    assert!(first.to_string().contains("once"));
    assert_eq!(second, Ok(1));
}

/// What a client wrote and then read until the end, for a second at the most.
async fn says(dialler: stalemate_clients::Dialler, bytes: Vec<u8>) -> Vec<u8> {
    let mut io = dialler.dial().await.expect("somebody listens");
    let mut got = Vec::new();
    let talking = async {
        if io.write_all(&bytes).await.is_ok() {
            let _ = io.read_to_end(&mut got).await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), talking).await;
    got
}

#[test]
fn what_is_no_http_hurts_nobody() {
    let garbage: Act = |dialler| {
        Box::pin(async move {
            says(
                dialler.clone(),
                b"\x16\x03\x01\x02\x00\x01\x00 this is TLS".to_vec(),
            )
            .await;
            says(dialler.clone(), vec![0; 100_000]).await;
            says(dialler.clone(), b"GET".to_vec()).await;
            says(
                dialler.clone(),
                b"POST /mcp HTTP/1.1\r\ncontent-length: 10\r\n\r\nabc".to_vec(),
            )
            .await;
            says(
                dialler.clone(),
                b"POST /mcp HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec(),
            )
            .await;
            says(
                dialler.clone(),
                b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec(),
            )
            .await;
            let giant = format!(
                "GET /mcp HTTP/1.1\r\nhost: h\r\nx: {}\r\n\r\n",
                "x".repeat(600_000)
            );
            says(dialler.clone(), giant.into_bytes()).await;
            let many: String = (0..300).map(|n| format!("x-{n}: y\r\n")).collect();
            says(
                dialler,
                format!("GET /mcp HTTP/1.1\r\nhost: h\r\n{many}\r\n").into_bytes(),
            )
            .await;
        })
    };
    for path in ["", "nginx", "cloudflare, nginx"] {
        let run = played(path, "  - wait: 20s\n", garbage).expect("it ends");
        assert!(lines(&run, &["down"]).is_empty(), "\n{}", all(&run));
        assert_eq!(
            lines(&run, &["open"])
                .iter()
                .filter(|l| l.contains(" client>"))
                .count(),
            8
        );
        assert!(run.record.rungs()[0].1.is_some(), "the server side works");
    }
}

#[test]
fn old_http_and_pipelines_are_understood() {
    let act: Act = |dialler| {
        Box::pin(async move {
            let path = dialler.path().to_owned();
            let body = String::from_utf8(initialize()).unwrap();
            let request = |version: &str, more: &str| {
                format!(
                    "POST {path} HTTP/{version}\r\nhost: h\r\ncontent-type: application/json\r\n\
                     accept: application/json, text/event-stream\r\n{more}content-length: {}\r\n\r\n{body}",
                    body.len()
                )
            };
            let old = says(dialler.clone(), request("1.0", "").into_bytes()).await;
            assert!(
                old.starts_with(b"HTTP/1."),
                "{}",
                String::from_utf8_lossy(&old)
            );
            let three = request("1.1", "").repeat(3);
            let answers = says(dialler, three.into_bytes()).await;
            let answers = String::from_utf8_lossy(&answers).into_owned();
            assert_eq!(answers.matches("HTTP/1.1 200").count(), 3, "{answers}");
        })
    };
    for path in ["", "nginx"] {
        let run = played(path, "  - wait: 20s\n", act).expect("it ends");
        assert_eq!(times(&run, "session memory").len(), 4, "\n{}", all(&run));
        assert_eq!(times(&run, "client gets 200").len(), 4, "\n{}", all(&run));
    }
}

#[test]
fn a_hundred_calls_at_once() {
    let call = "  - call: {on: memory, tool: create_entities, parallel: 50, expect: ok, background: a}\n  - call: {on: memory, tool: slow, takes: 3s, parallel: 50, expect: ok}\n";
    let steps = format!("  - add: memory\n{call}");
    for (dialect, path) in [
        ("supergateway-4.0.0", "cloudflare, nginx"),
        ("supergateway-3.4.3", "nginx"),
    ] {
        let scenario = one_server(dialect, path, &steps, "");
        let run = crate::support::run(&scenario, &client("connector/recovering"));
        assert_eq!(run.findings.failures, []);
        assert_eq!(lines(&run, &["effect"]).len(), 102, "\n{}", all(&run));
    }
}

/// A refused connection must cost nothing that runs out.
#[test]
fn a_tight_loop_against_a_server_that_is_down() {
    let storm: Act = |dialler| {
        Box::pin(async move {
            loop {
                if dialler.dial().await.is_ok() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        })
    };
    let steps = "  - down: {target: nginx, for: 2m}\n  - wait: 3m\n";
    let run = played("nginx", steps, storm).expect("it ends");
    let refused = run.record.entries.iter().filter(|e| {
        matches!(&e.event, Event::ConnEnded { how: ConnEnd::Refused, from, .. } if &**from == "client")
    });
    let refused = refused.count();
    assert!(
        (119_000..=120_100).contains(&refused),
        "{refused} connections were refused"
    );
    assert!(run.record.rungs()[0].1.is_some());
}

/// Every committed cell of models several times, on several threads at once.
#[test]
fn threads_do_not_disturb_each_other() {
    const REPEATS: usize = 4;
    let cells = model_cells();
    let hashes: Vec<(String, String)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..REPEATS)
            .map(|worker| {
                let cells = &cells;
                scope.spawn(move || {
                    // Each begins elsewhere, so that different cells run side by side.
                    let from = worker * cells.len() / REPEATS;
                    let order = (0..cells.len()).map(|n| &cells[(from + n) % cells.len()]);
                    order
                        .map(|(name, scenario, subject)| {
                            let run = crate::support::run(scenario, subject);
                            (name.clone(), run.record.hash())
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let joined = workers
            .into_iter()
            .flat_map(|w| w.join().expect("no panic"));
        joined.collect()
    });
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, hash) in &hashes {
        assert_eq!(first.entry(name).or_insert(hash), hash, "{name}");
    }
    assert_eq!(hashes.len(), cells.len() * REPEATS);
}
