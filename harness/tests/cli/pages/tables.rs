//! The tables of the pages that are made from the code and the snapshots: each stands between `<!-- table NAME -->` and
//! `<!-- end -->`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use stalemate::fault::{FateKind, TriggerEvent, admitted};
use stalemate::scenario::{KeyKind, keys};

use super::{PAGES, read, settle};

/// The clients of other languages, in the order of the tables.
const REAL: [&str; 10] = [
    "typescript-sdk-1",
    "typescript-sdk-2",
    "python-sdk-1",
    "python-sdk-2",
    "rust-sdk",
    "fastmcp",
    "openai-agents",
    "pydantic-ai",
    "mcp-remote",
    "mcp-proxy",
];

/// The scenarios of the first page's table, and what they are called there.
const FIRST_PAGE: [(&str, &str); 6] = [
    ("restart/sdks-are-told-404", "restart, told 404"),
    ("incident-48557/ten-steps", "restart, told 400"),
    ("gateway/not-found-becomes-502", "restart, told 502"),
    ("restart/long-outage", "10 minutes away"),
    ("expiry/idle", "45 minutes idle"),
    ("reconnect/answer-lost", "answer lost"),
];

/// The rung of each scenario and client in the snapshot of a matrix.
fn rungs(matrix: &str) -> BTreeMap<(&str, &str), &str> {
    let mut rungs = BTreeMap::new();
    let mut scenario = "";
    for line in matrix.lines() {
        match line.strip_prefix("  ") {
            None => scenario = line,
            Some(line) => {
                let (rung, clients) = line.split_once("  ").expect("a rung and its clients");
                let clients = clients.trim_start().split(", ");
                rungs.extend(clients.map(|client| ((scenario, client), rung)));
            }
        }
    }
    rungs
}

/// What a client is, and its version, from its own folder.
fn about(client: &str) -> (String, String) {
    let manifest = read(&format!("clients/{client}/client.yaml"));
    let of = |key: &str| {
        let line = manifest.lines().find_map(|l| l.strip_prefix(key));
        line.unwrap_or_else(|| panic!("{client}: no {key}"))
            .trim()
            .trim_matches('"')
            .to_owned()
    };
    (of("summary:"), of("version:"))
}

fn first_page() -> String {
    let matrix = read("snapshots/matrix-of-real-clients.snap");
    let rungs = rungs(&matrix);
    let mut out = String::from("| client | version |");
    FIRST_PAGE.iter().for_each(|(_, name)| {
        let _ = write!(out, " {name} |");
    });
    let _ = writeln!(out, "\n|---|---|{}", "---|".repeat(FIRST_PAGE.len()));
    for client in REAL {
        let _ = write!(out, "| `{client}` | {} |", about(client).1);
        for (scenario, _) in FIRST_PAGE {
            let rung = rungs.get(&(scenario, client)).unwrap_or(&"");
            let _ = write!(out, " {rung} |");
        }
        out.push('\n');
    }
    out
}

fn real_clients() -> String {
    let matrix = read("snapshots/matrix-of-real-clients.snap");
    let rungs = rungs(&matrix);
    let mut out = String::from("| scenario |");
    REAL.iter().for_each(|client| {
        let _ = write!(out, " `{client}` |");
    });
    let _ = writeln!(out, "\n|---|{}", "---|".repeat(REAL.len()));
    let mut seen = std::collections::BTreeSet::new();
    let scenarios = rungs.keys().map(|(scenario, _)| *scenario);
    for scenario in scenarios.filter(|s| seen.insert(*s)) {
        let _ = write!(out, "| `{scenario}` |");
        for client in REAL {
            let rung = rungs.get(&(scenario, client)).unwrap_or(&"");
            let _ = write!(out, " {rung} |");
        }
        out.push('\n');
    }
    out.push('\n');
    for client in REAL {
        let (what, version) = about(client);
        let _ = writeln!(out, "* `{client}`: {what}, version {version}");
    }
    out
}

/// A text as the cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn words(kind: KeyKind) -> String {
    let mut out = String::from("| | what it says | with |\n|---|---|---|\n");
    for key in keys().into_iter().filter(|key| key.kind == kind) {
        let with: Vec<String> = key.keys.iter().map(|k| format!("`{k}`")).collect();
        let _ = writeln!(
            out,
            "| `{}` | {} | {} |",
            key.name,
            cell(&key.says),
            with.join(" ")
        );
    }
    out
}

fn all_keys() -> String {
    let mut out = String::from("| key | what it says | in |\n|---|---|---|\n");
    for key in keys().into_iter().filter(|key| key.kind == KeyKind::Key) {
        let within: Vec<&str> = key.within.iter().map(|w| w.trim_end_matches('.')).collect();
        let _ = writeln!(
            out,
            "| `{}` | {} | {} |",
            key.name,
            cell(&key.says),
            cell(&within.join("; "))
        );
    }
    out
}

fn fates() -> String {
    let mut out = String::from("| event |");
    FateKind::ALL.iter().for_each(|kind| {
        let _ = write!(out, " {} |", kind.as_str());
    });
    let _ = writeln!(out, "\n|---|{}", "---|".repeat(FateKind::ALL.len()));
    for (event, name) in TriggerEvent::ALL {
        let _ = write!(out, "| `{name}` |");
        for kind in FateKind::ALL {
            let mark = if admitted(event).contains(&kind) {
                "yes"
            } else {
                ""
            };
            let _ = write!(out, " {mark} |");
        }
        out.push('\n');
    }
    out
}

fn table(name: &str) -> String {
    match name {
        "first-page" => first_page(),
        "real-clients" => real_clients(),
        "steps" => words(KeyKind::Step),
        "hops" => words(KeyKind::Hop),
        "keys" => all_keys(),
        "fates" => fates(),
        other => panic!("there is no table `{other}`"),
    }
}

/// The page with its tables as they should be, and how many they are.
fn with_tables(page: &str) -> (String, usize) {
    let mut out = String::new();
    let mut rest = page;
    let mut many = 0;
    while let Some((before, from)) = rest.split_once("<!-- table ") {
        let (name, from) = from.split_once(" -->\n").expect("the name of a table");
        let (_, after) = from.split_once("<!-- end -->").expect("the end of a table");
        let _ = write!(
            out,
            "{before}<!-- table {name} -->\n\n{}\n<!-- end -->",
            table(name).trim_end().to_owned() + "\n"
        );
        rest = after;
        many += 1;
    }
    (out + rest, many)
}

#[test]
fn tables_are_those_of_the_code() {
    let mut tables = 0;
    for page in PAGES {
        let (should_be, many) = with_tables(&read(page));
        settle(page, &should_be);
        tables += many;
    }
    assert_eq!(tables, 6, "each is in one page");
}
