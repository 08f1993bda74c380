//! What is not YAML, wrong keys and wrong values. Each table of wrong files has one snapshot.

use crate::support::{BASE, changed, extended, snapshot, stepped};

#[test]
#[rustfmt::skip]
fn what_is_not_yaml() {
    snapshot("syntax", &[
        ("an empty file", String::new()),
        ("only comments", "# to be written\n\n# soon\n".into()),
        ("plain text", "hello world\n".into()),
        ("a list", "- add: memory\n- climb: memory\n".into()),
        ("two documents", format!("{BASE}---\n{BASE}")),
        ("a tab", changed("  - add: memory", "\t- add: memory")),
        ("a bracket that is not closed", changed("[cloudflare, nginx]", "[cloudflare, nginx")),
        ("a quote that is not closed", changed("summary: A gateway", "summary: \"A gateway")),
        ("wrong indentation", changed("  other:", "   other:")),
        ("no space after a colon", changed("summary: A", "summary:A")),
        ("a colon within a text", changed("strands a", "strands: a")),
        ("an unknown alias", changed("[connector/stale-cache, rmcp]", "*clients")),
        ("an alias of itself", changed("[connector/stale-cache, rmcp]", "&clients [*clients]")),
        ("a control character", changed("strands", "str\u{1}ands")),
    ]);
}

#[test]
#[rustfmt::skip]
fn keys() {
    let summary = "A gateway restart strands a connector.";
    snapshot("keys", &[
        ("an unknown key at the top", changed("machines:", "machine:")),
        ("an unknown key in a server", changed("port: 3001", "prt: 3001")),
        ("an unknown key in a call", changed("tool:", "tol:")),
        ("a key that comes near to nothing", extended("colour: red")),
        ("a repeated key", extended("path: [nginx]")),
        ("a repeated key in braces", changed("port: 3001", "port: 3001, port: 3002")),
        ("a repeated server", changed("  other:", "  memory:")),
        ("a key that is no text", extended("[a, b]: c")),
        ("a key without a value", changed("path: [cloudflare, nginx]", "path:")),
        ("missing keys", "summary: Nothing else.\n".into()),
        ("a missing key in a call", changed(", tool: create_entities", "")),
        ("a missing key in a fault", stepped(&["stall: {target: memory}"])),
        ("a list where a text is expected", changed(summary, "[a, b]")),
        ("a text where a list is expected", changed("[connector/stale-cache, rmcp]", "rmcp")),
        ("a text where a map is expected", changed("{real: rmcp}", "rmcp")),
        ("a number as a text", changed(summary, "48557")),
        ("an empty text", changed(summary, "\" \"")),
    ]);
}

#[test]
#[rustfmt::skip]
fn values() {
    let wait = |duration: &str| stepped(&[&format!("wait: {duration}")]);
    let call = |rest: &str| stepped(&["add: memory", &format!("call: {{on: memory, {rest}}}")]);
    snapshot("values", &[
        ("no unit", wait("30")),
        ("no unit, in quotes", wait("\"30\"")),
        ("an unknown unit", wait("30sec")),
        ("a space before the unit", wait("30 s")),
        ("two units", wait("1h30m")),
        ("no time at all", wait("0s")),
        ("less than a millisecond", wait("0.5ms")),
        ("more than seven days", wait("169h")),
        ("far more than seven days", wait(&format!("{}h", "9".repeat(60)))),
        ("a negative duration", wait("-5s")),
        ("a word", wait("a while")),
        ("a list", wait("[30s]")),
        ("a wrong session timeout", changed("port: 3001", "session-timeout: nevr")),
        ("port 0", changed("3001", "0")),
        ("a port that is too large", changed("3001", "65536")),
        ("a port in quotes", changed("3001", "\"3001\"")),
        ("a hexadecimal port", changed("3001", "0xBB9")),
        ("a negative seed", extended("seeds: [-1]")),
        ("a seed that is no whole number", extended("seeds: [1.5]")),
        ("a seed that is too large", extended("seeds: [18446744073709551616]")),
        ("a seed twice", extended("seeds: [7, 8, 7]")),
        ("too many at once", call("tool: slow, parallel: 65")),
        ("none at once", call("tool: slow, parallel: 0")),
        ("a tool that takes no time", call("tool: read_graph, takes: 5s")),
        ("a tool that has no progress", call("tool: read_graph, progress: wanted")),
        ("a wrong outcome", call("tool: slow, expect: success")),
    ]);
}
