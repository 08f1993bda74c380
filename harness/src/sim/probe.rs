//! The harness's own probe: a fresh client from a process of its own, over the same path, asked whether the server side
//! works at all. It keeps nothing between two probes.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use stalemate_clients::model::{ModelFactory, Policy};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;
use tokio::time::timeout;

use crate::app::MakeClient;
use crate::journal::{Event, Phase, ServerName};
use crate::process::maker::Maker;
use crate::process::recorder::Recorder;
use crate::sim::network::Simulated;

/// The longest that a probe may take, in milliseconds.
const PROBE_LIMIT_MS: u64 = 60_000;

type Job = (ServerName, oneshot::Sender<bool>);

/// Asks the probe process.
#[derive(Clone)]
pub struct Prober {
    jobs: mpsc::UnboundedSender<Job>,
    recorder: Recorder,
}

/// The probe process's end.
pub type Jobs = mpsc::UnboundedReceiver<Job>;

impl Prober {
    /// A prober and the jobs that its process takes.
    #[must_use]
    pub fn new(recorder: Recorder) -> (Self, Jobs) {
        let (jobs, receiver) = mpsc::unbounded_channel();
        (Self { jobs, recorder }, receiver)
    }

    /// Whether a fresh client can work with the server.
    pub async fn probe(&self, server: &ServerName) -> bool {
        self.recorder.note(Event::Phase(Phase::Probe {
            server: Arc::clone(server),
        }));
        let (answer, answered) = oneshot::channel();
        let works =
            self.jobs.send((Arc::clone(server), answer)).is_ok() && answered.await.unwrap_or(false);
        self.recorder.note(Event::ProbeEnded {
            server: Arc::clone(server),
            works,
        });
        works
    }
}

/// The policy of a probe: everything right, and no stream, so that it leaves no trace behind it.
fn policy() -> Policy {
    Policy {
        open_stream: false,
        ..Policy::recovering()
    }
}

/// Makes the probe's clients.
#[must_use]
pub fn factory() -> ModelFactory {
    ModelFactory { policy: policy() }
}

/// Runs probes until the run ends.
pub async fn serve(maker: Rc<Maker<Simulated>>, mut jobs: Jobs) -> turmoil::Result {
    while let Some((server, answer)) = jobs.recv().await {
        let maker = Rc::clone(&maker);
        spawn_local(async move {
            let probing = async {
                let client = maker.make(&server, None);
                let worked = client.connect().await.is_ok()
                    && client
                        .call_tool(
                            "search_nodes".to_owned(),
                            serde_json::json!({"query": "probe"}),
                        )
                        .await
                        .is_ok();
                // Whether the session can be closed is not what was asked.
                let _ = client.disconnect().await;
                worked
            };
            let works = timeout(Duration::from_millis(PROBE_LIMIT_MS), probing)
                .await
                .unwrap_or(false);
            let _ = answer.send(works);
        });
    }
    std::future::pending().await
}
