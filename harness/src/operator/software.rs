//! What the processes of a scenario run on any network, each time that they are started.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use super::managed::{Runs, Serves, SharedRuns};
use crate::journal::{Event, ServerName};
use crate::process::hop_shell::{Behind, HopShell, NewId, Operation};
use crate::process::log::AccessLogs;
use crate::process::net::Net;
use crate::process::network::Network;
#[cfg(feature = "rmcp")]
use crate::process::real_shell;
use crate::process::server_shell;
use crate::process::shell::Host;
use crate::proxy::HopKind;
use crate::scenario::{Hop, Scenario, Server, ServerKind};
use crate::server::{Options, ServerCore, Store};
use crate::setup::way::{ENDPOINT, Paths, behind};
use crate::setup::{Generator, Ids};

/// What the replicas of a server share: what is durable but for their sessions, and the drawing of ids.
#[derive(Clone)]
pub struct Shared {
    store: Store,
    ids: Rc<RefCell<Ids>>,
}

impl Shared {
    /// That of a server in a run of that seed.
    #[must_use]
    pub fn new(server: &Server, seed: u64) -> Self {
        Self {
            store: Store::default(),
            ids: Rc::new(RefCell::new(Ids::new(server, seed))),
        }
    }
}

/// The core of the life that a process lives now.
type Core = Rc<RefCell<Option<Rc<RefCell<ServerCore>>>>>;

/// What a process of a server runs.
pub struct ServerSoftware<N: Network> {
    net: Arc<Net<N>>,
    host: Rc<Host>,
    server: ServerName,
    port: u16,
    shared: Shared,
    session_timeout_ms: Option<Option<u64>>,
    durable: crate::server::Durable,
    core: Core,
    runs: SharedRuns,
}

impl<N: Network> ServerSoftware<N> {
    /// That of a process of that server, which listens on that port.
    #[must_use]
    pub fn new(
        net: Arc<Net<N>>,
        host: Rc<Host>,
        server: &Server,
        port: u16,
        shared: Shared,
    ) -> Self {
        let runs = Runs {
            kind: server.kind.clone(),
            tools: server.tools,
            noted: server.tools,
        };
        Self {
            net,
            host,
            server: Arc::from(server.name.as_str()),
            port,
            shared,
            session_timeout_ms: server.session_timeout_ms,
            durable: server.durable,
            core: Core::default(),
            runs: Rc::new(RefCell::new(runs)),
        }
    }

    /// What an operator knows of it.
    #[must_use]
    pub fn serves(&self) -> Serves {
        let core = Rc::clone(&self.core);
        Serves {
            server: Arc::clone(&self.server),
            sessions: Rc::new(move || {
                let core = core.borrow();
                core.as_ref()
                    .map_or_else(Vec::new, |core| core.borrow().mortal_sessions())
            }),
            runs: Rc::clone(&self.runs),
        }
    }

    /// Begins a life of it, which lasts as long as what this returns.
    pub fn start(&self) -> impl Future<Output = io::Result<()>> + use<N> {
        let (net, host, name) = (
            Arc::clone(&self.net),
            Rc::clone(&self.host),
            Arc::clone(&self.server),
        );
        let Shared { store, ids } = self.shared.clone();
        let store = store.of(&host.process.name);
        let core = Rc::clone(&self.core);
        let (port, durable) = (self.port, self.durable);
        let session_timeout_ms = self.session_timeout_ms;
        let kind = self.runs.borrow().kind.clone();
        let tools = self.runs.borrow().tools;
        if host.listens.get() && self.runs.borrow_mut().note(tools) {
            net.recorder.note(Event::ToolsChanged {
                server: Arc::clone(&name),
                at: Arc::clone(&host.process.name),
                tools: tools.names(),
            });
        }
        async move {
            *core.borrow_mut() = None;
            if !host.listens.get() {
                return std::future::pending().await;
            }
            let dialect = match kind {
                #[cfg(feature = "rmcp")]
                ServerKind::Real(_) => {
                    return real_shell::run(net, host, name, port, store).await;
                }
                // No registry knows one, so that no scenario has one.
                #[cfg(not(feature = "rmcp"))]
                ServerKind::Real(name) => {
                    let why = format!("the server {name} is not in this build");
                    return Err(io::Error::new(io::ErrorKind::Unsupported, why));
                }
                ServerKind::Dialect(dialect) | ServerKind::Like { dialect, .. } => dialect,
            };
            let shape = dialect.sessions.id;
            let options = Options {
                path: ENDPOINT.to_owned(),
                ids: Box::new(move || ids.borrow_mut().next(shape)),
                session_timeout_ms,
                durable,
                tools,
            };
            let new = Rc::new(RefCell::new(ServerCore::new(dialect, options, store)));
            *core.borrow_mut() = Some(Rc::clone(&new));
            server_shell::run(net, host, name, port, new).await
        }
    }
}

/// What a hop runs.
pub struct HopSoftware<N: Network> {
    net: Arc<Net<N>>,
    host: Rc<Host>,
    behind: BTreeMap<ServerName, Behind>,
    logs: AccessLogs,
    operation: Operation,
    new_id: NewId,
}

impl<N: Network> HopSoftware<N> {
    /// That of a hop of a scenario, in a run of that seed, whose clients are given those paths.
    #[must_use]
    pub fn new(
        net: Arc<Net<N>>,
        host: Rc<Host>,
        (scenario, hop): (&Scenario, &Hop),
        paths: &Paths,
        seed: u64,
        logs: AccessLogs,
    ) -> Self {
        let ids = Generator::new(seed, &format!("session ids of {}", hop.name));
        let ids = RefCell::new(ids);
        Self {
            net,
            host,
            behind: behind(scenario, hop, paths),
            logs,
            operation: Operation {
                policy: hop.policy,
                fails: hop.fails,
                worker_shutdown_ms: hop.worker_shutdown_ms,
                lost_session: (hop.kind == HopKind::Gateway).then_some(hop.lost_session),
            },
            new_id: Rc::new(move || ids.borrow_mut().uuid()),
        }
    }

    /// Begins a life of it on that port, which lasts as long as what this returns. Where it has several addresses, one of
    /// them `announces` that it is up.
    pub fn start(
        &self,
        port: u16,
        announces: bool,
    ) -> impl Future<Output = io::Result<()>> + use<N> {
        let (net, host) = (Arc::clone(&self.net), Rc::clone(&self.host));
        let (behind, logs) = (self.behind.clone(), Rc::clone(&self.logs));
        let (operation, new_id) = (self.operation, Rc::clone(&self.new_id));
        async move {
            if !host.listens.get() {
                return std::future::pending().await;
            }
            let shell = HopShell::new(net, host, behind, logs, operation, new_id);
            shell.run(port, announces).await
        }
    }
}
