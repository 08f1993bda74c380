//! A world for the tests of the models: a scripted server, a way to it that can refuse, and one client. On loopback in
//! real time, or on pipes in paused time.

mod server;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use stalemate_clients::model::{ModelFactory, Policy};
use stalemate_clients::{BoxIo, CallResult, Client, ClientFactory, Dial, Dialler, StoredSession};
use stalemate_wire::{Revision, SessionId};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};

pub(crate) use server::{Reply, Seen, Server};

/// Runs a test on one thread in real time; nothing in it waits for a clock.
pub(crate) fn real<F: Future<Output = ()>>(test: F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let limited = async {
        tokio::time::timeout(Duration::from_secs(30), test)
            .await
            .expect("the test hangs");
    };
    LocalSet::new().block_on(&runtime, limited);
}

/// Runs a test on one thread in paused time: waits are free and exact.
pub(crate) fn paused<F: Future<Output = ()>>(test: F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test);
}

/// How the client reaches the server.
enum Way {
    Loopback(std::net::SocketAddr),
    Pipes(mpsc::UnboundedSender<BoxIo>),
}

/// A dialler that counts, and refuses when told.
pub(crate) struct Dials {
    way: Way,
    pub(crate) count: AtomicUsize,
    /// So many more are refused.
    pub(crate) refuse: AtomicUsize,
    /// While set, no dial gets an answer.
    pub(crate) hang: AtomicBool,
}

impl Dial for Dials {
    fn dial(&self) -> Pin<Box<dyn Future<Output = io::Result<BoxIo>> + Send>> {
        self.count.fetch_add(1, Ordering::Relaxed);
        if self.hang.load(Ordering::Relaxed) {
            return Box::pin(std::future::pending());
        }
        let refuse = self.refuse.load(Ordering::Relaxed);
        if refuse > 0 {
            self.refuse.store(refuse - 1, Ordering::Relaxed);
            return Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) });
        }
        match &self.way {
            Way::Loopback(address) => {
                let address = *address;
                Box::pin(async move { Ok(Box::new(TcpStream::connect(address).await?) as BoxIo) })
            }
            Way::Pipes(server) => {
                let (ours, theirs) = tokio::io::duplex(64 * 1024);
                let _ = server.send(Box::new(theirs));
                Box::pin(async move { Ok(Box::new(ours) as BoxIo) })
            }
        }
    }
}

/// A server and a client in front of it.
pub(crate) struct World {
    pub(crate) server: Rc<Server>,
    pub(crate) client: Arc<dyn Client>,
    pub(crate) dials: Arc<Dials>,
    pub(crate) notes: Arc<Mutex<Vec<String>>>,
}

impl World {
    /// On 127.0.0.1.
    pub(crate) async fn loopback(policy: Policy) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Way::Loopback(listener.local_addr().unwrap());
        let server = Self::server();
        let serving = Rc::clone(&server);
        spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.serve(Box::new(stream));
            }
        });
        Self::new(policy, server, way, None)
    }

    /// On pipes.
    pub(crate) fn pipes(policy: Policy) -> Self {
        Self::resumed(policy, None)
    }

    /// On pipes, with the id of an earlier session.
    pub(crate) fn resumed(policy: Policy, id: Option<&str>) -> Self {
        let (way, mut accepted) = mpsc::unbounded_channel();
        let server = Self::server();
        let serving = Rc::clone(&server);
        spawn_local(async move {
            while let Some(io) = accepted.recv().await {
                serving.serve(io);
            }
        });
        let stored = id.map(|id| StoredSession {
            id: SessionId::new(id).unwrap(),
            revision: Revision::V2025_03_26,
        });
        Self::new(policy, server, Way::Pipes(way), stored)
    }

    fn server() -> Rc<Server> {
        let server = Rc::new(Server::default());
        server.dead.set(404);
        server
    }

    fn new(policy: Policy, server: Rc<Server>, way: Way, stored: Option<StoredSession>) -> Self {
        let dials = Arc::new(Dials {
            way,
            count: AtomicUsize::new(0),
            refuse: AtomicUsize::new(0),
            hang: AtomicBool::new(false),
        });
        let notes = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&notes);
        let dialler = Dialler::new("memory.test", "/mcp", Arc::clone(&dials) as _);
        let client = ModelFactory { policy }.create(
            dialler,
            stored,
            Arc::new(move |method: &str| sink.lock().unwrap().push(method.to_owned())),
        );
        Self {
            server,
            client,
            dials,
            notes,
        }
    }

    pub(crate) async fn call(&self, nonce: u32) -> CallResult {
        let arguments = json!({"nonce": nonce});
        self.client.call_tool("write".into(), arguments).await
    }

    /// Connects and waits for the GET stream.
    pub(crate) async fn connect(&self) {
        self.client.connect().await.unwrap();
        self.server.until(|s| s.count("GET") > 0).await;
    }
}

/// The user is told this.
pub(crate) fn shown(result: CallResult) -> String {
    result.expect_err("an error").message
}

/// The whole milliseconds between each of these and the one before.
pub(crate) fn gaps(requests: &[Seen]) -> Vec<u128> {
    let pairs = requests.windows(2);
    pairs.map(|p| (p[1].at - p[0].at).as_millis()).collect()
}
