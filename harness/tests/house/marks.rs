//! The table of arms, which says why no scenario takes some, names none that is not marked in the code.

use stalemate::arms;

use crate::texts::texts;

const TABLE: &str = "harness/src/arms.rs";

#[test]
fn every_arm_of_the_table_is_in_the_code() {
    let texts = texts(&["rs"]);
    let is_source = |path: &str| path != TABLE && !path.contains("/tests/");
    let sources: Vec<_> = texts.iter().filter(|t| is_source(&t.path)).collect();
    let is_marked = |name: &str| {
        let quoted = format!("\"{name}\"");
        sources.iter().any(|t| t.text.contains(&quoted))
    };
    let gone: Vec<_> = arms::all()
        .into_iter()
        .filter(|(_, name)| !is_marked(name))
        .collect();
    assert!(gone.is_empty(), "marked nowhere: {gone:?}");
}
