//! A program as a [`Client`]: what the user does is told to it, line by line, and its answers are the user's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use stalemate_clients::{
    CallResult, Client, ClientError, ClientFactory, Dialler, LocalBoxFuture, NotificationSink,
    Program, RequestMethod, Speaks, StoredSession,
};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::{JoinHandle, spawn_local};

use super::SharedDesk;
use super::lines;
use super::relay::{Open, carry};
use super::words::{Order, Start};

/// The revision of MCP that a host of a program on standard input and output offers.
const REVISION: &str = "2025-11-25";
/// How long a host waits for such a program to end by itself before it kills it.
const END_LIMIT: Duration = Duration::from_secs(2);
/// The most pages of tools that are asked for.
const MOST_PAGES: usize = 100;

/// Makes clients of a program: each is a process of its own.
pub(crate) struct PortalFactory {
    program: Program,
    desk: SharedDesk,
}

impl PortalFactory {
    /// Clients of that program, which are ordered at that desk.
    pub(crate) fn new(program: Program, desk: SharedDesk) -> Self {
        Self { program, desk }
    }
}

impl ClientFactory for PortalFactory {
    /// `resume` is ignored: the driver protocol has no word for it.
    fn create(
        &self,
        dialler: Dialler,
        _resume: Option<StoredSession>,
        sink: NotificationSink,
    ) -> Arc<dyn Client> {
        Arc::new(ProgramClient {
            program: self.program.clone(),
            desk: self.desk.clone(),
            dialler: Mutex::new((dialler, false)),
            sink,
            process: Mutex::new(None),
        })
    }
}

/// The process of a client.
struct Process {
    number: u32,
    desk: SharedDesk,
    open: Open,
    next_id: u64,
    carries: JoinHandle<()>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.desk.order(self.number, Order::End);
        self.carries.abort();
    }
}

struct ProgramClient {
    program: Program,
    desk: SharedDesk,
    /// The way to the server, and whether a process has gone it.
    dialler: Mutex<(Dialler, bool)>,
    sink: NotificationSink,
    /// Never locked across an await.
    process: Mutex<Option<Process>>,
}

impl ProgramClient {
    fn with<T>(&self, act: impl FnOnce(&mut Option<Process>) -> T) -> T {
        act(&mut self.process.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Starts a process if there is none.
    fn start(&self) {
        self.with(|process| {
            if process.is_none() {
                *process = Some(self.started());
            }
        });
    }

    fn dialler(&self) -> Dialler {
        let dialler = self.dialler.lock().unwrap_or_else(PoisonError::into_inner);
        dialler.0.clone()
    }

    /// The way of a process that is to be started. Each is a client of its own: it knows nothing of the one before.
    fn way(&self) -> Dialler {
        let mut dialler = self.dialler.lock().unwrap_or_else(PoisonError::into_inner);
        let (way, is_gone) = &mut *dialler;
        if std::mem::replace(is_gone, true) {
            *way = way.for_another();
        }
        way.clone()
    }

    fn started(&self) -> Process {
        let dialler = self.way();
        let (desk, open) = (self.desk.clone(), Open::default());
        let (to, did) = unbounded_channel();
        let number = desk.with(super::Desk::number);
        let host = dialler.host();
        let (host, port) = match host.rsplit_once(':') {
            Some((name, port)) => (name, port.parse().unwrap_or(80)),
            None => (host, 80),
        };
        desk.order(
            number,
            Order::Start(Start {
                program: self.program.clone(),
                url: dialler.url(),
                host: host.to_owned(),
                port,
                to,
            }),
        );
        let carries = carry(
            did,
            desk.clone(),
            number,
            dialler,
            open.clone(),
            Arc::clone(&self.sink),
        );
        Process {
            number,
            desk,
            open,
            next_id: 0,
            carries: spawn_local(carries),
        }
    }

    /// Tells the process something that it answers. Dropping the future drops the answer, and nothing else: it is not
    /// told that the user has given up.
    async fn ask(&self, line: impl FnOnce(u64) -> String) -> Result<Value, ClientError> {
        let answer = self.with(|process| {
            let process = process.as_mut()?;
            process.next_id += 1;
            let id = process.next_id;
            let answer = process.open.expect(id);
            let order = Order::Say(line(id), Some(id));
            process.desk.order(process.number, order);
            Some(answer)
        });
        let answer = answer.ok_or_else(|| ClientError::new("not connected"))?;
        match answer.await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(why)) => Err(ClientError::new(why)),
            Err(_) => Err(ClientError::new("the client's program has ended")),
        }
    }

    fn tell(&self, line: String) {
        self.with(|process| {
            if let Some(process) = process {
                process.desk.order(process.number, Order::Say(line, None));
            }
        });
    }

    async fn operate(&self, name: &str, parameters: Value) -> Result<Value, ClientError> {
        self.ask(|id| lines::operation(id, name, parameters)).await
    }

    async fn request_mcp(&self, method: &str, params: Value) -> Result<Value, ClientError> {
        self.ask(|id| lines::request(id, method, &params)).await
    }

    /// Ends a program that speaks MCP as the specification has it: its input is closed, and it is given 2 s.
    async fn hang_up(&self) {
        if let Some(mut process) = self.with(Option::take) {
            process.desk.order(process.number, Order::HangUp);
            let _ = tokio::time::timeout(END_LIMIT, &mut process.carries).await;
        }
    }

    /// All pages of the tools of a program that speaks MCP.
    async fn tools(&self) -> Result<Vec<String>, ClientError> {
        let mut names = Vec::new();
        let mut params = json!({});
        for _ in 0..MOST_PAGES {
            let page = self.request_mcp("tools/list", params).await?;
            let tools = page.get("tools").and_then(Value::as_array);
            let tools = tools.into_iter().flatten();
            names.extend(tools.filter_map(|t| Some(t.get("name")?.as_str()?.to_owned())));
            match page.get("nextCursor") {
                Some(cursor) if !cursor.is_null() => params = json!({"cursor": cursor}),
                _ => break,
            }
        }
        Ok(names)
    }
}

impl Client for ProgramClient {
    fn connect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        Box::pin(async move {
            if self.program.speaks == Speaks::Driver {
                self.start();
                let parameters = json!({"url": self.dialler().url()});
                return self.operate("connect", parameters).await.map(|_| ());
            }
            // A host starts the program anew.
            drop(self.with(Option::take));
            self.start();
            let host = json!({"name": "stalemate", "version": env!("CARGO_PKG_VERSION")});
            let params =
                json!({"protocolVersion": REVISION, "capabilities": {}, "clientInfo": host});
            if let Err(failure) = self.request_mcp("initialize", params).await {
                // Nothing can be asked of it: a host gives it up.
                self.hang_up().await;
                return Err(failure);
            }
            self.tell(lines::notification("notifications/initialized"));
            Ok(())
        })
    }

    fn list_tools(&self) -> LocalBoxFuture<'_, Result<Vec<String>, ClientError>> {
        Box::pin(async move {
            if self.program.speaks == Speaks::McpStdio {
                return self.tools().await;
            }
            let tools = self.operate("list_tools", json!({})).await?;
            let tools = tools.as_array().into_iter().flatten();
            Ok(tools
                .filter_map(|tool| Some(tool.as_str()?.to_owned()))
                .collect())
        })
    }

    fn call_tool(&self, name: String, arguments: Value) -> LocalBoxFuture<'_, CallResult> {
        Box::pin(async move {
            let parameters = json!({"name": name, "arguments": arguments});
            match self.program.speaks {
                Speaks::Driver => Ok(text(&self.operate("call_tool", parameters).await?)),
                Speaks::McpStdio => {
                    let result = self.request_mcp("tools/call", parameters).await?;
                    let content = result.get("content").and_then(Value::as_array);
                    let texts = content.into_iter().flatten();
                    let texts = texts.filter_map(|block| block.get("text")?.as_str());
                    let text = texts.collect::<Vec<_>>().join("\n");
                    if result.get("isError") == Some(&Value::Bool(true)) {
                        return Err(ClientError::new(text));
                    }
                    Ok(text)
                }
            }
        })
    }

    fn request(&self, method: RequestMethod, params: Value) -> LocalBoxFuture<'_, CallResult> {
        Box::pin(async move {
            let result = match self.program.speaks {
                Speaks::Driver => {
                    let parameters = json!({"method": method.as_str(), "params": params});
                    self.operate("request", parameters).await?
                }
                Speaks::McpStdio => self.request_mcp(method.as_str(), params).await?,
            };
            Ok(text(&result))
        })
    }

    /// A program that speaks MCP passes on whatever it is asked.
    fn offers(&self, method: RequestMethod) -> bool {
        self.with(|process| {
            process
                .as_ref()
                .is_none_or(|p| !p.open.lacks(method.as_str()))
        })
    }

    fn disconnect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        Box::pin(async move {
            if self.program.speaks == Speaks::Driver {
                if self.with(|process| process.is_none()) {
                    return Ok(());
                }
                return self.operate("disconnect", json!({})).await.map(|_| ());
            }
            self.hang_up().await;
            Ok(())
        })
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
