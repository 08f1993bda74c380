//! A bug that shows itself in one session of a hundred is found that often.

use std::sync::Arc;

use serde_json::Value;
use stalemate::clients::model::{ModelFactory, Policy};
use stalemate::clients::{
    CallResult, Client, ClientError, ClientFactory, Dialler, Health, LocalBoxFuture,
    NotificationSink, RequestMethod, StoredSession,
};
use stalemate::registry::Registry;
use stalemate::runner::Runner;

use crate::{Kept, explored, plan};

/// One session in so many is unlucky.
const ONE_IN: u32 = 100;
const SEEDS: u64 = 400;

struct Canary(Arc<dyn ClientFactory>);

struct Bird(Arc<dyn Client>);

/// Session ids are drawn by the server, so that in each world other ones are unlucky.
fn is_unlucky(id: &str) -> bool {
    let digits = id.chars().filter_map(|c| c.to_digit(16));
    digits.fold(7, |sum, digit| (sum * 31 + digit) % 10_007) % ONE_IN == 0
}

impl Client for Bird {
    fn connect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        self.0.connect()
    }

    fn list_tools(&self) -> LocalBoxFuture<'_, Result<Vec<String>, ClientError>> {
        self.0.list_tools()
    }

    fn call_tool(&self, name: String, arguments: Value) -> LocalBoxFuture<'_, CallResult> {
        let stored = self.0.stored_session();
        if stored.is_some_and(|stored| is_unlucky(stored.id.as_str())) {
            return Box::pin(std::future::pending());
        }
        self.0.call_tool(name, arguments)
    }

    fn request(&self, method: RequestMethod, params: Value) -> LocalBoxFuture<'_, CallResult> {
        self.0.request(method, params)
    }

    fn disconnect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        self.0.disconnect()
    }

    fn stored_session(&self) -> Option<StoredSession> {
        self.0.stored_session()
    }

    fn health(&self) -> Health {
        self.0.health()
    }
}

impl ClientFactory for Canary {
    fn create(
        &self,
        dialler: Dialler,
        resume: Option<StoredSession>,
        sink: NotificationSink,
    ) -> Arc<dyn Client> {
        // The trait asks for `Arc`; a client never leaves its thread, and neither does its `Arc`.
        #[allow(clippy::arc_with_non_send_sync)]
        Arc::new(Bird(self.0.create(dialler, resume, sink)))
    }

    fn is_real(&self) -> bool {
        false
    }
}

#[test]
fn a_canary_is_found_at_its_rate() {
    let right: Arc<dyn ClientFactory> = Arc::new(ModelFactory {
        policy: Policy::recovering(),
    });
    let registry = Registry::builtin().client(
        "canary",
        "one session in a hundred hangs",
        Arc::new(Canary(right)),
    );
    let runner = Runner::new(registry);
    let explored = explored(
        &plan("canary", &["spec"], 0..SEEDS),
        &runner,
        &Kept::default(),
    );
    let hang = |f: &&stalemate::search::Finding| f.failure.invariant == "cli-every-call-resolves";
    let found = explored.findings.sorted().into_iter().filter(hang);
    let found: usize = found.map(|f| f.count).sum();
    // A world has one session or more: at least one seed in a hundred is unlucky, and few worlds have ten.
    assert!((1..40).contains(&found), "{found} of {SEEDS}");
}
