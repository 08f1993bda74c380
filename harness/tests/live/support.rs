//! A model server on loopback that is stopped and started again by a file, as a command can, and what is asked beside it.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde_json::json;
use stalemate::dialect;
use stalemate::live::address::Endpoint;
use stalemate::live::probe::ProbePlan;
use stalemate::live::serve::ModelServer;
use stalemate::server::{Dialect, Durable};
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep;

/// All dialects that are built in.
pub(crate) static ALL: LazyLock<Vec<Arc<Dialect>>> = LazyLock::new(dialect::builtin);

/// The built-in dialect of that name.
pub(crate) fn builtin(name: &str) -> Arc<Dialect> {
    let found = ALL.iter().find(|d| d.name == name);
    Arc::clone(found.unwrap_or_else(|| panic!("no dialect {name}")))
}

/// Runs something on a thread with real sockets.
pub(crate) fn run<T>(what: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, what)
}

/// A model that is being served.
pub(crate) struct Served {
    pub(crate) endpoint: Endpoint,
    pub(crate) model: Rc<ModelServer>,
    /// The command that restarts it.
    pub(crate) restart: String,
    _dir: TempDir,
}

/// Serves a model of that dialect from here on.
pub(crate) async fn serve(dialect: &Arc<Dialect>, durable: Durable) -> Served {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("restart");
    let model = Rc::new(ModelServer::new(Arc::clone(dialect), durable, 7).expect("a free port"));
    spawn_local(keep(Rc::clone(&model), file.clone()));
    while !model.is_up() {
        sleep(Duration::from_millis(5)).await;
    }
    let url = format!("http://{}/mcp", model.address());
    let shown = file.display();
    Served {
        endpoint: Endpoint::parse(&url).expect("it is on loopback"),
        model,
        restart: format!("touch '{shown}'; while [ -e '{shown}' ]; do sleep 0.01; done"),
        _dir: dir,
    }
}

/// Life after life: each begins when the file is there, which is taken away then.
async fn keep(model: Rc<ModelServer>, file: PathBuf) {
    loop {
        let life = model.live();
        tokio::pin!(life);
        tokio::select! {
            biased;
            end = &mut life => drop(end.expect("the port is free")),
            () = appears(&file) => {
                model.stop();
                life.await.expect("the port was free");
            }
        }
        appears(&file).await;
        std::fs::remove_file(&file).expect("it is there");
    }
}

async fn appears(file: &Path) {
    while !file.exists() {
        sleep(Duration::from_millis(5)).await;
    }
}

/// A plan that asks everything but for rest.
pub(crate) fn plan(served: &Served) -> ProbePlan {
    ProbePlan {
        restart: Some(served.restart.clone()),
        slow_call: Some(json!({"name": "slow", "arguments": {"name": "probe", "ms": 300}})),
        patience_ms: 3_000,
        watch_ms: 750,
        ..ProbePlan::default()
    }
}
