//! The text at a message, in parts: what is drawn as a badge of its own is told from what is only read.

/// A part of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text.
    Text(String),
    /// Text of less weight: the name of the exchange.
    Faint(String),
    /// A session by its number, as S1.
    Session(usize),
    /// That a request carries no session.
    NoSession,
    /// A status code.
    Status(u16),
}

/// The parts of a row's text. `name` stands at its beginning, before a space; after that the status, of a response.
pub(super) fn parts(text: &str, status: Option<u16>) -> Vec<Part> {
    let (name, mut rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut parts = vec![Part::Faint(name.to_owned())];
    if let Some(status) = status {
        let digits = status.to_string();
        if let Some((before, after)) = rest.split_once(&digits) {
            push(&mut parts, before);
            parts.push(Part::Status(status));
            rest = after;
        }
    }
    while let Some((before, badge, after)) = next_badge(rest) {
        push(&mut parts, before);
        parts.push(badge);
        rest = after;
    }
    push(&mut parts, rest);
    parts
}

/// A label in a line.
pub(super) fn plain(label: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) | Part::Faint(text) => text.clone(),
        Part::Session(n) => format!("[S{n}]"),
        Part::NoSession => "[no session]".to_owned(),
        Part::Status(status) => status.to_string(),
    };
    label.iter().map(part).collect::<Vec<_>>().join(" ")
}

fn push(parts: &mut Vec<Part>, text: &str) {
    let text = text.trim().trim_start_matches(", ");
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}

/// The first session in brackets, with what stands before and after it.
fn next_badge(text: &str) -> Option<(&str, Part, &str)> {
    for (at, _) in text.match_indices('[') {
        let Some((inside, after)) = text[at + 1..].split_once(']') else {
            continue;
        };
        let number = inside.strip_prefix('S').and_then(|n| n.parse().ok());
        let part = match number {
            Some(number) => Part::Session(number),
            None if inside == "no session" => Part::NoSession,
            None => continue,
        };
        return Some((&text[..at], part, after));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Part {
        Part::Text(text.to_owned())
    }

    #[test]
    fn badges_are_told_from_text() {
        let faint = |name: &str| Part::Faint(name.to_owned());
        assert_eq!(
            parts("r12 POST tools/call [S1] for call 3", None),
            [
                faint("r12"),
                text("POST tools/call"),
                Part::Session(1),
                text("for call 3")
            ]
        );
        assert_eq!(
            parts("r1 POST initialize [no session]", None),
            [faint("r1"), text("POST initialize"), Part::NoSession]
        );
        assert_eq!(
            parts("r2 400 105 bytes, error -1 \"a [b] [S]\"", Some(400)),
            [
                faint("r2"),
                Part::Status(400),
                text("105 bytes, error -1 \"a [b] [S]\"")
            ]
        );
        assert_eq!(
            parts("c1.0 nginx sends 202", Some(202)),
            [faint("c1.0"), text("nginx sends"), Part::Status(202)]
        );
    }
}
