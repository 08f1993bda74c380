//! The ways in which a scenario can be smaller, as edits of the tree of its file. No verb and no key is known here but a
//! few that have a simpler form: whether what comes out is a scenario, its loading says.

use crate::yaml::duration;
use crate::yaml::write::Yaml;

/// Where a value stands: the places of its ancestors among their siblings, and its own.
type Path = Vec<usize>;

/// The lists from which whole runs of items are taken away before single ones.
const LONG_LISTS: [&str; 2] = ["steps", "inject"];
/// Numbers that mean no amount.
const NO_AMOUNT: [&str; 2] = ["port", "status"];
/// Verbs of which a plain restart is a simpler form.
const LIKE_A_RESTART: [&str; 5] = ["restart", "drain", "crash", "power-loss", "down"];
/// The dialect that is the specification to the letter.
const PLAIN_DIALECT: &str = "spec";
/// The tool that does one thing at once.
const PLAIN_TOOL: &str = "create_entities";
/// Times and numbers that are tried in place of larger ones.
const ROUND_MS: [u64; 5] = [1, 1_000, 5_000, 10_000, 60_000];
const SMALL: [u64; 3] = [0, 1, 2];

/// The smaller trees, in passes: each from the greatest step to the least.
pub(super) const PASSES: [fn(&Yaml) -> Vec<Yaml>; 4] =
    [without_runs, without_one, with_simpler, with_less];

/// Without half of a long list, a quarter, and so on down to two items.
fn without_runs(tree: &Yaml) -> Vec<Yaml> {
    let mut smaller = Vec::new();
    for key in LONG_LISTS {
        let Some((path, Yaml::Items(items))) = entry(tree, key) else {
            continue;
        };
        let mut size = items.len() / 2;
        while size > 1 {
            for from in (0..items.len()).step_by(size) {
                let mut rest = items.clone();
                rest.drain(from..(from + size).min(items.len()));
                smaller.push(replaced(tree, &path, Yaml::Items(rest)));
            }
            size /= 2;
        }
    }
    smaller
}

/// Without one item of a list or one entry of a map, the outer ones first.
fn without_one(tree: &Yaml) -> Vec<Yaml> {
    let mut paths = Vec::new();
    walk(tree, &mut Vec::new(), &mut |path, _, _| {
        paths.push(path.clone());
    });
    paths.sort_by_key(Vec::len);
    let removable = paths.iter().filter(|path| !path.is_empty());
    removable.map(|path| removed(tree, path)).collect()
}

/// With a simpler form of something in place of it.
fn with_simpler(tree: &Yaml) -> Vec<Yaml> {
    let mut smaller = Vec::new();
    walk(tree, &mut Vec::new(), &mut |path, key, value| {
        for simpler in simpler(key, value) {
            smaller.push(replaced(tree, path, simpler));
        }
    });
    smaller
}

/// With a shorter time or a smaller number.
fn with_less(tree: &Yaml) -> Vec<Yaml> {
    let mut smaller = Vec::new();
    walk(tree, &mut Vec::new(), &mut |path, key, value| match value {
        Yaml::Text(text) => {
            let Some(ms) = duration::read(text) else {
                return;
            };
            for less in ROUND_MS.into_iter().filter(|less| *less < ms) {
                let text = Yaml::text(duration::written(less));
                smaller.push(replaced(tree, path, text));
            }
        }
        Yaml::Number(number) if !NO_AMOUNT.contains(&key) => {
            for less in SMALL.into_iter().filter(|less| less < number) {
                smaller.push(replaced(tree, path, Yaml::Number(less)));
            }
        }
        _ => {}
    });
    smaller
}

/// The simpler forms of a value that stands under that key.
fn simpler(key: &str, value: &Yaml) -> Vec<Yaml> {
    let one = |key: &str, value: &str| Yaml::Map(vec![(key.to_owned(), Yaml::text(value))]);
    match (key, value) {
        ("tool", Yaml::Text(tool)) if tool != PLAIN_TOOL => vec![Yaml::text(PLAIN_TOOL)],
        ("dialect", Yaml::Text(name)) if name != PLAIN_DIALECT => vec![Yaml::text(PLAIN_DIALECT)],
        ("dialect", Yaml::Map(entries) | Yaml::Lines(entries)) => {
            let like = entries.iter().find(|(key, _)| key == "like");
            let like = like.map(|(_, name)| name.clone());
            [Yaml::text(PLAIN_DIALECT)]
                .into_iter()
                .chain(like)
                .collect()
        }
        ("then", Yaml::Map(entries)) => {
            let kinds = [
                one("drop", "now"),
                Yaml::Map(vec![("cut".to_owned(), Yaml::Number(0))]),
                one("park", "now"),
                Yaml::Map(vec![("delay".to_owned(), Yaml::text("1s"))]),
            ];
            let named = |fate: &Yaml| match fate {
                Yaml::Map(entries) => entries.first().map(|(name, _)| name.clone()),
                _ => None,
            };
            let now = entries.first().map(|(name, _)| name.clone());
            let before = kinds.into_iter().take_while(|fate| named(fate) != now);
            before.collect()
        }
        // An item of a list: a step with its verb, or a hop with its settings.
        ("", Yaml::Map(entries) | Yaml::Lines(entries)) => match &entries[..] {
            [(verb, what)] if LIKE_A_RESTART.contains(&verb.as_str()) => {
                let target = match what {
                    Yaml::Map(entries) | Yaml::Lines(entries) => {
                        let target = entries.iter().find(|(key, _)| key == "target");
                        target.map(|(_, target)| target.clone())
                    }
                    target => (verb != "restart").then(|| target.clone()),
                };
                let restart = |target| Yaml::Map(vec![("restart".to_owned(), target)]);
                target.map(restart).into_iter().collect()
            }
            [(name, Yaml::Map(_) | Yaml::Lines(_))] => vec![Yaml::text(name)],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// An entry of a map, and where it stands.
fn entry<'y>(tree: &'y Yaml, key: &str) -> Option<(Path, &'y Yaml)> {
    let (Yaml::Map(entries) | Yaml::Lines(entries)) = tree else {
        return None;
    };
    let at = entries.iter().position(|(k, _)| k == key)?;
    Some((vec![at], &entries[at].1))
}

/// Shows every value of a tree with where it stands and the key that it stands under; an item of a list has none.
fn walk(tree: &Yaml, at: &mut Path, see: &mut dyn FnMut(&Path, &str, &Yaml)) {
    fn into(
        tree: &Yaml,
        key: &str,
        at: &mut Vec<usize>,
        see: &mut dyn FnMut(&Vec<usize>, &str, &Yaml),
    ) {
        see(at, key, tree);
        match tree {
            Yaml::List(items) | Yaml::Items(items) => {
                for (n, item) in items.iter().enumerate() {
                    at.push(n);
                    into(item, "", at, see);
                    at.pop();
                }
            }
            Yaml::Map(entries) | Yaml::Lines(entries) => {
                for (n, (key, value)) in entries.iter().enumerate() {
                    at.push(n);
                    into(value, key, at, see);
                    at.pop();
                }
            }
            Yaml::Numbers(entries) => {
                for (n, (_, value)) in entries.iter().enumerate() {
                    at.push(n);
                    into(value, "", at, see);
                    at.pop();
                }
            }
            Yaml::Number(_) | Yaml::Signed(_) | Yaml::Flag(_) | Yaml::Text(_) => {}
        }
    }
    into(tree, "", at, see);
}

fn replaced(tree: &Yaml, path: &[usize], by: Yaml) -> Yaml {
    edited(tree, path, Some(by))
}

fn removed(tree: &Yaml, path: &[usize]) -> Yaml {
    edited(tree, path, None)
}

/// The tree with another value at that place, or none.
fn edited(tree: &Yaml, path: &[usize], by: Option<Yaml>) -> Yaml {
    let Some((at, rest)) = path.split_first() else {
        return by.unwrap_or_else(|| tree.clone());
    };
    let mut tree = tree.clone();
    let is_removed = rest.is_empty() && by.is_none();
    match &mut tree {
        Yaml::List(items) | Yaml::Items(items) if is_removed => {
            items.remove(*at);
        }
        Yaml::List(items) | Yaml::Items(items) => items[*at] = edited(&items[*at], rest, by),
        Yaml::Map(entries) | Yaml::Lines(entries) if is_removed => {
            entries.remove(*at);
        }
        Yaml::Map(entries) | Yaml::Lines(entries) => {
            entries[*at].1 = edited(&entries[*at].1, rest, by);
        }
        Yaml::Numbers(entries) if is_removed => {
            entries.remove(*at);
        }
        Yaml::Numbers(entries) => entries[*at].1 = edited(&entries[*at].1, rest, by),
        Yaml::Number(_) | Yaml::Signed(_) | Yaml::Flag(_) | Yaml::Text(_) => {}
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Yaml {
        let step = |verb: &str, on: &str| Yaml::Map(vec![(verb.to_owned(), Yaml::text(on))]);
        let steps = vec![
            step("add", "memory"),
            step("wait", "20s"),
            step("crash", "memory"),
        ];
        Yaml::Lines(vec![
            ("summary".to_owned(), Yaml::text("It breaks.")),
            ("path".to_owned(), Yaml::texts(&["nginx"])),
            ("steps".to_owned(), Yaml::Items(steps)),
        ])
    }

    #[test]
    fn every_value_is_taken_away_once() {
        let smaller = without_one(&tree());
        // Three entries, an item of the path, three steps and what stands in each.
        assert_eq!(smaller.len(), 10);
        assert!(smaller.iter().all(|tree_| *tree_ != tree()));
        let Yaml::Lines(first) = &smaller[0] else {
            panic!("a map stays a map")
        };
        assert_eq!(first.len(), 2, "the outer ones come first");
    }

    #[test]
    fn what_is_simpler_ends_somewhere() {
        let mut tree = tree();
        for pass in PASSES.iter().skip(2) {
            let mut steps = 0;
            while let Some(smaller) = pass(&tree).into_iter().next() {
                tree = smaller;
                steps += 1;
                assert!(steps < 50, "{}", tree.document());
            }
        }
        let text = tree.document();
        assert!(text.contains("restart: memory"), "{text}");
        assert!(text.contains("wait: 1ms"), "{text}");
    }
}
