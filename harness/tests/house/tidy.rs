//! What the source must keep to, read from its text: the rules that determinism and the layout rest on and that no compiler
//! checks. An exception names its file and its reason, and goes when it is needed no more.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// This file, which has all the forbidden words in it.
const HERE: &str = "harness/tests/house/tidy.rs";

/// The most lines that a file may have.
const LONGEST: usize = 600;
/// The most lines that a file of the library may have.
const LONGEST_OF_LIBRARY: usize = 450;
/// From here on a file is long, and listed.
const LONG: usize = 400;
/// The long files. Split one rather than list it.
const LONG_FILES: &[&str] = &[
    "clients/tests/model/loopback.rs",
    "harness/src/clause.rs",
    "harness/src/process/tap.rs",
    "harness/tests/invariants/broken.rs",
    "harness/tests/server/streams.rs",
];

/// What may stand at the top of the repository.
const TOP: &[&str] = &[
    ".cargo",
    ".ci",
    ".config",
    ".git",
    ".github",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "clients",
    "harness",
    "scenarios",
    "snapshots",
    "target",
];

/// A file of the repository, with its path from the top.
struct Text {
    path: String,
    text: String,
}

impl Text {
    /// The lines of code with their numbers: without comments, and without what follows `//` on a line.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(n, line)| {
            let end = line.find("//").filter(|at| !line[..*at].ends_with(':'));
            (n + 1, &line[..end.unwrap_or(line.len())])
        })
    }
}

/// The files with one of those endings, sorted. What is built or hidden is passed over.
fn texts(endings: &[&str]) -> Vec<Text> {
    let mut paths = Vec::new();
    walk(Path::new(ROOT), &mut paths);
    let mut texts: Vec<Text> = paths
        .into_iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|e| endings.iter().any(|w| e == *w))
        })
        .map(|path| {
            let below = path.strip_prefix(ROOT).expect("below the top");
            Text {
                path: below.to_str().expect("UTF-8").replace('\\', "/"),
                text: fs::read_to_string(&path).expect("UTF-8"),
            }
        })
        .filter(|text| text.path != HERE)
        .collect();
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    texts
}

fn walk(directory: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let kind = entry.file_type().expect("a type");
        let hidden =
            name.to_string_lossy().starts_with('.') || name == "target" || name == "node_modules";
        if kind.is_dir() && !hidden {
            walk(&path, paths);
        } else if kind.is_file() {
            paths.push(path);
        }
    }
}

/// Whether `line` has `word` in it that is not part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(part);
        let after = line[at + word.len()..].chars().next().is_some_and(part);
        let closed = word.ends_with(part) && after;
        !(word.starts_with(part) && before || closed)
    })
}

/// A word that may stand in code in some places only.
struct Rule {
    words: &'static [&'static str],
    /// Files, or directories with a slash at the end, with what it is for there.
    except: &'static [(&'static str, &'static str)],
    why: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        words: &["HashMap", "HashSet"],
        except: &[
            ("clients/src/rmcp/http.rs", "a type of rmcp's trait"),
            (
                "clients/tests/rmcp_loopback/calls.rs",
                "a type of rmcp's trait",
            ),
        ],
        why: "their order differs from run to run: use BTreeMap, BTreeSet or Vec",
    },
    Rule {
        words: &["SystemTime::now", "UNIX_EPOCH.elapsed"],
        except: &[(
            "harness/src/sim/os.rs",
            "its test of the clock that it stands in for",
        )],
        why: "a run's time is virtual: use the journal's or tokio's",
    },
    Rule {
        words: &[
            "rand::",
            "thread_rng",
            "OsRng",
            "from_entropy",
            "RandomState",
        ],
        except: &[
            (
                "harness/src/serve/page.rs",
                "the token of a page, which nobody may guess from a seed",
            ),
            (
                "harness/src/sim/os.rs",
                "its test of the seeds that it stands in for",
            ),
        ],
        why: "one seed decides everything: draw from `setup::seed`",
    },
    Rule {
        words: &["tokio::spawn", "tokio::task::spawn", "task::spawn"],
        except: &[],
        why: "tasks of `spawn` are dropped in no fixed order: use `spawn_local`",
    },
    Rule {
        words: &["thread::spawn", "thread::Builder", "thread::scope"],
        except: &[
            (
                "harness/src/runner/mod.rs",
                "cells side by side, each run on a thread of its own",
            ),
            (
                "harness/src/runner/own_process.rs",
                "the pipes of a process are read side by side",
            ),
            (
                "harness/tests/cli/front.rs",
                "the pipes of a process are read side by side",
            ),
            (
                "harness/benches/throughput/measure.rs",
                "a run has a thread of its own",
            ),
            (
                "harness/tests/browser/",
                "a pipe is read beside whoever waits for it with a limit",
            ),
            (
                "harness/src/sim/run/tests.rs",
                "somebody who computes outside of the run",
            ),
            ("harness/tests/world/robust.rs", "runs side by side"),
            (
                "harness/tests/world/support.rs",
                "a run has a thread of its own",
            ),
            (
                "harness/src/sim/os.rs",
                "its test that other threads are left alone",
            ),
            ("harness/tests/scenario/hostile.rs", "a limit on loading"),
            (
                "harness/src/serve/terminal.rs",
                "the standard input, which is read beside a run on loopback",
            ),
            (
                "harness/tests/serve/",
                "the pipes of programs are read side by side",
            ),
            (
                "harness/tests/portal/ear.rs",
                "both directions of a connection in real time",
            ),
            (
                "harness/tests/portal/live.rs",
                "a server beside a program in real time, whose pipe is read",
            ),
            (
                "harness/benches/throughput/programs.rs",
                "what passes in a run is stamped beside it",
            ),
        ],
        why: "a run is one thread",
    },
    Rule {
        words: &["unsafe"],
        except: &[
            (
                "harness/src/serve/page.rs",
                "a word of the policy that browsers are sent",
            ),
            (
                "harness/src/sim/os.rs",
                "it stands in for functions of the C library",
            ),
            (
                "harness/src/sim/portal/sys.rs",
                "what the kernel is asked for a program's birth and connections",
            ),
            (
                "harness/portal/shim/src/",
                "it stands in for functions of the C library, in other programs",
            ),
        ],
        why: "a few modules are enough to read closely",
    },
    Rule {
        words: &["auto_date_header(true)"],
        except: &[],
        why: "a date in an answer makes its length and bytes depend on the time",
    },
    Rule {
        words: &["turmoil"],
        except: &[
            ("harness/src/sim/", "the only module that knows it"),
            (
                "harness/benches/throughput/",
                "what the harness is measured against",
            ),
        ],
        why: "the rest must be usable on real sockets",
    },
    Rule {
        words: &[
            "TcpStream::connect",
            "TcpListener::bind",
            "TcpSocket",
            "UdpSocket",
        ],
        except: &[
            (
                "harness/src/live/loopback.rs",
                "the only place that dials and listens, and refuses what is not loopback",
            ),
            (
                "harness/src/live/local/",
                "loopback with links that can be held, which refuses the same",
            ),
            ("harness/src/sim/network.rs", "the simulated network's own"),
            ("harness/benches/throughput/", "the simulated network's own"),
            ("harness/tests/live/", "servers of its own on loopback"),
            (
                "harness/tests/serve/",
                "a browser's and an application's connections on loopback",
            ),
            ("harness/tests/portal/", "programs in the simulated network"),
            ("clients/tests/", "servers of their own on loopback"),
        ],
        why: "nothing but loopback is ever dialled or listened on: use `live::loopback`",
    },
    Rule {
        words: &["todo!", "unimplemented!", "dbg!"],
        except: &[],
        why: "what is committed is done",
    },
];

fn is_in(path: &str, place: &str) -> bool {
    path == place || (place.ends_with('/') && path.starts_with(place))
}

#[test]
fn words_stand_only_where_they_may() {
    let texts = texts(&["rs"]);
    let mut wrong = Vec::new();
    for rule in RULES {
        let mut needed = BTreeSet::new();
        for text in &texts {
            let excepted = rule
                .except
                .iter()
                .find(|(place, _)| is_in(&text.path, place));
            for (n, line) in text.code() {
                let Some(word) = rule.words.iter().find(|word| has_word(line, word)) else {
                    continue;
                };
                match excepted {
                    Some((place, _)) => {
                        needed.insert(*place);
                    }
                    None => wrong.push(format!("{}:{n}: `{word}`: {}", text.path, rule.why)),
                }
            }
        }
        for (place, _) in rule
            .except
            .iter()
            .filter(|(place, _)| !needed.contains(place))
        {
            wrong.push(format!(
                "{place} needs no exception for {:?} any more",
                rule.words
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The clock of the machine: how long something really takes may be asked by whoever must end what does not end.
#[test]
fn the_machines_clock_is_read_in_few_places() {
    let allowed = [
        "harness/benches/throughput/programs.rs",
        "harness/src/cli/sweep.rs",
        "harness/src/search/explore.rs",
        "harness/src/sim/driver.rs",
        "harness/src/sim/os.rs",
        "harness/src/sim/portal/child.rs",
        "harness/tests/browser/chromium.rs",
        "harness/tests/cli/main.rs",
        "harness/tests/portal/live.rs",
        "harness/tests/portal/replay.rs",
        "harness/tests/serve/application.rs",
        "harness/tests/world/clock.rs",
    ];
    let mut found = Vec::new();
    for text in texts(&["rs"]) {
        let code: Vec<&str> = text.code().map(|(_, line)| line).collect();
        let code = code.join("\n");
        let imports = code.split("use std::time::").skip(1);
        let mut imports = imports.filter_map(|rest| rest.split(';').next());
        if imports.any(|names| has_word(names, "Instant")) || has_word(&code, "std::time::Instant")
        {
            found.push(text.path);
        }
    }
    assert_eq!(
        found, allowed,
        "who may use std::time::Instant; tokio's is for everybody"
    );
}

/// Which branch of several that are ready goes first must not be drawn.
#[test]
fn every_select_is_biased() {
    let mut blocks = 0;
    for text in texts(&["rs"]) {
        let code: Vec<(usize, &str)> = text.code().collect();
        for (at, (n, line)) in code.iter().enumerate() {
            if !has_word(line, "select!") {
                continue;
            }
            blocks += 1;
            let next = code[at + 1..].iter().map(|(_, line)| line.trim());
            let first = next.into_iter().find(|line| !line.is_empty());
            assert_eq!(first, Some("biased;"), "{}:{n}: begin it so", text.path);
        }
        // These draw lots whatever is done.
        for unbiased in ["try_join_unordered", "futures::select!", "select_all("] {
            assert!(!text.text.contains(unbiased), "{}: {unbiased}", text.path);
        }
    }
    assert!(blocks > 3, "{blocks} blocks: are they still found?");
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let texts = texts(&["rs"]);
    assert!(
        texts.len() > 100,
        "{} files: are they still found?",
        texts.len()
    );
    let mut wrong = Vec::new();
    for text in &texts {
        let lines = text.text.lines().count();
        let listed = LONG_FILES.contains(&text.path.as_str());
        let longest = if text.path.starts_with("harness/src/") {
            LONGEST_OF_LIBRARY
        } else {
            LONGEST
        };
        if lines > longest {
            wrong.push(format!(
                "{}: {lines} lines, at most {longest}: split it",
                text.path
            ));
        } else if lines > LONG && !listed {
            wrong.push(format!(
                "{}: {lines} lines: split it, or list it as long",
                text.path
            ));
        } else if lines <= LONG && listed {
            wrong.push(format!(
                "{}: {lines} lines: take it off the list of long ones",
                text.path
            ));
        }
        if !text.text.starts_with("//! ") {
            wrong.push(format!(
                "{}: its first line must say what it is (`//!`)",
                text.path
            ));
        }
    }
    for listed in LONG_FILES {
        if !texts.iter().any(|text| text.path == *listed) {
            wrong.push(format!("{listed} is listed as long, and does not exist"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is committed means the same on every machine.
#[test]
fn nothing_points_out_of_the_repository() {
    let home = ["/home/", "/root/", "/Users/", "C:\\Users"];
    let scratch = ["/tmp/", "/work/", "../shared", "/wt/"];
    let mut wrong = Vec::new();
    for text in texts(&[
        "rs", "toml", "yaml", "yml", "json", "jsonl", "snap", "md", "txt", "log",
    ]) {
        // As others sent it.
        if text.path.starts_with("harness/tests/server/captures/") {
            continue;
        }
        for (n, line) in text.text.lines().enumerate() {
            for path in home.iter().chain(&scratch) {
                if line.contains(path) {
                    wrong.push(format!("{}:{}: `{path}`: {line}", text.path, n + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_top_has_only_what_belongs_there() {
    let entries = fs::read_dir(ROOT).expect("a directory").flatten();
    let names: Vec<String> = entries
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    for name in &names {
        assert!(
            TOP.contains(&name.as_str()),
            "{name} does not belong at the top of the repository"
        );
    }
    for needed in ["Cargo.toml", "Cargo.lock", "LICENSE", ".cargo"] {
        assert!(
            names.iter().any(|name| name == needed),
            "{needed} is missing"
        );
    }
}

/// Snapshots that wait for somebody's decision are not committed.
#[test]
fn no_snapshot_is_pending() {
    let pending = texts(&["new", "pending-snap"]);
    let names: Vec<&str> = pending.iter().map(|t| t.path.as_str()).collect();
    assert_eq!(names, [""; 0], "`cargo insta review`, or delete them");
}

#[test]
fn words_are_found_whole() {
    assert!(has_word("let m = HashMap::new();", "HashMap"));
    assert!(!has_word("let m = IndexHashMap::new();", "HashMap"));
    assert!(!has_word("#![forbid(unsafe_code)]", "unsafe"));
    assert!(has_word("    unsafe { x }", "unsafe"));
    assert!(has_word("rand::random()", "rand::"));
    assert!(!has_word("brand::new()", "rand::"));
    let text = Text {
        path: String::new(),
        text: "a // unsafe\nlet u = \"https://x\"; unsafe\n//! unsafe".to_owned(),
    };
    let lines: Vec<_> = text.code().filter(|(_, l)| has_word(l, "unsafe")).collect();
    assert_eq!(lines.len(), 1);
}
