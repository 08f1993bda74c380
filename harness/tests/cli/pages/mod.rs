//! The pages that a person reads say what is so: every command in them runs and prints what is shown, tables are those of the
//! code and the snapshots, links lead somewhere.
//!
//! `STALEMATE_UPDATE_PAGES=1 cargo test --test cli pages -- --test-threads 1` writes tables and outputs anew. An output in which a line is left
//! out (`⋮`) is edited by hand.

mod blocks;
mod commands;
mod links;
mod tables;

use std::fs;
use std::path::PathBuf;

use crate::ROOT;

/// The pages, from the top of the repository.
const PAGES: [&str; 7] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "scenarios/README.md",
    "clients/README.md",
    "snapshots/README.md",
    "harness/README.md",
];

fn path(page: &str) -> PathBuf {
    PathBuf::from(ROOT).join(page)
}

fn read(page: &str) -> String {
    fs::read_to_string(path(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// Whether pages are to be written anew.
fn is_update() -> bool {
    std::env::var_os("STALEMATE_UPDATE_PAGES").is_some()
}

/// Holds a page to what it should be, or writes it.
fn settle(page: &str, should_be: &str) {
    let is = read(page);
    if is == should_be {
        return;
    }
    if is_update() {
        fs::write(path(page), should_be).expect("written");
        return;
    }
    let parts = is.lines().zip(should_be.lines()).enumerate();
    let (line, (is, should_be)) = parts
        .into_iter()
        .find(|(_, (a, b))| a != b)
        .unwrap_or((0, ("its end", "another end")));
    panic!(
        "{page}:{}: is      {is}\n{page}:{}: should be {should_be}\n`STALEMATE_UPDATE_PAGES=1 cargo test --test cli \
         pages -- --test-threads 1` writes it",
        line + 1,
        line + 1
    );
}

#[test]
fn the_first_page_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 120, "README.md has {lines} lines");
}
