//! The shell of a real server: rmcp's, whose sessions and answers are its own. Only the tools are ours, so that effects
//! are known; everything else is judged from the wire.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stalemate_clients::rmcp::{RmcpServer, RmcpServerOptions, ToolBackend};
use tokio::task::spawn_local;
use turmoil::net::TcpListener;

use crate::fault::Fate;
use crate::journal::{Event, Journal, ServerName};
use crate::server::{Entity, Store};
use crate::world::net::Net;
use crate::world::process::Process;
use crate::world::shell::{Host, Order};

/// Runs the server until it is crashed.
pub async fn run(
    net: Arc<Net>,
    host: Rc<Host>,
    server: ServerName,
    port: u16,
    store: Store,
) -> turmoil::Result {
    let mut orders = host.open_orders();
    let listener = TcpListener::bind(("0.0.0.0", port)).await?;
    let tools = Tools {
        journal: net.journal.clone(),
        process: Arc::clone(&host.process),
        server,
        store,
    };
    let rmcp = RmcpServer::new(Arc::new(tools), &RmcpServerOptions::default());
    host.is_up.set(true);
    net.journal.note(Event::ProcessUp {
        process: Arc::clone(&host.process.name),
    });
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                // A program around rmcp that does not handle SIGTERM ends at once, connections and all. The rest cannot
                // be ordered from outside; loading refuses scenarios that try.
                Some(Order::Stop | Order::Drain(_)) => host.stopped().await,
                Some(Order::ExpireAll | Order::Notify) => {}
                None => std::future::pending().await,
            },
            accepted = listener.accept() => {
                let (stream, peer) = accepted?;
                let (conn, _) = net.accepted(stream, peer, &host.process);
                let serving = rmcp.serve_connection(Box::new(conn));
                // A connection's own failure is the peer's to see; the journal has it from the taps.
                spawn_local(async move { drop(serving.await) });
            }
        }
    }
}

/// The tools of the memory server, and the slow one.
struct Tools {
    journal: Journal,
    process: Arc<Process>,
    server: ServerName,
    store: Store,
}

impl ToolBackend for Tools {
    fn call(
        &self,
        tool: &str,
        arguments: Value,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> {
        let (journal, process, server) = (
            self.journal.clone(),
            Arc::clone(&self.process),
            Arc::clone(&self.server),
        );
        let (store, tool) = (self.store.clone(), tool.to_owned());
        Box::pin(async move {
            if process.is_halted() {
                std::future::pending().await
            }
            let commit = |entities: Vec<Entity>| {
                store.create(entities);
                let call = journal.call_in(&arguments);
                journal.at(Event::EffectCommitted {
                    server: Arc::clone(&server),
                    at: Arc::clone(&process.name),
                    tool: tool.clone(),
                    call,
                })
            };
            match tool.as_str() {
                "create_entities" => {
                    let entities =
                        serde_json::from_value::<Vec<Entity>>(arguments["entities"].clone())
                            .map_err(|error| format!("bad arguments: {error}"))?;
                    undergo(commit(entities), &process).await;
                    Ok(arguments["entities"].to_string())
                }
                "slow" => {
                    let ms = arguments["ms"].as_u64().unwrap_or_default();
                    let name = arguments["name"].as_str().unwrap_or_default().to_owned();
                    let entity = Entity {
                        name,
                        entity_type: "slow".to_owned(),
                        observations: Vec::new(),
                    };
                    undergo(commit(vec![entity]), &process).await;
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    Ok("done".to_owned())
                }
                "search_nodes" => {
                    let found = store.search(arguments["query"].as_str().unwrap_or_default());
                    Ok(json!({"entities": found, "relations": []}).to_string())
                }
                "read_graph" => {
                    Ok(json!({"entities": store.snapshot(), "relations": []}).to_string())
                }
                other => Err(format!("unknown tool {other}")),
            }
        })
    }
}

async fn undergo(fate: Fate, process: &Process) {
    match fate {
        Fate::Delay(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Fate::Park => std::future::pending().await,
        // A halt may be another process's.
        _ => {}
    }
    if process.is_halted() {
        std::future::pending().await
    }
}
