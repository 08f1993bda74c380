use std::collections::BTreeMap;
use stalemate::scenario::*;
use stalemate::registry::Registry;

#[test]
fn smoke() {
    let step = |action| Step { line: 1, action };
    let call = |tool| StepAction::Call(Call { on: "memory".into(), tool, expect: None, parallel: 1, background: None, takes_ms: 0 });
    let scenario = Scenario {
        name: "x/y".into(), file: "x".into(), summary: "s".into(), report: None, spec: vec![],
        servers: vec![Server { name: "memory".into(), kind: ServerKind::Dialect(std::env::var("DIALECT").unwrap_or("supergateway-3.4.3".into())), port: 3001, session_ids: vec!["ead943df-8fd9-4839-ae58-611a949e59c4".into()], supervisor_ms: 5000, session_timeout_ms: None }],
        path: vec![Hop { kind: HopKind::Cloudflare, read_timeout_ms: None }, Hop { kind: HopKind::Nginx, read_timeout_ms: None }],
        machines: BTreeMap::new(), clients: vec![], seeds: vec![1],
        steps: vec![step(StepAction::Add("memory".into())), step(call(Tool::CreateEntities)),
            step(StepAction::Restart { targets: vec!["memory".into()], down_ms: 1000 }), step(StepAction::NewConversation), step(call(Tool::SearchNodes))],
        inject: vec![], expect: BTreeMap::new(), violates: BTreeMap::new(),
    };
    let registry = Registry::builtin();
    let name = std::env::var("CLIENT").unwrap_or("connector/stale-cache".into());
    let subject = registry.get(&name).unwrap().clone();
    let t = std::time::Instant::now();
    let run = std::thread::spawn(move || stalemate::world::run(&scenario, &subject, 1)).join().unwrap();
    eprintln!("{:?}", t.elapsed());
    let run = run.unwrap();
    if std::env::var("V").is_ok() { println!("{}", stalemate::journal::json_lines(&run.entries)); }
    println!("{:?} {:?} {} {}", run.rungs, run.failures, run.virtual_ms, run.entries.len());
    for (h, l) in &run.access_log { println!("{h} {l}"); }
}
