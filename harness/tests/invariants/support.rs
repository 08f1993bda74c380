//! What these tests share: running a cell of a scenario that is a text here, and asking for verdicts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use stalemate::app::{AppPolicy, SessionKey};
use stalemate::registry::Registry;
use stalemate::runner::{Cell, CellResult, Ran, Runner, Said};
use stalemate::scenario::load_text;
use stalemate_clients::model::{ModelFactory, Policy};
use stalemate_wire::Revision;

/// The built-in clients and two that are right as well: `test/polling`, of a revision in which servers say when to come
/// back, and `test/by-conversation`, whose windows have a session each.
static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let polling = Policy {
        revision: Revision::V2025_11_25,
        ..Policy::recovering()
    };
    let by_conversation = AppPolicy {
        key: SessionKey::Conversation,
        ..AppPolicy::SOUND
    };
    let factory = |policy| Arc::new(ModelFactory { policy });
    let (polling, recovering) = (factory(polling), factory(Policy::recovering()));
    Registry::builtin()
        .application("test/polling", "polls", AppPolicy::SOUND, polling)
        .application(
            "test/by-conversation",
            "many sessions",
            by_conversation,
            recovering,
        )
});

/// What came of the cells of [`cell`], each run once however many tests ask: by text and client.
type Cells = BTreeMap<(String, String), Arc<OnceLock<Ran>>>;
static RAN: Mutex<Cells> = Mutex::new(BTreeMap::new());

/// Runs a text with `CLIENT` in it replaced by a client's name.
pub(crate) fn cell(text: &str, client: &str) -> (CellResult, Ran) {
    let key = (text.to_owned(), client.to_owned());
    let slot = Arc::clone(
        RAN.lock()
            .expect("no panic under it")
            .entry(key)
            .or_default(),
    );
    let ran = slot.get_or_init(|| cell_of(&REGISTRY, text, client).1);
    (ran.result.clone(), ran.clone())
}

/// The same with those clients.
pub(crate) fn cell_of(registry: &Registry, text: &str, client: &str) -> (CellResult, Ran) {
    assert!(text.contains("CLIENT"), "the text names its client itself");
    let text = text.replace("CLIENT", client);
    let file = Path::new("scenarios/invariants/case.yaml");
    let scenario = load_text("invariants/case", file, &text, &registry.vocabulary())
        .unwrap_or_else(|errors| panic!("{errors}"));
    let subject = registry.get(client).expect("loading has checked it");
    assert!(
        !subject.factory().needs_own_process(),
        "a real client would run in a child process, which this program cannot serve"
    );
    let cell = Cell {
        seed: scenario.seeds[0],
        scenario: Arc::new(scenario),
        client: client.to_owned(),
    };
    let runner = Runner::new(registry.clone());
    let ran = runner.run(&cell).expect("the cell runs");
    (ran.result.clone(), ran)
}

/// The verdicts on an invariant, one a party.
pub(crate) fn verdicts<'r>(result: &'r CellResult, id: &str) -> Vec<&'r str> {
    let of_id = result.invariants.iter().filter(|j| j.id == id);
    of_id.map(|j| j.verdict.as_str()).collect()
}

/// The invariants that are violated by somebody, each once.
pub(crate) fn violated(result: &CellResult) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    for judged in result
        .invariants
        .iter()
        .filter(|j| j.verdict == Said::Violated)
    {
        if !ids.contains(&judged.id.as_str()) {
            ids.push(&judged.id);
        }
    }
    ids
}
