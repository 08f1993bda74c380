//! Steps that say nothing, cannot be reached or come too late, and injections. Each table has one snapshot.

use crate::support::{extended, snapshot, stepped};

#[test]
#[rustfmt::skip]
fn verbs() {
    snapshot("verbs", &[
        ("an unknown verb", stepped(&["ad: memory"])),
        ("a verb that comes near to nothing", stepped(&["reboot: memory"])),
        ("two verbs", stepped(&["add: memory\n    climb: memory"])),
        ("arguments that are not indented", stepped(&["call:\n    on: memory\n    tool: slow"])),
        ("no verb", stepped(&["{}"])),
        ("a bare verb", stepped(&["reload"])),
        ("a bare word", stepped(&["sleep"])),
        ("a verb without an argument", stepped(&["heal:"])),
        ("another word for reload", stepped(&["reload: page"])),
        ("a truth value for heal", stepped(&["heal: true"])),
        ("another word for incognito", stepped(&["incognito: now"])),
        ("a number for await", stepped(&["await: 1"])),
        ("the client as a target", stepped(&["restart: client"])),
        ("no target", stepped(&["crash: []"])),
        ("a target twice", stepped(&["crash: [memory, nginx, memory]"])),
        ("a partition of one", stepped(&["partition: {between: [client]}"])),
        ("a partition between strangers", stepped(&["partition: {between: [client, memory]}"])),
        ("a partition of servers", stepped(&["partition: {between: [memory, other]}"])),
        ("a restart as nothing", stepped(&["restart: {target: memory, as: {}}"])),
        ("a restart as a word", stepped(&["restart: {target: memory, as: strict}"])),
        ("a restart as another dialect than there is", stepped(&["restart: {target: memory, as: {dialect: strct}}"])),
        ("a hop as a server", stepped(&["restart: {target: [memory, nginx], as: {dialect: strict}}"])),
        ("a real server as a model", stepped(&["restart: {target: other, as: {dialect: strict}}"])),
        ("a power loss as another version", stepped(&["power-loss: {target: memory, as: {dialect: strict}}"])),
        ("tools without those of a climb", stepped(&["restart: {target: memory, as: {tools: [slow, search_nodes, slow]}}"])),
        ("an unknown tool", stepped(&["notify: {from: memory, tools: [create_entities, serach_nodes]}"])),
        ("a notification without tools", stepped(&["notify: {from: memory}"])),
        ("a real server with other tools", stepped(&["notify: {from: other, tools: [create_entities, search_nodes]}"])),
        ("others who do nothing", stepped(&["others: {on: memory}"])),
        ("others who do two things", stepped(&["others: {on: memory, hold: 3, leak: 2}"])),
        ("others in no number", stepped(&["others: {on: memory, leak: 0}"])),
        ("others on a real server", stepped(&["others: {on: other, hold: 3}"])),
        ("others on a hop", stepped(&["others: {on: nginx, hold: 3}"])),
        ("a partition from a machine", stepped(&["partition: {between: [client, lightsail]}"])),
    ]);
}

#[test]
#[rustfmt::skip]
fn order_of_steps() {
    let first = "call: {on: memory, tool: slow, background: first}";
    let cut_off = "partition: {between: [client, cloudflare]}";
    snapshot("order", &[
        ("a call before add", stepped(&["call: {on: memory, tool: slow}", "add: memory"])),
        ("uses before add, once for each server", stepped(&["connect: memory", "disconnect: memory", "climb: other"])),
        ("delete before add", stepped(&["delete: memory"])),
        ("a use after delete", stepped(&["add: memory", "delete: memory", "reload: settings", "connect: memory"])),
        ("add twice", stepped(&["add: memory", "add: memory"])),
        ("await of nothing", stepped(&["await: first"])),
        ("await of another", stepped(&["add: memory", first, "await: frist"])),
        ("await before the call", stepped(&["add: memory", "await: first", first])),
        ("two background calls of one name", stepped(&["add: memory", first, first])),
        ("normal without incognito", stepped(&["normal: open"])),
        ("normal twice", stepped(&["incognito: open", "normal: open", "normal: open"])),
        ("heal without a partition", stepped(&["heal: all"])),
        ("heal twice", stepped(&[cut_off, "heal: all", "heal: all"])),
        ("heal of what is over", stepped(&[&cut_off.replace("]}", "], for: 10s}"), "wait: 10s", "heal: all"])),
        ("up of what is up", stepped(&["up: memory"])),
        ("up of what was restarted", stepped(&["restart: memory", "up: memory"])),
        ("up twice", stepped(&["down: memory", "up: memory", "up: memory"])),
        ("up of what is over", stepped(&["down: {target: memory, for: 10s}", "wait: 4s", "wait: 6s", "up: memory"])),
        ("up after a climb", stepped(&["add: memory", "down: memory", "climb: memory", "up: memory"])),
        ("a restart of what is down", stepped(&["down: memory", "restart: memory"])),
        ("a machine with what is down", stepped(&["down: nginx", "power-loss: {target: lightsail, down: 20s}"])),
        ("down twice", stepped(&["down: [memory, other]", "down: other"])),
        ("other faults on what is down", stepped(&[
            "down: lightsail",
            "expire: memory",
            "cut: nginx",
            "stall: {target: nginx, for: 1s}",
            "notify: memory",
        ])),
        ("what a real server cannot be told", stepped(&["expire: other", "notify: other"])),
    ]);
}

#[test]
#[rustfmt::skip]
fn injections() {
    let inject = |when: &str, then: &str| extended(&format!("inject:\n  - when: {when}\n    then: {then}"));
    let trigger = |when: &str| inject(when, "{park: now}");
    let fate = |then: &str| inject("{event: response-sent}", then);
    snapshot("injections", &[
        ("an unknown place", trigger("{event: effect, at: memry}")),
        ("an unknown event", trigger("{event: response-send}")),
        ("no event", trigger("{at: memory}")),
        ("an unknown method", trigger("{event: request-sent, method: PUT}")),
        ("a status that does not exist", trigger("{event: response-sent, status: 99}")),
        ("a status of a request", trigger("{event: request-sent, status: 200}")),
        ("an effect at a hop", trigger("{event: effect, at: nginx}")),
        ("sighting 0", trigger("{event: effect, nth: 0}")),
        ("a bare fate", fate("park")),
        ("an unknown fate", fate("{dely: 5s}")),
        ("two fates", fate("{drop: now, delay: 5s}")),
        ("a wrong word", fate("{drop: later}")),
        ("a cut that is too long", fate("{cut: 1048577}")),
        ("an informational replacement", fate("{replace: {status: 100, body: text}}")),
        ("an unknown process to halt", fate("{halt: client}")),
        ("a cut effect", inject("{event: effect}", "{cut: 20}")),
        ("a session opened twice", inject("{event: session-opened, at: memory}", "{duplicate: now}")),
        ("a request replaced by a response", inject("{event: request-received}", "{replace: {status: 503}}")),
        ("an event replaced by a response", inject("{event: sse-sent, at: memory}", "{replace: {status: 503, body: text}}")),
        ("nothing happens", extended("inject:\n  - when: {event: effect}")),
        ("an unknown action", inject("{event: user-acts, action: disconect}", "{delay: 1s}")),
        ("an action at a hop", inject("{event: user-acts, action: disconnect, at: nginx}", "{delay: 1s}")),
        ("an action on the page at a connector", inject("{event: user-acts, action: reload, at: memory}", "{delay: 1s}")),
        ("an action that is a message", inject("{event: user-acts, method: POST, rpc: tools/call, tool: slow, status: 200}", "{delay: 1s}")),
        ("a message that is an action", inject("{event: request-sent, action: add}", "{delay: 1s}")),
        ("a user who waits for ever", inject("{event: user-acts, action: add}", "{park: now}")),
    ]);
}
