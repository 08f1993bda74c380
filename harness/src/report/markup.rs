//! Texts in markup and in links: what may come from a wire must not be taken for anything but text.

use std::fmt::Write as _;

/// A text as XML has it: what may come from a wire must not be taken for markup, and what XML cannot hold is left out.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                out.push('\u{fffd}');
            }
            // Marks that turn the direction of writing would put other texts out of order.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A text as a part of a link's fragment: what is no letter, digit, dot, hyphen or underscore is written by its bytes.
pub(super) fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                out.push(char::from(byte));
            }
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_a_wire_is_markup() {
        assert_eq!(
            escape("</script><a b=\"c\">&\u{0}\u{202e}\n"),
            "&lt;/script&gt;&lt;a b=&quot;c&quot;&gt;&amp;\u{fffd}\u{fffd} "
        );
    }

    #[test]
    fn a_part_of_a_link_has_no_separators() {
        assert_eq!(percent("a/b-1.0 é#"), "a%2Fb-1.0%20%C3%A9%23");
    }
}
