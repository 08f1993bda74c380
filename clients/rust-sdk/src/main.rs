//! Drives the client of rmcp: see ../README.md for the protocol. It sets nothing that the SDK has a default for, and repeats
//! nothing: what the SDK does is what is tested.

use std::cell::RefCell;
use std::io::Write;
use std::os::fd::AsFd;
use std::rc::Rc;

use rmcp::ServiceExt;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, GetPromptResponse, ReadResourceResponse,
};
use rmcp::service::{Peer, RoleClient, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use serde_json::{Value, from_value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe;
use tokio::task::{LocalSet, spawn_local};

type Answer = Result<Value, String>;

/// The client, while it is connected.
#[derive(Clone, Default)]
struct Driver(Rc<RefCell<Option<RunningService<RoleClient, ()>>>>);

/// An error in the SDK's own words.
fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Driver {
    fn peer(&self) -> Result<Peer<RoleClient>, String> {
        let running = self.0.borrow();
        let running = running.as_ref().ok_or("not connected")?;
        Ok(running.peer().clone())
    }

    async fn connect(&self, url: &str) -> Answer {
        self.0.take();
        let transport = StreamableHttpClientTransport::from_uri(url);
        let running = ().serve(transport).await.map_err(words)?;
        self.0.replace(Some(running));
        Ok(json!(true))
    }

    async fn list_tools(&self) -> Answer {
        let tools = self.peer()?.list_all_tools().await.map_err(words)?;
        Ok(tools.iter().map(|tool| json!(tool.name)).collect())
    }

    async fn call_tool(&self, told: Value) -> Answer {
        let name = told["name"].as_str().unwrap_or_default().to_owned();
        let mut params = CallToolRequestParams::new(name);
        params.arguments = told["arguments"].as_object().cloned();
        let answer = self.peer()?.call_tool_once(params).await;
        let CallToolResponse::Complete(result) = answer.map_err(words)? else {
            return Err("the server wants something else first".to_owned());
        };
        let blocks = result.content.iter().filter_map(|block| block.as_text());
        let text = blocks
            .map(|t| t.text.as_str())
            .collect::<Vec<_>>()
            .join("\n");
        if result.is_error == Some(true) {
            Err(text)
        } else {
            Ok(json!(text))
        }
    }

    async fn request(&self, method: &str, params: Value) -> Answer {
        let peer = self.peer()?;
        let result = match method {
            "resources/read" => {
                let read = peer
                    .read_resource_once(from_value(params).map_err(words)?)
                    .await;
                match read.map_err(words)? {
                    ReadResourceResponse::Complete(result) => json!(result),
                    _ => return Err("the server wants something else first".to_owned()),
                }
            }
            "prompts/get" => {
                let got = peer
                    .get_prompt_once(from_value(params).map_err(words)?)
                    .await;
                match got.map_err(words)? {
                    GetPromptResponse::Complete(result) => json!(result),
                    _ => return Err("the server wants something else first".to_owned()),
                }
            }
            "completion/complete" => {
                let completed = peer.complete(from_value(params).map_err(words)?).await;
                json!(completed.map_err(words)?)
            }
            "resources/subscribe" => {
                #[allow(deprecated)]
                let subscribed = peer.subscribe(from_value(params).map_err(words)?).await;
                subscribed.map(|()| json!({})).map_err(words)?
            }
            _ => return Err(format!("this client has no {method}")),
        };
        Ok(json!(result.to_string()))
    }

    /// As the SDK documents it: the service is cancelled, which ends the session.
    async fn disconnect(&self) -> Answer {
        let running = self.0.take();
        if let Some(running) = running {
            running.cancel().await.map_err(words)?;
        }
        Ok(json!(true))
    }

    async fn carry_out(&self, told: Value) -> Answer {
        match told["op"].as_str() {
            Some("connect") => self.connect(told["url"].as_str().unwrap_or_default()).await,
            Some("list_tools") => self.list_tools().await,
            Some("call_tool") => self.call_tool(told).await,
            Some("request") => {
                let method = told["method"].as_str().unwrap_or_default();
                self.request(method, told["params"].clone()).await
            }
            Some("disconnect") => self.disconnect().await,
            other => Err(format!("there is no operation {other:?}")),
        }
    }
}

fn say(message: &Value) {
    let mut out = std::io::stdout().lock();
    // Nobody may read it any more.
    let _ = writeln!(out, "{message}").and_then(|()| out.flush());
}

async fn drive() -> std::io::Result<()> {
    let stdin = std::io::stdin().as_fd().try_clone_to_owned()?;
    let mut lines = BufReader::new(pipe::Receiver::from_owned_fd(stdin)?).lines();
    let driver = Driver::default();
    say(&json!({"ready": 1}));
    while let Some(line) = lines.next_line().await? {
        let Ok(told) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        let (driver, id) = (driver.clone(), told["id"].clone());
        spawn_local(async move {
            say(&match driver.carry_out(told).await {
                Ok(result) => json!({"id": id, "ok": result}),
                Err(why) => json!({"id": id, "error": why}),
            });
        });
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    // One thread looks the names of hosts up, because two would race.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()?;
    LocalSet::new().block_on(&runtime, drive())
}
