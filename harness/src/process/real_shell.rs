//! The shell of a real server: rmcp's, whose sessions and answers are its own. Only the tools are ours, so that effects
//! are known; everything else is judged from the wire.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::spawn_local;
use tokio::time::Instant;

use crate::journal::{Event, ServerName, nonce};
use crate::process::net::Net;
use crate::process::network::{Listener, Network};
use crate::process::recorder::Recorder;
use crate::process::rmcp_server::{RmcpServer, RmcpServerOptions, ToolBackend};
use crate::process::shell::{Host, Order};
use crate::process::state::Process;
use crate::server::{Prompt, Resource, Store, completions, fill_in, read_resource, run_tool};

/// Runs the server until it is crashed.
pub async fn run<N: Network>(
    net: Arc<Net<N>>,
    host: Rc<Host>,
    server: ServerName,
    port: u16,
    store: Store,
) -> io::Result<()> {
    let mut orders = host.open_orders();
    let listener = net.listen(port).await?;
    let tools = Tools {
        recorder: net.recorder.clone(),
        process: Arc::clone(&host.process),
        server,
        store,
    };
    let rmcp = RmcpServer::new(Arc::new(tools), &RmcpServerOptions::default());
    host.came_up(&net.recorder);
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                // A program around rmcp that does not handle SIGTERM ends at once, connections and all. The rest cannot
                // be ordered from outside; loading refuses scenarios that try.
                Some(Order::Stop | Order::Drain(_)) => host.stopped().await,
                Some(Order::Input(_)) => {}
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

/// The tools of every server, whose effects are told as the model's are: committed, and nothing answered yet.
struct Tools {
    recorder: Recorder,
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
        let (recorder, process) = (self.recorder.clone(), Arc::clone(&self.process));
        let (server, store) = (Arc::clone(&self.server), self.store.clone());
        let tool = tool.to_owned();
        Box::pin(async move {
            if process.is_halted() {
                std::future::pending().await
            }
            let began = Instant::now();
            let done = run_tool(&store, &tool, &arguments)?;
            if done.wrote {
                let fate = recorder.at(Event::EffectCommitted {
                    server,
                    at: Arc::clone(&process.name),
                    tool,
                    call: nonce::call_in(&arguments),
                });
                process.undergo(fate).await;
            }
            if done.after_ms > 0 {
                // What a fate took of that time is not waited for again, as at the model.
                tokio::time::sleep_until(began + Duration::from_millis(done.after_ms)).await;
            }
            Ok(done.text)
        })
    }

    fn read(&self, uri: &str) -> Option<String> {
        Some(read_resource(&self.store, Resource::of(uri)?))
    }

    fn fill_in(&self, prompt: &str, value: &str) -> Option<String> {
        Some(fill_in(&self.store, Prompt::of(prompt)?, value))
    }

    fn completions(&self, begun: &str) -> Vec<String> {
        completions(&self.store, begun)
    }
}
