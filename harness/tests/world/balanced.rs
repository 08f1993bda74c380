//! A path that no client can rely on is blamed whatever the seed, and by the same words.

use std::sync::Arc;

use stalemate::runner::{Cell, Runner};
use stalemate::scenario::Scenario;

use crate::support::{registry, scenario};

const RIGHT: &str = "connector/recovering";

fn hashed(promise: &str) -> Arc<Scenario> {
    scenario(&format!(
        "summary: The id decides who gets a request.\n\
         servers: {{memory: {{dialect: supergateway-4.0.0, replicas: 3}}}}\n\
         path: [balancer: {{policy: header-hash}}]\n\
         clients: [{RIGHT}]\n\
         steps: [{{add: memory}}, {{call: {{on: memory, tool: read_graph}}}}]\n\
         {promise}"
    ))
}

#[test]
fn a_hash_of_the_id_leads_astray_under_every_seed() {
    let promised = hashed(
        "expect: {connector/recovering: {progress: none}}\n\
         violates: {balancer: {hop-session-affinity: it knows nothing of sessions}}\n",
    );
    let runner = Runner::new(registry());
    for seed in 1..=12 {
        let cell = Cell {
            scenario: Arc::clone(&promised),
            client: RIGHT.to_owned(),
            seed,
        };
        let result = runner.run(&cell).expect("it runs").result.clone();
        assert!(result.problems.is_empty(), "{seed}: {:?}", result.problems);
        assert_eq!(result.rung, None, "{seed}");
    }
}
