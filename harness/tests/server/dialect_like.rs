//! Dialects that are written as another one and what differs, and folders of dialect files.

use std::path::Path;
use std::sync::Arc;

use crate::dialect_format::{TEXTS, parse, said};
use stalemate::dialect::read_several;
use stalemate::registry::Registry;
use stalemate::scenario::Diagnostics;
use stalemate::server::{Dialect, Situation};

#[test]
fn a_variant_is_like_another_and_its_mistakes_are_its_own() {
    let known = [Arc::new(parse(TEXTS).expect("right"))];
    let read = |text: &str| read_several(Path::new("variants.yaml"), text, &known);
    let right = "- name: texts-2\n  like: texts\n  summary: as the other\n  answers: {bad-json: {status: 422}}\n";
    let variants = read(right).expect("right");
    assert_eq!(variants[0].name, "texts-2");
    assert_eq!(variants[0].answers[&Situation::BadJson].status, 422);
    for (from, to, expected) in [
        (
            "like: texts",
            "like: text",
            "2:9 `text` is not among the dialects: did you mean `texts`?",
        ),
        (
            "like: texts",
            "like: texts-2",
            "2:9 `texts-2` is not among the dialects: did you mean `texts`?",
        ),
        (
            "  summary: as the other\n",
            "",
            "1:3 a dialect that is like another has no `summary`: `summary` is missing here",
        ),
        (
            "answers:",
            "sse: {resume: {scope: session}}\n  answers:",
            "4:9 `resume` has no `keeps`: `keeps` is missing here",
        ),
        (
            "status: 422",
            "status: 600",
            "4:32 `bad-json`: 600 is no final status: this does not fit",
        ),
        (
            "bad-json:",
            "closed:",
            "4:13 `closed` cannot happen to this server: this does not fit",
        ),
    ] {
        let errors = read(&right.replace(from, to)).expect_err(to);
        assert_eq!(said(&errors), expected);
    }
}

#[test]
fn what_differs_is_laid_over_the_other() {
    let known = Registry::builtin().dialects().to_vec();
    let read = |rest: &str| {
        let text = format!("name: x\nsummary: y\n{rest}\n");
        let several = read_several(Path::new("x.yaml"), &text, &known);
        let mut several = several.unwrap_or_else(|errors| panic!("{errors}"));
        Dialect::clone(&several.remove(0))
    };
    let spec = |change: &dyn Fn(&mut Dialect)| {
        let spec = known
            .iter()
            .find(|d| d.name == "spec")
            .expect("it is there");
        let mut spec = Dialect::clone(spec);
        (spec.name, spec.summary) = ("x".to_owned(), "y".to_owned());
        change(&mut spec);
        spec
    };
    assert_eq!(read("like: spec"), spec(&|_| {}));
    assert_eq!(
        read("like: spec\nsse: {resume: {keeps: 7}, priming: none, keepalive: none}"),
        spec(&|spec| {
            spec.sse.priming = None;
            spec.sse.resume.as_mut().expect("it resumes").keeps = 7;
        })
    );
    assert_eq!(
        read("like: spec\naccepts: [unsupported-version]"),
        spec(&|spec| {
            spec.accepts.insert(Situation::UnsupportedVersion);
            spec.answers.remove(&Situation::UnsupportedVersion);
        })
    );
    assert_eq!(
        read("like: spec\nanswers: {get-second-stream: {status: 409}}").accepts,
        [
            Situation::GetCursorInUse,
            Situation::MissingVersion,
            Situation::OtherVersion
        ]
        .into()
    );
    let alone = read(
        "like: typescript-sdk\nsessions: {single: false}\nanswers: {initialize-unknown-session: {status: 404}}",
    );
    assert_eq!(alone.faults(), []);
    assert!(!alone.answers.contains_key(&Situation::Closed));
}

#[test]
fn a_folder_of_dialects_is_read_as_a_whole() {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("one")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    let read = || Registry::builtin().dialects_in(dir.path());
    let error = |read: Result<Registry, Diagnostics>| match read {
        Ok(_) => panic!("it is right"),
        Err(errors) => errors.to_string(),
    };
    assert!(error(read()).contains("there is no dialect in this directory"));
    // The first is like one of a later file, and that like one that is part of the program.
    write(
        "a.yaml",
        "{name: first, summary: f, like: second, revisions: [\"2025-06-18\"]}",
    );
    write(
        "b/b.yml",
        "- {name: second, summary: s, like: spec}\n- {name: rmcp, summary: another, like: rmcp}\n",
    );
    write("c.txt", "no dialect");
    let registry = read().expect("right");
    let first = registry.dialect_of("first").expect("it is there");
    assert_eq!(first.revisions, ["2025-06-18"]);
    assert_eq!(
        registry.dialect_of("rmcp").expect("it is there").summary,
        "another"
    );
    assert_eq!(registry.dialect_directories(), [dir.path()]);
    write("c.yaml", "{name: second, summary: s, like: spec}");
    assert!(error(read()).contains("is the name of another dialect here"));
    write(
        "c.yaml",
        "- {name: x, summary: s, like: y}\n- {name: y, summary: s, like: x}\n",
    );
    assert!(error(read()).contains("in a circle"));
    write("c.yaml", "{name: x, summary: s, like: spek}");
    write("d.yaml", "{name: y, summary: s, like: spec, check: []}");
    let both = error(read());
    assert!(
        both.contains("did you mean `spec`?") && both.contains("did you mean `checks`?"),
        "{both}"
    );
    assert!(
        both.contains("c.yaml:1:29") && both.contains("d.yaml:1:"),
        "{both}"
    );
    assert!(
        error(Registry::builtin().dialects_in(&dir.path().join("none")))
            .contains("there is no such")
    );
}
