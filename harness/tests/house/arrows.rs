//! Which way the modules of the library may point, read from its imports: an arrow that is not listed is a wall in the
//! wrong place, and a circle is one that is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

/// What each module of the library may import of the others. What is a module of its own here and not listed may import
/// anything, because nothing may import it: the top of the house.
const MAY: &[(&str, &[&str])] = &[
    ("journal", &[]),
    ("yaml", &[]),
    ("input", &[]),
    ("clause", &[]),
    ("failure_mode", &[]),
    // Cores: values and the time in, ordered outputs out.
    ("server", &["journal"]),
    ("proxy", &["journal"]),
    ("fault", &["journal", "server"]),
    ("app", &["journal", "server"]),
    ("invariant", &["journal"]),
    // Which arms of the cores' decisions are marked.
    ("arms", &["server"]),
    // Logs of others, and what they prove.
    ("diagnose", &["journal", "server"]),
    // From files to the cores' own values.
    ("dialect", &["input", "server", "yaml"]),
    (
        "scenario",
        &[
            "app",
            "dialect",
            "fault",
            "input",
            "invariant",
            "journal",
            "proxy",
            "server",
            "yaml",
        ],
    ),
    ("programs", &["input", "yaml"]),
    (
        "registry",
        &[
            "app",
            "clause",
            "dialect",
            "failure_mode",
            "invariant",
            "programs",
            "proxy",
            "scenario",
            "server",
        ],
    ),
    // Shells over any network: no scenario, no simulation.
    ("process", &["app", "fault", "journal", "proxy", "server"]),
    // What a scenario comes to on any network, and who carries out its faults there.
    (
        "setup",
        &["app", "journal", "process", "proxy", "scenario", "server"],
    ),
    (
        "operator",
        &[
            "app", "journal", "process", "proxy", "scenario", "server", "setup",
        ],
    ),
    // The other network, of real sockets: no scenario, no simulation either.
    ("live", &["fault", "journal", "process", "server"]),
    (
        "sim",
        &[
            "app", "fault", "journal", "operator", "process", "proxy", "registry", "scenario",
            "server", "setup",
        ],
    ),
    (
        "runner",
        &[
            "invariant",
            "journal",
            "process",
            "registry",
            "scenario",
            "sim",
        ],
    ),
    (
        "report",
        &[
            "arms",
            "clause",
            "diagnose",
            "failure_mode",
            "invariant",
            "fault",
            "journal",
            "live",
            "runner",
            "search",
            "server",
        ],
    ),
    (
        "any_bytes",
        &[
            "diagnose", "journal", "process", "registry", "scenario", "sim",
        ],
    ),
    ("check", &["registry", "report", "runner", "scenario"]),
    (
        "search",
        &[
            "fault", "journal", "proxy", "registry", "runner", "scenario", "server", "setup",
            "sim", "yaml",
        ],
    ),
    // A scenario on the other network, for somebody who plays it.
    (
        "serve",
        &[
            "app", "fault", "journal", "live", "operator", "process", "proxy", "registry",
            "report", "runner", "scenario", "server", "setup", "sim",
        ],
    ),
    (
        "cli",
        &[
            "clause", "diagnose", "dialect", "input", "journal", "live", "programs", "registry",
            "report", "runner", "scenario", "search", "serve", "server", "sim", "yaml",
        ],
    ),
];

/// A module by its path, without `mod`.
type Module = Vec<String>;

/// The modules of the library with their code: neither comments nor what stands behind `#[cfg(test)]`.
fn modules() -> BTreeMap<Module, String> {
    let mut modules = BTreeMap::new();
    collect(Path::new(SOURCE), &mut Vec::new(), &mut modules);
    assert!(
        modules.len() > 80,
        "{}: are they still found?",
        modules.len()
    );
    modules
}

fn collect(directory: &Path, at: &mut Module, modules: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if path.is_dir() {
            at.push(name.into_owned());
            collect(&path, at, modules);
            at.pop();
        } else if let Some(stem) = name.strip_suffix(".rs").filter(|stem| *stem != "tests") {
            let mut module = at.clone();
            if !["mod", "lib", "main"].contains(&stem) {
                module.push(stem.to_owned());
            }
            let text = fs::read_to_string(&path).expect("UTF-8");
            let text = text
                .split("#[cfg(test)]\nmod tests")
                .next()
                .unwrap_or_default();
            let lines = text
                .lines()
                .map(|line| line.split("//").next().unwrap_or_default());
            modules.insert(module, lines.collect::<Vec<_>>().join("\n"));
        }
    }
}

/// The modules that each one names by a path of `crate`, `super` or `self`. What is in a module above the one that
/// names it is not counted: a part may know its whole.
fn arrows(modules: &BTreeMap<Module, String>) -> BTreeMap<Module, BTreeSet<Module>> {
    let mut arrows = BTreeMap::new();
    for (module, text) in modules {
        let mut to = BTreeSet::new();
        for path in paths(text) {
            let mut target = match path[0].as_str() {
                "crate" => Vec::new(),
                "self" => module.clone(),
                _ => parent(module),
            };
            for part in &path[1..] {
                if part == "super" {
                    target.pop();
                } else {
                    target.push(part.clone());
                }
            }
            while !target.is_empty() && !modules.contains_key(&target) {
                target.pop();
            }
            if !target.is_empty() && !module.starts_with(&target) {
                to.insert(target);
            }
        }
        arrows.insert(module.clone(), to);
    }
    arrows
}

fn parent(module: &Module) -> Module {
    module[..module.len().saturating_sub(1)].to_vec()
}

/// The paths that begin with `crate`, `super` or `self`, those in braces one by one.
fn paths(text: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for root in ["crate::", "super::", "self::"] {
        for (at, _) in text.match_indices(root) {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let names = |s: &str| -> Vec<String> {
                let end = s.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
                let path = s[..end.unwrap_or(s.len())].split("::");
                path.filter(|p| !p.is_empty()).map(str::to_owned).collect()
            };
            let path = names(&text[at..]);
            let rest = text[at..].split_once('{').map_or("", |(head, rest)| {
                let is_list = head.ends_with("::") && names(head).join("::") + "::" == head;
                if is_list {
                    rest.split('}').next().unwrap_or_default()
                } else {
                    ""
                }
            });
            for item in rest.split(',').map(str::trim).filter(|i| !i.is_empty()) {
                paths.push([path.clone(), names(item)].concat());
            }
            paths.push(path);
        }
    }
    paths
}

#[test]
fn arrows_point_down() {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for (from, to) in arrows(&modules()) {
        let Some(top) = from.first() else { continue };
        for target in to.iter().filter(|t| t[0] != *top) {
            let may = MAY.iter().find(|(module, _)| module == top);
            let allowed = may.is_none_or(|(_, may)| may.contains(&target[0].as_str()));
            used.insert((top.clone(), target[0].clone()));
            if !allowed {
                wrong.push(format!(
                    "{} may not know {}",
                    from.join("::"),
                    target.join("::")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        used.len() > 40,
        "{} arrows: are they still found?",
        used.len()
    );
}

/// No file needs another that needs it, at whatever distance.
#[test]
fn there_is_no_circle() {
    let arrows = arrows(&modules());
    // What nobody points to any more is taken away until nothing changes; what is left is in a circle.
    let mut left: BTreeSet<&Module> = arrows.keys().collect();
    loop {
        let pointed_to: BTreeSet<&Module> = left.iter().flat_map(|m| &arrows[*m]).collect();
        let next: BTreeSet<&Module> = left.intersection(&pointed_to).copied().collect();
        if next.len() == left.len() {
            break;
        }
        left = next;
    }
    let needs = |m: &&Module| arrows[*m].iter().any(|to| left.contains(to));
    let circle: Vec<String> = left
        .iter()
        .filter(|m| needs(m))
        .map(|m| m.join("::"))
        .collect();
    assert!(
        circle.is_empty(),
        "in circles, or used by those: {}",
        circle.join(", ")
    );
}

#[test]
fn paths_are_read_as_they_are_written() {
    let text = "use crate::a::{B, c::D};\nuse super::e;\nfn f() -> crate::g::H { self::i::j() }";
    let read: Vec<String> = paths(text).iter().map(|p| p.join("::")).collect();
    for path in [
        "crate::a::B",
        "crate::a::c::D",
        "crate::g::H",
        "super::e",
        "self::i::j",
    ] {
        assert!(
            read.iter().any(|r| r == path),
            "{path} is not among {read:?}"
        );
    }
}
