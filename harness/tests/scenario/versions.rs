//! Servers that become other versions of themselves.

use stalemate::scenario::{Becomes, ServerKind, StepAction};
use stalemate::server::{Tool, Tools};

use crate::support::{LEAST, right};

#[test]
fn a_server_can_become_another_version() {
    let text = LEAST.replace(
        "steps: [",
        "steps: [{notify: {from: a, tools: [search_nodes, create_entities]}}, \
         {restart: {target: a, as: {dialect: {like: strict, revisions: ['2025-11-25']}}}}, \
         {restart: {target: [a, b], down: 2s, as: {tools: [create_entities, search_nodes, slow]}}}, ",
    );
    let scenario = right(&text);
    let tools = |all: &[Tool]| Some(all.iter().copied().collect::<Tools>());
    let [notify, upgrade, both, ..] = &scenario.steps[..] else {
        panic!("{:?}", scenario.steps)
    };
    let said = StepAction::Notify {
        server: "a".into(),
        tools: tools(&[Tool::CreateEntities, Tool::SearchNodes]),
    };
    assert_eq!(notify.action, said);
    let StepAction::Restart {
        becomes: Some(Becomes { kind, tools: None }),
        ..
    } = &upgrade.action
    else {
        panic!("{upgrade:?}")
    };
    let dialect = kind.as_ref().and_then(ServerKind::dialect);
    let dialect = dialect.expect("it has one");
    assert_eq!(dialect.revisions, ["2025-11-25"]);
    let StepAction::Restart {
        down_ms: 2_000,
        becomes: Some(Becomes {
            kind: None,
            tools: offered,
        }),
        ..
    } = &both.action
    else {
        panic!("{both:?}")
    };
    let three = [Tool::CreateEntities, Tool::SearchNodes, Tool::Slow];
    assert_eq!(*offered, tools(&three));
}
