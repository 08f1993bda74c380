//! nginx's graceful stop, as a capture of the real one has it: an idle connection is closed at once, a call in flight gets its
//! answer, a stream lives until it ends or the time-out is over, nobody new comes in.

use std::sync::Mutex;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use stalemate_clients::{Dialler, LocalBoxFuture};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep};

use crate::raw::{acting, list, session, slow, within};
use crate::support::{run, scenario, times};

const CAPTURE: &str = include_str!("../../src/proxy/captures/nginx-quit.txt");

/// The row of the capture with that title: who, what became of them, and in which tenth of a second.
fn captured(title: &str) -> Vec<(u64, String)> {
    let mut rows = CAPTURE.split("-- ").skip(1);
    let row = rows.find(|row| row.lines().next() == Some(title));
    let lines = row.expect("in the capture").lines().skip(1);
    let line = |line: &str| {
        let (at, what) = line.trim().split_once(' ').expect("a time and more");
        let tenths: f64 = at.parse().expect("seconds");
        // What the last bytes were shows how a chunked body ended.
        let what = match what.split_once(" closed, last ") {
            Some((who, last)) if who == "stream" => {
                let whole = last.ends_with(r"0\r\n\r\n'");
                format!("{who} closed, {}", if whole { "whole" } else { "cut" })
            }
            Some((who, _)) => format!("{who} closed"),
            None => what.to_owned(),
        };
        ((tenths * 10.0).round() as u64, what)
    };
    lines.map(line).collect()
}

/// What happened to the clients, and when.
type Seen = Mutex<Vec<(u64, String)>>;

#[derive(Clone, Copy)]
struct Watch {
    began: Instant,
    seen: &'static Seen,
}

impl Watch {
    fn note(self, what: impl Into<String>) {
        let ms = u64::try_from(self.began.elapsed().as_millis()).expect("a short run");
        let mut seen = self.seen.lock().expect("no panic under it");
        seen.push(((ms + 50) / 100, what.into()));
    }

    async fn until(self, ms: u64) {
        sleep(Duration::from_millis(ms).saturating_sub(self.began.elapsed())).await;
    }

    /// One request on a connection that is kept, what its answer says, and the connection's end.
    async fn asks(
        self,
        who: &'static str,
        dialler: Dialler,
        method: &str,
        id: &str,
        body: Vec<u8>,
    ) {
        let io = dialler.dial().await.expect("a connection");
        let (mut sender, driving) = http1::handshake(TokioIo::new(io)).await.expect("HTTP");
        let ended = spawn_local(async move {
            let _ = driving.await;
        });
        let mut request = hyper::Request::builder().method(method).uri(dialler.path());
        for (name, value) in within(id) {
            request = request.header(name, value);
        }
        let request = request.header("host", dialler.host());
        let request = request.body(Full::new(Bytes::from(body))).expect("right");
        let answer = sender.send_request(request).await.expect("an answer");
        let connection = answer
            .headers()
            .get("connection")
            .map(|v| v.to_str().expect("text"));
        self.note(format!(
            "{who} head HTTP/1.1 200 OK Connection: {}",
            connection.unwrap_or_default()
        ));
        assert_eq!(answer.status(), 200, "{who}");
        let whole = answer.into_body().collect().await.is_ok();
        ended.await.expect("no panic");
        drop(sender);
        match who {
            "stream" if whole => self.note("stream closed, whole"),
            "stream" => self.note("stream closed, cut"),
            _ => self.note(format!("{who} closed")),
        }
    }
}

fn act(dialler: Dialler, seen: &'static Seen) -> LocalBoxFuture<'static, ()> {
    Box::pin(async move {
        let watch = Watch {
            began: Instant::now(),
            seen,
        };
        let id: &'static str = session(&dialler).await.leak();
        let asks = |who, method: &'static str, at, body: Vec<u8>| {
            let dialler = dialler.clone();
            spawn_local(async move {
                watch.until(at).await;
                watch.asks(who, dialler, method, id, body).await;
            })
        };
        let tasks = [
            asks("stream", "GET", 0, Vec::new()),
            asks("idle", "POST", 1500, list()),
            asks("flight", "POST", 2000, slow(1500)),
        ];
        watch.until(2300).await;
        watch.note("QUIT");
        watch.until(2600).await;
        watch.note(match dialler.dial().await {
            Ok(_) => "new connection accepted",
            Err(_) => "new connection refused",
        });
        for task in tasks {
            task.await.expect("no panic");
        }
    })
}

/// The world of the capture with these settings of nginx, and what its clients saw.
fn quits(
    settings: &str,
    acts: fn(Dialler) -> LocalBoxFuture<'static, ()>,
    seen: &Seen,
) -> Vec<(u64, String)> {
    let scenario = scenario(&format!(
        "summary: nginx quits.
servers:
  memory:
    port: 3001
    dialect:
      like: spec
      sessions: {{lifetime: 6s}}
      sse: {{keepalive: {{every: 500ms, comment: x}}}}
      json-answers: {{to: [tools/call, tools/list], headers: {{content-type: application/json}}}}
path: [nginx{settings}]
clients: [connector/recovering]
steps:
  - add: memory
  - wait: 2300ms
  - drain: {{target: nginx, limit: 1h, down: 1s}}
  - wait: 1m
"
    ));
    let run = run(&scenario, &acting(acts));
    let ended = run.record.entries.iter().find_map(|e| match &e.event {
        stalemate::journal::Event::ProcessDown { process, .. } if &**process == "nginx" => {
            Some(e.at_ms)
        }
        _ => None,
    });
    // The clients count from the moment at which the connector was added.
    let began = times(&run, "\"user-acted\"")[0];
    let mut seen = seen.lock().expect("no panic").clone();
    seen.push((
        (ended.expect("it ends") - began + 50) / 100,
        "nginx has ended".to_owned(),
    ));
    seen
}

#[test]
fn what_is_in_flight_has_its_time() {
    static SEEN: Seen = Mutex::new(Vec::new());
    let seen = quits("", |dialler| act(dialler, &SEEN), &SEEN);
    assert_eq!(seen, captured("without worker_shutdown_timeout"));
}

#[test]
fn a_time_out_ends_what_lives_too_long() {
    static SEEN: Seen = Mutex::new(Vec::new());
    let settings = ": {worker-shutdown-timeout: 3s}";
    let seen = quits(settings, |dialler| act(dialler, &SEEN), &SEEN);
    assert_eq!(seen, captured("worker_shutdown_timeout 3s"));
}
