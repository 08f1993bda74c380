//! Words that may stand in code in some places only: the rules that determinism rests on and that no compiler checks. An
//! exception names its file and its reason, and goes when it is needed no more.

use std::collections::BTreeSet;

use crate::texts::{Text, texts};

/// This file, which has all the forbidden words in it.
const HERE: &str = "harness/tests/house/words.rs";

/// The source, this file aside.
fn sources() -> Vec<Text> {
    let mut sources = texts(&["rs"]);
    sources.retain(|text| text.path != HERE);
    sources
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
        except: &[(
            "harness/real-servers/rmcp/src/main.rs",
            "a program of its own, in real time",
        )],
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
                "harness/tests/invariants/pinned.rs",
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
            (
                "harness/real-servers/rmcp/src/main.rs",
                "a server that is asked on loopback, a program of its own",
            ),
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
    let texts = sources();
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
        "harness/benches/throughput/searches.rs",
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
    for text in sources() {
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
    for text in sources() {
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
