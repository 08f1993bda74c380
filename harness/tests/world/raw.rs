//! Clients that do what a test tells them, on raw connections: no session is kept, nothing is made right.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use stalemate::registry::Subject;
use stalemate_clients::{
    CallResult, Client, ClientError, ClientFactory, Dialler, LocalBoxFuture, NotificationSink,
    StoredSession,
};
use tokio::task::spawn_local;

/// What a client does once it is connected.
pub(crate) type Act = fn(Dialler) -> LocalBoxFuture<'static, ()>;

struct Raw {
    dialler: Dialler,
    act: Act,
}

impl Client for Raw {
    fn connect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        spawn_local((self.act)(self.dialler.clone()));
        Box::pin(async { Ok(()) })
    }

    fn list_tools(&self) -> LocalBoxFuture<'_, Result<Vec<String>, ClientError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn call_tool(&self, _: String, arguments: Value) -> LocalBoxFuture<'_, CallResult> {
        // The slow tool's time is the client's own here.
        let ms = arguments["ms"].as_u64().unwrap_or(0);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Ok(String::new())
        })
    }

    fn disconnect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        Box::pin(async { Ok(()) })
    }
}

struct Factory(Act);

impl ClientFactory for Factory {
    fn create(
        &self,
        dialler: Dialler,
        _: Option<StoredSession>,
        _: NotificationSink,
    ) -> Arc<dyn Client> {
        Arc::new(Raw {
            dialler,
            act: self.0,
        })
    }

    fn needs_own_process(&self) -> bool {
        false
    }
}

/// A bare client that acts so when it connects, beside whatever the user does.
pub(crate) fn acting(act: Act) -> Subject {
    Subject::Bare {
        factory: Arc::new(Factory(act)),
    }
}

/// The headers that every request of a right client has.
pub(crate) const RIGHT: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("accept", "application/json, text/event-stream"),
];

/// Sends one request on a connection of its own, and returns the response once its head is there.
pub(crate) async fn ask(
    dialler: &Dialler,
    method: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<hyper::Response<Incoming>, String> {
    ask_at(dialler, dialler.path(), method, headers, body).await
}

/// As [`ask`], of another path.
pub(crate) async fn ask_at(
    dialler: &Dialler,
    path: &str,
    method: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<hyper::Response<Incoming>, String> {
    let io = dialler.dial().await.map_err(|e| e.to_string())?;
    let (mut sender, driving) = http1::handshake(TokioIo::new(io))
        .await
        .map_err(|e| e.to_string())?;
    spawn_local(async move { drop(driving.await) });
    let mut request = hyper::Request::builder()
        .method(method)
        .uri(path)
        .header("host", dialler.host());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .body(Full::new(Bytes::copy_from_slice(body)))
        .expect("a right request");
    sender
        .send_request(request)
        .await
        .map_err(|e| e.to_string())
}

/// As [`ask`], and reads the body to its end. Returns the session id, if one was given, and the status.
pub(crate) async fn exchange(
    dialler: &Dialler,
    method: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (Option<String>, u16) {
    let response = ask(dialler, method, headers, body)
        .await
        .expect("an answer");
    let session = response
        .headers()
        .get("mcp-session-id")
        .and_then(|v| v.to_str().ok())
        .map(str::to_owned);
    let status = response.status().as_u16();
    let _ = response.into_body().collect().await;
    (session, status)
}

/// The body of an `initialize` request.
pub(crate) fn initialize() -> Vec<u8> {
    body(
        1,
        "initialize",
        serde_json::json!({
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "0"}
        }),
    )
}

/// The body of a call of the slow tool.
pub(crate) fn slow(ms: u64) -> Vec<u8> {
    body(
        2,
        "tools/call",
        serde_json::json!({"name": "slow", "arguments": {"ms": ms, "name": "raw"}}),
    )
}

/// The body of a request for the tools.
pub(crate) fn list() -> Vec<u8> {
    body(3, "tools/list", serde_json::json!({}))
}

/// Initializes and returns the session's id.
pub(crate) async fn session(dialler: &Dialler) -> String {
    let (session, status) = exchange(dialler, "POST", RIGHT, &initialize()).await;
    assert_eq!(status, 200);
    session.expect("a session")
}

/// The right headers, and that session.
pub(crate) fn within(session: &str) -> Vec<(&str, &str)> {
    [RIGHT, &[("mcp-session-id", session)]].concat()
}

fn body(id: u64, method: &str, params: Value) -> Vec<u8> {
    let body = serde_json::json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    body.to_string().into_bytes()
}
