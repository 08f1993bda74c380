//! Links lead to files and headings that are there.

use std::path::Path;

use super::{PAGES, path, read};

/// The anchor that a heading gets on the common hosts of repositories.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let text: String = heading.chars().filter(kept).collect();
    text.trim().to_lowercase().replace(' ', "-")
}

fn anchors(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).expect("UTF-8");
    let mut in_block = false;
    let mut anchors = Vec::new();
    for line in text.lines() {
        in_block ^= line.starts_with("```");
        if !in_block && line.starts_with('#') {
            anchors.push(anchor(line.trim_start_matches('#')));
        }
    }
    anchors
}

/// The targets of a page's links and pictures.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let rest = text.split("](").skip(1);
    rest.map(|rest| rest.split(')').next().unwrap_or(""))
}

#[test]
fn links_lead_somewhere() {
    let mut followed = 0;
    for page in PAGES {
        let text = read(page);
        for target in targets(&text).filter(|t| !t.starts_with("https://")) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let folder = path(page);
            let folder = folder.parent().expect("a folder");
            let file = if file.is_empty() {
                path(page)
            } else {
                folder.join(file)
            };
            assert!(file.exists(), "{page}: {target}");
            if !heading.is_empty() {
                let there = anchors(&file);
                assert!(
                    there.iter().any(|a| a == heading),
                    "{page}: {target}: {there:?}"
                );
            }
            followed += 1;
        }
    }
    assert!(followed > 10, "{followed} links");
}
