//! Finding files, and the names of scenarios.

use std::fs;
use std::path::PathBuf;

use stalemate::scenario::{Diagnostics, find, load};

use crate::support::{LEAST, vocabulary};

/// A directory for one test.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[&str]) -> Self {
        let tree = Self(tempfile::tempdir().expect("a directory"));
        for file in files {
            let path = tree.path(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, LEAST).expect("written");
        }
        tree
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn find(&self, paths: &[&str]) -> Result<Vec<PathBuf>, Diagnostics> {
        let paths: Vec<_> = paths.iter().map(|path| self.path(path)).collect();
        find(&paths)
    }
}

#[test]
fn a_name_is_the_path_below_scenarios() {
    let deep = "scenarios/old/scenarios/area/deep/x.y.yaml";
    let tree = Tree::new(&[deep, "scenarios/top.yml", "elsewhere/mine/z.yaml"]);
    let name = |file: &str| {
        let scenario = load(&tree.path(file), &vocabulary());
        scenario.expect("right").name
    };
    assert_eq!(name(deep), "area/deep/x.y");
    assert_eq!(name("scenarios/top.yml"), "top");
    let winding = "scenarios/old/../old/scenarios/./area/deep/x.y.yaml";
    assert_eq!(name(winding), "area/deep/x.y");
    assert_eq!(name("elsewhere/mine/z.yaml"), "mine/z");
}

#[test]
fn files_are_found_sorted_and_once() {
    let tree = Tree::new(&[
        "b/2.yaml",
        "b/1.yml",
        "a/deep/er/3.yaml",
        "a/notes.md",
        "schema.json",
        "empty/readme.md",
    ]);
    let all = ["a/deep/er/3.yaml", "b/1.yml", "b/2.yaml"].map(|path| tree.path(path));
    assert_eq!(tree.find(&["b", "a"]).expect("found"), all);
    let again = tree.find(&["b/2.yaml", "schema.json", "a", "b", "b/2.yaml"]);
    assert_eq!(again.expect("found"), all);
}

#[test]
fn what_is_not_there_is_not_found() {
    let tree = Tree::new(&["a/1.yaml", "a/notes.md", "empty/readme.md"]);
    let errors = tree
        .find(&["empty", "missing", "a/notes.md", "a"])
        .expect_err("errors");
    let errors: Vec<_> = errors
        .iter()
        .map(|e| (e.file().to_owned(), e.message(), e.line()))
        .collect();
    let missing = "cannot read this: there is no such file or directory";
    let expected = [
        (
            tree.path("empty"),
            "there is no scenario in this directory",
            None,
        ),
        (tree.path("missing"), missing, None),
        (tree.path("a/notes.md"), "this is not a scenario", None),
    ];
    assert_eq!(errors, expected);
}

/// What a program is stands in a `client.yaml`; a scenario may have that name too.
#[test]
fn programs_are_no_scenarios() {
    let tree = Tree::new(&["a/1.yaml", "a/client.yaml", "b/client.yaml"]);
    let program = "summary: mine\ncommand: [node, driver.mjs]\n";
    fs::write(tree.path("b/client.yaml"), program).expect("written");
    let files = ["a/1.yaml", "a/client.yaml"].map(|path| tree.path(path));
    assert_eq!(tree.find(&["a"]).expect("found"), files);
    let errors = tree.find(&["b"]).expect_err("an error").to_string();
    assert!(
        errors.contains("there is no scenario in this directory"),
        "{errors}"
    );
}

#[cfg(unix)]
#[test]
fn links_and_devices_keep_nobody_waiting() {
    use std::os::unix::fs::symlink;
    let tree = Tree::new(&["a/1.yaml"]);
    symlink(tree.path("a"), tree.path("a/again")).expect("linked");
    symlink(tree.path("nowhere"), tree.path("a/2.yaml")).expect("linked");
    symlink("/dev/zero", tree.path("a/3.yaml")).expect("linked");
    let found = tree.find(&["a"]).expect("found");
    let files = ["a/1.yaml", "a/2.yaml", "a/3.yaml"].map(|path| tree.path(path));
    assert_eq!(found, files);
    let message = |file| {
        let errors = load(&tree.path(file), &vocabulary()).expect_err("an error");
        errors.to_string()
    };
    assert!(message("a/2.yaml").contains("no such file"));
    assert!(message("a/3.yaml").contains("not a regular file"));
}
