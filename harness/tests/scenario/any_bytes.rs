//! Bytes that nobody meant: random ones, and files that are right but for some bytes. What must hold of them stands in
//! `any_bytes`; `harness/fuzz` searches longer, from the same files.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use stalemate::any_bytes::{connection, driver, events, log, scenario};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus");

/// What is done to a file: at a place, so many bytes go, and others come.
type Change = (Index, usize, Vec<u8>);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let one = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..6),
        // What means something in one of the forms.
        proptest::sample::select(vec![
            "\n",
            "\r",
            ":",
            " ",
            "  - ",
            "{",
            "}",
            "[",
            "\"",
            "&a",
            "*a",
            "0",
            "-1",
            "99999999999999999999",
            "null",
            "\r\n\r\n",
            "content-length: 9\r\n",
            "data: ",
            "id: ",
            "é",
            "\u{feff}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec((any::<Index>(), 0..8_usize, one), 1..5)
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for (at, gone, come) in changes {
        let at = at.index(bytes.len() + 1);
        let end = (at + gone).min(bytes.len());
        bytes.splice(at..end, come.iter().copied());
    }
    bytes
}

/// The files of a target, as they are and changed, and random bytes.
fn holds(target: &str, cases: u32, what: fn(&[u8])) {
    let mut files: Vec<_> = fs::read_dir(Path::new(CORPUS).join(target))
        .expect("each target has files")
        .map(|file| file.expect("it can be read").path())
        .collect();
    files.sort();
    let files: Vec<Vec<u8>> = files
        .iter()
        .map(|f| fs::read(f).expect("it is there"))
        .collect();
    files.iter().for_each(|file| what(file));
    let input = prop_oneof![
        1 => proptest::collection::vec(any::<u8>(), 0..400),
        3 => (any::<Index>(), changes()).prop_map(move |(file, changes)| {
            changed(files[file.index(files.len())].clone(), &changes)
        }),
    ];
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(bytes in input)| what(&bytes));
}

#[test]
fn scenario_files_of_any_bytes() {
    holds("scenario", 300, scenario);
}

#[test]
fn streams_of_any_bytes() {
    holds("events", 2_000, events);
}

#[test]
fn connections_of_any_bytes() {
    holds("connection", 2_000, connection);
}

#[test]
fn drivers_that_say_anything() {
    holds("driver", 2_000, driver);
}

#[test]
fn logs_of_any_bytes() {
    holds("log", 300, log);
}
