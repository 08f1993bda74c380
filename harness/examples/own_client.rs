//! How to put one's own client under test: a small client of our own, made known under a name, in a command of its own.
//! Try `cargo run --example own_client -- run scenarios/restart/idle.yaml --client my-client`. The same registry in a
//! test target with `harness = false` and `fn main() -> ExitCode { stalemate::check("scenarios", &registry()) }` makes
//! every cell a test.

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use stalemate::clients::{
    CallResult, Client, ClientError, ClientFactory, Dialler, LocalBoxFuture, NotificationSink,
    StoredSession,
};
use stalemate::registry::Registry;

/// A client that keeps its session id for ever: the fault that Stalemate was made to find.
struct MyClient {
    dialler: Dialler,
    session: Mutex<Option<String>>,
}

impl MyClient {
    /// Sends one JSON-RPC message over a connection of its own and returns the result.
    async fn post(&self, message: Value) -> Result<Value, ClientError> {
        let error = |error: &dyn std::fmt::Display| ClientError::new(error.to_string());
        let io = self.dialler.dial().await.map_err(|e| error(&e))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io))
            .await
            .map_err(|e| error(&e))?;
        tokio::task::spawn_local(async move { drop(connection.await) });
        let mut request = hyper::Request::post(self.dialler.path())
            .header("host", self.dialler.host())
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json");
        if let Some(id) = self.session.lock().unwrap().as_ref() {
            request = request.header("mcp-session-id", id);
        }
        let body = Full::new(Bytes::from(message.to_string()));
        let request = request.body(body).map_err(|e| error(&e))?;
        let response = sender.send_request(request).await.map_err(|e| error(&e))?;
        let status = response.status();
        if let Some(id) = response.headers().get("mcp-session-id") {
            *self.session.lock().unwrap() = id.to_str().ok().map(str::to_owned);
        }
        let body = response
            .into_body()
            .collect()
            .await
            .map_err(|e| error(&e))?
            .to_bytes();
        if !status.is_success() {
            return Err(ClientError::new(format!("the server said {status}")));
        }
        // An answer is JSON, or the data of an event stream.
        let text = String::from_utf8_lossy(&body);
        let data = text
            .lines()
            .find_map(|line| line.strip_prefix("data: "))
            .unwrap_or(&text);
        Ok(serde_json::from_str(data).unwrap_or_default())
    }
}

impl Client for MyClient {
    fn connect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        Box::pin(async {
            let params = json!({"protocolVersion": "2025-06-18", "capabilities": {},
                                "clientInfo": {"name": "my-client", "version": "1"}});
            self.post(json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}))
                .await?;
            self.post(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
                .await?;
            Ok(())
        })
    }

    fn list_tools(&self) -> LocalBoxFuture<'_, Result<Vec<String>, ClientError>> {
        Box::pin(async {
            let answer = self
                .post(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}))
                .await?;
            let tools = answer["result"]["tools"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            Ok(tools
                .iter()
                .filter_map(|t| t["name"].as_str().map(str::to_owned))
                .collect())
        })
    }

    fn call_tool(&self, name: String, arguments: Value) -> LocalBoxFuture<'_, CallResult> {
        Box::pin(async move {
            let params = json!({"name": name, "arguments": arguments});
            let call = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params});
            Ok(self.post(call).await?["result"].to_string())
        })
    }

    fn disconnect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        Box::pin(async {
            *self.session.lock().unwrap() = None;
            Ok(())
        })
    }
}

struct MyFactory;

impl ClientFactory for MyFactory {
    fn create(
        &self,
        dialler: Dialler,
        _: Option<StoredSession>,
        _: NotificationSink,
    ) -> Arc<dyn Client> {
        Arc::new(MyClient {
            dialler,
            session: Mutex::default(),
        })
    }
}

fn registry() -> Registry {
    Registry::builtin().client("my-client", "ours", Arc::new(MyFactory))
}

fn main() -> ExitCode {
    stalemate::main(&registry())
}
