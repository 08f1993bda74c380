//! Files with many errors, files that cannot be read, and files that are meant to do harm.

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use stalemate::scenario::{load, load_text};

use crate::support::{BASE, changed, errors, extended, snapshot, snapshot_text, vocabulary};

#[test]
fn the_base_is_right() {
    let scenario = load_text("area/example", Path::new("x.yaml"), BASE, &vocabulary());
    assert!(scenario.is_ok(), "{}", scenario.unwrap_err());
}

#[test]
fn all_errors_of_a_file_come_together() {
    let text = "\
summary: Much is wrong here.
servers:
  memory: {dialect: supergatway-3.4.3, port: 0}
  probe: {real: rmcp, prt: 3002}
path: [cloudflare, ngnix]
clients: [connector/stale-cache, rmcp, rmcp, banana]
steps:
  - call: {on: memory, tool: create_entitis, parallel: 100}
  - wait: 30
  - restrat: memory
expect:
  rmcp: {rung: nevr, violates: [srv-dead-session-is-404]}
";
    let errors = errors(text);
    let places: Vec<_> = errors.iter().map(|e| (e.line(), e.column())).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!((errors.count(), places.len()), (12, 12));
    snapshot("together", &[("a file with many errors", text.to_owned())]);
}

#[test]
fn a_diagnostic_has_its_parts() {
    let errors = errors(&changed("summary: A", "sümmary: A").replace("add: memory", "add: memroy"));
    let [first, second] = errors.iter().collect::<Vec<_>>()[..] else {
        panic!("{errors}");
    };
    assert_eq!(first.file(), Path::new("scenarios/area/example.yaml"));
    assert_eq!((first.line(), first.column()), (Some(1), Some(1)));
    let line = "sümmary: A gateway restart strands a connector.";
    assert_eq!(first.source_line(), Some(line));
    assert_eq!(first.message(), "unknown key `sümmary` in a scenario");
    assert_eq!(first.label(), "did you mean `summary`?");
    assert_eq!(first.help().len(), 1);
    assert_eq!((second.line(), second.column()), (Some(10), Some(10)));
    assert_eq!(second.source_line(), Some("  - add: memroy"));
    assert!(errors.render(true).contains("\u{1b}["));
    assert!(!errors.to_string().contains('\u{1b}'));
}

#[test]
fn an_anchor_is_wrong_once() {
    let text = changed(
        "{dialect: supergateway-3.4.3, port: 3001}",
        "&it {dialect: strikt}",
    );
    let errors = errors(&text.replace("{real: rmcp}", "*it"));
    assert_eq!(errors.count(), 1, "{errors}");
    assert_eq!(errors.iter().next().and_then(|e| e.line()), Some(4));
}

/// Whatever a file holds, the answer comes soon and is small.
#[test]
fn hostile_files_are_refused_quickly() {
    let bomb = (1..12).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, n| {
        let ten = vec![format!("*a{}", n - 1); 10].join(",");
        text + &format!("a{n}: &a{n} [{ten}]\n")
    });
    let merges = (1..60).fold("a0: &a0 {x: 1}\n".to_owned(), |text, n| {
        let p = n - 1;
        text + &format!("a{n}: &a{n} {{<<: [*a{p}, *a{p}, *a{p}], k{n}: 1}}\n")
    });
    let lines = |count: usize, line: &dyn Fn(usize) -> String| -> String {
        (0..count).map(|n| line(n) + "\n").collect()
    };
    let servers = lines(4_000, &|n| format!("  s{n}: {{dialect: strict}}"));
    let files = [
        bomb,
        merges,
        lines(1_400, &|n| format!("{}a:", " ".repeat(n))),
        lines(90_000, &|n| format!("k{n}: 1")),
        lines(9_000, &|n| format!("k{n}: 1")),
        extended(&lines(4_000, &|n| {
            format!("  - call: {{on: x{n}, tool: y{n}}}")
        })),
        changed("  other:", &format!("{servers}  other:")) + "  - connect: other\n",
        "[".repeat(1_000_000),
        "{a: ".repeat(200_000),
        "- ".repeat(500_000),
        "? ".repeat(500_000),
        "a: ".repeat(300_000),
        format!("{}: 1\n", "k".repeat(1_000_000)),
        format!("summary: {}\n", "s".repeat(1_000_000)),
        changed("rmcp]\n", &format!("{}]\n", "c".repeat(900_000))),
        format!("summary: \"{}", "\n".repeat(900_000)),
        format!("summary: |\n{}", "  x\n".repeat(200_000)),
        "# x\n".repeat(250_000),
        "\0".repeat(1_000_000),
        "\u{feff}".repeat(10),
        "a".repeat(1024 * 1024 + 1),
    ];
    for (n, text) in files.into_iter().enumerate() {
        let (send, receive) = mpsc::channel();
        thread::spawn(move || send.send(errors(&text).to_string()));
        let drawn = receive.recv_timeout(Duration::from_secs(10));
        let drawn = drawn.unwrap_or_else(|error| panic!("file {n}: {error}"));
        assert!(drawn.len() < 200_000, "file {n} drew {} bytes", drawn.len());
    }
}

#[test]
fn files_that_cannot_be_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).expect("written");
        path
    };
    let paths = [
        dir.path().join("missing.yaml"),
        dir.path().to_owned(),
        file("large.yaml", &vec![b'#'; 1024 * 1024 + 1]),
        file("latin1.yaml", b"summary: A gateway\npath: [n\xe4]\n"),
        file("utf16.yaml", b"\xff\xfes\0u\0m\0m\0a\0r\0y\0:\0 \0A\0\n\0"),
    ];
    let mut drawn = String::new();
    for path in paths {
        let errors = load(&path, &vocabulary()).expect_err("an error");
        drawn.push_str(&format!("{errors}\n\n"));
    }
    let drawn = drawn.replace(&*dir.path().to_string_lossy(), "DIR");
    snapshot_text("unreadable", &drawn);
}
