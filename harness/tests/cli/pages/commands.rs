//! Every command of a page is run, in the order of the page, in a copy of what it speaks of, and prints what is shown.

use std::fs;
use std::path::Path;

use super::blocks::{Block, blocks, is_as_shown, shown};
use super::{PAGES, is_update, read, settle};
use crate::{ROOT, stalemate_in};

/// Commands that are not run here, by how they begin, and who runs them.
const ELSEWHERE: [(&str, &str); 22] = [
    ("cargo run --release -- run", "the scenarios, as tests"),
    ("cargo run -- ", "in a crate of one's own"),
    ("cargo test", "this is it"),
    ("cargo update", "asks a registry"),
    ("cargo bench", "takes minutes"),
    ("cargo install", "takes minutes"),
    ("cargo nextest", "needs nextest"),
    (".ci/run", "runs these tests"),
    (".ci/semver", "takes minutes"),
    ("INSTA_UPDATE=", "writes snapshots"),
    ("STALEMATE_", "the same tests in another way"),
    ("git ", "no command of ours"),
    ("stalemate diff before.yaml", "needs an older file"),
    ("stalemate install", "downloads; `.ci/run` does it"),
    ("stalemate probe http", "needs a server: tests/live"),
    ("stalemate serve ", "waits for an application: tests/serve"),
    ("stalemate diagnose /", "needs a log: tests/diagnose"),
    (
        "stalemate run --client-command",
        "needs a driver: tests/portal",
    ),
    ("stalemate explore", "takes minutes: cli/search"),
    ("stalemate sweep", "takes minutes: cli/search"),
    ("stalemate shrink", "takes minutes: cli/search"),
    ("stalemate merge", "needs results: cli/search"),
];

fn is_elsewhere(command: &str) -> bool {
    let begins = |(begin, _): &(&str, &str)| command.starts_with(begin);
    ELSEWHERE.iter().any(begins)
}

/// A copy of what commands read and write.
fn sandbox() -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("made");
        for entry in fs::read_dir(from).expect("a directory") {
            let entry = entry.expect("an entry");
            let to = to.join(entry.file_name());
            if entry.file_type().expect("a type").is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).expect("copied");
            }
        }
    }
    let dir = tempfile::tempdir().expect("a directory");
    for part in ["scenarios", "clients/example-perl"] {
        copy(&Path::new(ROOT).join(part), &dir.path().join(part));
    }
    dir
}

/// The words of a command line; quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("one").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Runs a command of a page and returns what it prints.
fn run(command: &str, dir: &Path) -> Result<String, String> {
    let (command, _) = command.split_once("  #").unwrap_or((command, ""));
    if is_elsewhere(command) {
        return Err("it is not run here, so that its output cannot be shown".to_owned());
    }
    let args = command.strip_prefix("stalemate ").ok_or("who runs it?")?;
    let (args, into) = match args.split_once(" > ") {
        Some((args, file)) => (args, Some(file.trim())),
        None => (args, None),
    };
    let args = words(args);
    let done = stalemate_in(
        dir,
        120,
        &args.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    if done.code == 2 || done.code == 101 {
        return Err(format!("exit code {}: {}", done.code, done.err));
    }
    // The page speaks of `stalemate`, wherever the binary under test lies.
    let out = done
        .out
        .replace(env!("CARGO_BIN_EXE_stalemate"), "stalemate");
    match into {
        None => Ok(out),
        Some(file) => {
            fs::write(dir.join(file), out).expect("written");
            Ok(String::new())
        }
    }
}

/// Writes the file that a block of YAML is, if its first line names one.
fn write(block: &Block<'_>, dir: &Path) {
    let first = block.text.lines().next().unwrap_or("");
    let name = first
        .strip_prefix("# ")
        .filter(|name| name.ends_with(".yaml"));
    if let Some(name) = name {
        let file = dir.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, block.text).expect("written");
    }
}

fn holds(page: &str) {
    let text = read(page);
    let mut anew = text.clone();
    let dir = sandbox();
    for block in blocks(&text) {
        let at = format!("{page}:{}", block.line);
        match block.kind {
            "yaml" => write(&block, dir.path()),
            "sh" | "" => {
                for line in block.text.lines().filter(|l| !l.trim().is_empty()) {
                    assert!(!line.starts_with("$ "), "{at}: `console` shows outputs");
                    // In a list the block is indented.
                    let line = line.trim_start();
                    if !is_elsewhere(line) {
                        run(line, dir.path()).unwrap_or_else(|why| panic!("{at}: {line}: {why}"));
                    }
                }
            }
            "console" => {
                for one in shown(block.text) {
                    let printed = run(one.command, dir.path());
                    let printed =
                        printed.unwrap_or_else(|why| panic!("{at}: {}: {why}", one.command));
                    let Err(why) = is_as_shown(&printed, one.output) else {
                        continue;
                    };
                    let is_whole = !one.output.contains('⋮') && !one.output.contains(" …");
                    assert!(is_update() && is_whole, "{at}: {}\n{why}", one.command);
                    let with = |output: &str| format!("$ {}\n{output}", one.command);
                    let trimmed: String = printed
                        .lines()
                        .map(|l| l.trim_end().to_owned() + "\n")
                        .collect();
                    anew = anew.replacen(&with(one.output), &with(&trimmed), 1);
                }
            }
            "toml" | "rust" | "json" | "xml" | "nginx" | "text" => {}
            other => panic!("{at}: who holds a block of `{other}` to be true?"),
        }
    }
    settle(page, &anew);
}

#[test]
fn commands_of_the_first_page() {
    holds("README.md");
}

#[test]
fn commands_of_the_other_pages() {
    PAGES[1..].iter().for_each(|page| holds(page));
}
