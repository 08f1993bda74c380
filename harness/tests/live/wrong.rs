//! `probe` against what is no server of MCP, or a wrong one: it says what is wrong, and comes to an end.

use std::time::Duration;

use stalemate::live::address::Endpoint;
use stalemate::live::probe::{ClauseVerdict, ProbeError, ProbePlan, Question, Said, ask};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep};

use crate::support::{ALL, run};

/// What a wrong server does with the nth request.
#[derive(Clone)]
enum Does {
    Says(String),
    Hangs,
    HangsUp,
    /// A head, and then nothing more.
    Head,
    /// A head, and then comments without end.
    Babbles,
}

fn says(status: &str, headers: &str, body: &str) -> Does {
    let length = body.len();
    Does::Says(format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}"
    ))
}

/// Serves requests as `does` says of each by its text.
async fn wrong(does: impl Fn(&str) -> Does + Clone + 'static) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            spawn_local(serve(stream, does.clone()));
        }
    });
    Endpoint::parse(&format!("http://{address}/mcp")).expect("it is on loopback")
}

async fn serve(mut stream: TcpStream, does: impl Fn(&str) -> Does) {
    let mut read = vec![0; 64 * 1024];
    let Ok(length) = stream.read(&mut read).await else {
        return;
    };
    let text = String::from_utf8_lossy(&read[..length]).into_owned();
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    match does(&text) {
        Does::Says(answer) => drop(stream.write_all(answer.as_bytes()).await),
        Does::HangsUp => {}
        Does::Hangs => sleep(Duration::from_secs(60)).await,
        Does::Head => {
            let _ = stream.write_all(head.as_bytes()).await;
            sleep(Duration::from_secs(60)).await;
        }
        Does::Babbles => {
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(b"8\r\n: a day\n\r\n").await.is_ok() {
                sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

fn plan() -> ProbePlan {
    ProbePlan {
        patience_ms: 300,
        watch_ms: 250,
        ..ProbePlan::default()
    }
}

fn refused(does: impl Fn(&str) -> Does + Clone + 'static) -> ProbeError {
    run(async {
        let endpoint = wrong(does).await;
        let began = Instant::now();
        let error = ask(&endpoint, &plan(), &ALL)
            .await
            .expect_err("this is no server");
        assert!(began.elapsed() < Duration::from_secs(5));
        error
    })
}

#[test]
fn what_is_no_server_is_told() {
    let page = |_: &str| {
        says(
            "404 Not Found",
            "content-type: text/html\r\n",
            "<h1>Not here</h1>",
        )
    };
    let error = refused(page).to_string();
    assert!(
        error.contains("404, 17 bytes, <h1>Not here</h1>"),
        "{error}"
    );
    assert!(error.contains("is the path right"), "{error}");
    let token = |_: &str| says("401 Unauthorized", "www-authenticate: Bearer\r\n", "");
    assert!(
        refused(token)
            .to_string()
            .contains("--header 'Authorization")
    );
    assert!(matches!(refused(|_| Does::Hangs), ProbeError::Silent(_)));
    assert!(matches!(
        refused(|_| Does::HangsUp),
        ProbeError::NoHandshake(_)
    ));
    assert!(matches!(
        refused(|_| Does::Head),
        ProbeError::NoHandshake(_)
    ));
    assert!(matches!(
        refused(|_| Does::Babbles),
        ProbeError::NoHandshake(_)
    ));
    assert!(matches!(
        refused(|_| Does::Says("HTTP/1.1 boo\r\n\r\n".to_owned())),
        ProbeError::NoHandshake(_)
    ));
    let two = r#"{"jsonrpc":"2.0","id":77,"result":{"protocolVersion":"2025-11-25"}}"#;
    let other_id = move |_: &str| says("200 OK", "content-type: application/json\r\n", two);
    assert!(matches!(refused(other_id), ProbeError::NoHandshake(_)));
}

#[test]
fn where_nobody_listens_it_says_so() {
    let error = run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let endpoint = Endpoint::parse(&format!("http://{address}/mcp")).expect("loopback");
        ask(&endpoint, &plan(), &ALL)
            .await
            .expect_err("nobody is there")
    });
    assert!(matches!(&error, ProbeError::NobodyListens(place) if place.starts_with("127.0.0.1:")));
}

/// It answers `initialize`, and nothing else as it should.
#[test]
fn a_server_that_does_everything_wrong_is_told_all_of_it() {
    let does = |text: &str| {
        let id = |text: &str| {
            let rest = text.split("\"id\":").nth(1)?;
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            Some(rest[..end].to_owned())
        };
        if text.contains("\"initialize\"") {
            let id = id(text).unwrap_or_default();
            let body = format!(
                r#"{{"jsonrpc":"2.0","id":{id},"result":{{"protocolVersion":"1999-12-31","capabilities":{{}}}}}}"#
            );
            let headers = "content-type: application/json\r\nmcp-session-id: a b\r\n";
            return says("200 OK", headers, &body);
        }
        match text.split(' ').next() {
            Some("GET") => says("200 OK", "content-type: text/html\r\n", "<p>hello"),
            Some("DELETE") => says("200 OK", "", ""),
            _ if text.contains("\"ping\"") => {
                let id = id(text).unwrap_or_default();
                let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"pong":true}}}}"#);
                says("200 OK", "content-type: application/json\r\n", &body)
            }
            _ if text.contains("tools/list") => Does::Head,
            _ => says("200 OK", "content-type: text/plain\r\n", "fine"),
        }
    };
    let probed = run(async {
        let endpoint = wrong(does).await;
        ask(&endpoint, &plan(), &ALL).await.expect("it answers")
    });
    let broken: Vec<&str> = probed
        .judged
        .iter()
        .filter(|j| j.verdict == ClauseVerdict::Broken)
        .map(|j| j.clause)
        .collect();
    for clause in [
        "SES-03", "SES-06", "SES-07b", "POST-04", "POST-05", "POST-06", "POST-08", "POST-10",
        "ID-02", "GET-03", "VER-04", "LIFE-03", "LIFE-07", "PING-01",
    ] {
        assert!(broken.contains(&clause), "{clause} is not among {broken:?}");
    }
}

/// A server that stops in the middle of it all is not waited for without end.
#[test]
fn a_server_that_falls_silent_is_given_up() {
    let does = |text: &str| {
        if text.contains("\"initialize\"") {
            let body = r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{}}}"#;
            return says(
                "200 OK",
                "content-type: application/json\r\nmcp-session-id: one\r\n",
                body,
            );
        }
        Does::Hangs
    };
    run(async {
        let endpoint = wrong(does).await;
        let began = Instant::now();
        let probed = ask(&endpoint, &plan(), &ALL).await.expect("it begins");
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{:?}",
            began.elapsed()
        );
        assert_eq!(
            probed.interview.to(Question::List).map(|h| &h.said),
            Some(&Said::Silence)
        );
    });
}
