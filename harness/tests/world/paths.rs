//! Other paths than the endpoint's, which clients ask for when they want to log in: nginx leads its one location upstream and
//! answers the rest itself, and a server without nginx gives its framework's page.

use http_body_util::BodyExt;
use stalemate_clients::{Dialler, LocalBoxFuture};

use crate::raw::{RIGHT, acting, ask_at, exchange, initialize};
use crate::support::{all, one_server, run};

/// Asks as a client does that was told 401, and for the endpoint.
fn discovers(dialler: Dialler) -> LocalBoxFuture<'static, ()> {
    Box::pin(async move {
        let metadata = "/.well-known/oauth-protected-resource";
        for (method, path) in [
            ("GET", metadata.to_owned()),
            ("GET", format!("{metadata}{}", dialler.path())),
            ("POST", "/register".to_owned()),
        ] {
            let answer = ask_at(&dialler, &path, method, RIGHT, b"{}").await;
            let answer = answer.expect("an answer").into_body().collect().await;
            answer.expect("a whole body");
        }
        exchange(&dialler, "POST", RIGHT, &initialize()).await;
    })
}

/// What was asked of a process and answered by it, in order: statuses with the lengths of their bodies.
fn answers(path: &str, dialect: &str, process: &str) -> Vec<(u16, u64)> {
    use stalemate::journal::{Event, Message, Phase, Side};

    let steps = "  - add: memory\n  - wait: 1s\n";
    let run = run(&one_server(dialect, path, steps, ""), &acting(discovers));
    let is_climb = |e: &Event| matches!(e, Event::Phase(Phase::Calm { .. }));
    let entries = run.record.entries.iter();
    let sent = entries
        .take_while(|e| !is_climb(&e.event))
        .filter_map(|e| match &e.event {
            Event::Http {
                at,
                side: Side::Sent,
                message: Message::Response(r),
                ..
            } if **at == *process => Some((r.status, r.bytes)),
            _ => None,
        });
    let sent: Vec<(u16, u64)> = sent.collect();
    assert!(!sent.is_empty(), "\n{}", all(&run));
    sent
}

#[test]
fn nginx_answers_them_itself() {
    for dialect in ["supergateway-3.4.3", "python-sdk", "spec"] {
        let nginx = answers("nginx", dialect, "nginx");
        assert_eq!(nginx[..3], [(404, 153); 3], "{dialect}");
        let server = answers("nginx", dialect, "memory");
        assert_eq!(server.len(), 1, "{dialect}: {server:?}");
        assert_eq!(server[0].0, 200, "{dialect}");
    }
}

#[test]
fn behind_another_hop_that_leads_them_on_too() {
    let nginx = answers("cloudflare, nginx: {name: outer}, nginx", "spec", "outer");
    assert_eq!(nginx[..3], [(404, 153); 3]);
    let redirected = "nginx: {redirect: {status: 307, to: /v2/mcp}}";
    let nginx = answers(redirected, "spec", "nginx");
    let statuses: Vec<u16> = nginx.into_iter().map(|(status, _)| status).collect();
    assert_eq!(statuses, [404, 404, 404, 307]);
}

#[test]
fn a_server_without_nginx_says_that_there_is_nothing() {
    for (dialect, bytes) in [
        // Of `/other` the capture has 144.
        ("supergateway-3.4.3", [175, 179, 148]),
        ("python-sdk", [9; 3]),
        ("typescript-sdk", [0; 3]),
    ] {
        let server = answers("", dialect, "memory");
        assert_eq!(server[..3], bytes.map(|bytes| (404, bytes)), "{dialect}");
        assert_eq!(server[3].0, 200, "{dialect}");
    }
}
