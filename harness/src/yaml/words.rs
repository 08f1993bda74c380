//! Words in messages: quoting what a file says, listing what it may say, and finding the word that was meant.

use super::source::Span;

/// Lists longer than this show their nearest members only.
const LISTED: usize = 30;
/// Longer words are not compared: they are no slip of the pen.
const COMPARED: usize = 64;

/// The digits of an id that is drawn at random: of a UUID, with dashes or without.
const ID_DIGITS: usize = 32;
/// How much of such an id is shown.
const ID_SHOWN: usize = 8;

/// Where anything of the shape of a drawn id stands in a text, but for its first characters. It may be a credential, in a
/// wrong place perhaps, and no message has it whole.
pub(super) fn drawn_ids(text: &str) -> Vec<Span> {
    let is_of_id = |c: char| c.is_ascii_hexdigit() || c == '-';
    let mut ids = Vec::new();
    let mut start = 0;
    for part in text.split_inclusive(|c| !is_of_id(c)) {
        let id = part.trim_end_matches(|c| !is_of_id(c));
        if id.bytes().filter(u8::is_ascii_hexdigit).count() == ID_DIGITS {
            ids.push(Span {
                start: start + ID_SHOWN,
                end: start + id.len(),
            });
        }
        start += part.len();
    }
    ids
}

/// A word of the file in backquotes: control characters escaped, long ones cut, and drawn ids too.
pub(crate) fn quote(word: &str) -> String {
    let shown = drawn_ids(word).first().map_or(word.len(), |id| id.start);
    let mut out = String::from("`");
    for (i, (at, c)) in word.char_indices().enumerate() {
        if i == 48 || at >= shown {
            out.push('…');
            break;
        }
        if c.is_control() {
            out.extend(c.escape_debug());
        } else {
            out.push(c);
        }
    }
    out.push('`');
    out
}

/// The candidates in backquotes, joined with commas.
pub(crate) fn list<S: AsRef<str>>(candidates: &[S]) -> String {
    let quoted: Vec<String> = candidates.iter().map(|c| quote(c.as_ref())).collect();
    quoted.join(", ")
}

/// What may stand there: all of it, or of a long list the five that come nearest to `word`.
pub(crate) fn allowed<S: AsRef<str>>(word: &str, what: &str, candidates: &[S]) -> String {
    if candidates.is_empty() {
        return format!("there are no {what} here");
    }
    if let [only] = candidates {
        return format!("the only one here is {}", quote(only.as_ref()));
    }
    if candidates.len() <= LISTED {
        return format!("the {what} are {}", list(candidates));
    }
    let mut near: Vec<&str> = candidates.iter().map(AsRef::as_ref).collect();
    if word.len() <= COMPARED {
        near.sort_by_key(|c| distance(word, c));
    }
    near.truncate(5);
    format!(
        "there are {} {what}; the nearest are {}",
        candidates.len(),
        list(&near)
    )
}

/// The candidate that was probably meant.
pub(crate) fn nearest<'c, S: AsRef<str>>(word: &str, candidates: &'c [S]) -> Option<&'c str> {
    if word.len() > COMPARED {
        return None;
    }
    let (far, best) = candidates
        .iter()
        .map(|c| (distance(word, c.as_ref()), c.as_ref()))
        .min_by_key(|(far, _)| *far)?;
    (far <= (word.chars().count() / 3).max(1)).then_some(best)
}

/// Slips of the pen between two words; case, `_` for `-` and a missing `connector/` count for nothing.
fn distance(word: &str, candidate: &str) -> usize {
    let word = word.to_lowercase().replace('_', "-");
    let candidate = candidate.to_lowercase().replace('_', "-");
    let whole = strsim::damerau_levenshtein(&word, &candidate);
    match candidate.rsplit_once('/') {
        Some((_, tail)) if !word.contains('/') => {
            whole.min(strsim::damerau_levenshtein(&word, tail))
        }
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let clients = ["connector/stale-cache", "connector/spec-404", "rmcp"];
        assert_eq!(
            nearest("stale-cache", &clients),
            Some("connector/stale-cache")
        );
        assert_eq!(
            nearest("connector/spec_404", &clients),
            Some("connector/spec-404")
        );
        assert_eq!(nearest("RMCP", &clients), Some("rmcp"));
        assert_eq!(nearest("banana", &clients), None);
        assert_eq!(nearest(&"r".repeat(100_000), &clients), None);
    }

    #[test]
    fn what_is_quoted_is_short_and_visible() {
        assert_eq!(quote("a\u{1b}[31m"), "`a\\u{1b}[31m`");
        assert_eq!(quote(&"x".repeat(1000)).chars().count(), 51);
    }

    #[test]
    fn a_long_list_shows_its_nearest() {
        let many: Vec<String> = (0..90).map(|n| format!("SES-{n:02}")).collect();
        let text = allowed("ses-077", "clauses", &many);
        assert!(
            text.starts_with("there are 90 clauses; the nearest are "),
            "{text}"
        );
        assert!(text.contains("`SES-07`"), "{text}");
    }
}
