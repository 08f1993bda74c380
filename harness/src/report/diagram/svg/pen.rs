//! What an SVG is written with: escaped text of a known width, shapes and groups. A text is never wider than it is said to
//! be: its length is given to the reader's program, whatever font that has.

use std::fmt::Write as _;

use crate::report::markup::escape;

/// The width of a character of monospaced text, in pixels.
pub(super) const MONO: usize = 7;
/// The width that a character of other text has at the most on average, in pixels.
pub(super) const SANS: usize = 7;

/// An SVG that is being written.
#[derive(Default)]
pub(super) struct Pen {
    pub(super) out: String,
}

impl Pen {
    /// Markup, as it stands.
    pub(super) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// Begins a group whose top is there, with a title, which readers show at the pointer and read out.
    pub(super) fn group(&mut self, class: &str, data: &str, y: usize, title: &str) {
        let _ = writeln!(
            self.out,
            "<g class=\"{class}\" {data} transform=\"translate(0 {y})\"><title>{}</title>",
            escape(title)
        );
    }

    /// Ends a group.
    pub(super) fn end(&mut self) {
        self.out.push_str("</g>\n");
    }

    pub(super) fn line(&mut self, class: &str, from: (usize, usize), to: (usize, usize)) {
        let _ = writeln!(
            self.out,
            "<line class=\"{class}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
            from.0, from.1, to.0, to.1
        );
    }

    /// A rectangle with round corners of that radius.
    pub(super) fn rect(&mut self, class: &str, at: (usize, usize), size: (usize, usize), r: usize) {
        let _ = write!(
            self.out,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            at.0, at.1, size.0, size.1
        );
        if r > 0 {
            let _ = write!(self.out, " rx=\"{r}\"");
        }
        self.out.push_str("/>\n");
    }

    /// A path by its commands.
    pub(super) fn path(&mut self, class: &str, commands: &str) {
        let _ = writeln!(self.out, "<path class=\"{class}\" d=\"{commands}\"/>");
    }

    /// Text from there on, or up to there if the class is `e`, or around it if it is `c`.
    pub(super) fn text(&mut self, class: &str, anchor: Anchor, at: (usize, usize), text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let _ = writeln!(
            self.out,
            "<text class=\"{class}\" x=\"{}\" y=\"{}\"{anchor}>{}</text>",
            at.0,
            at.1,
            escape(text)
        );
    }

    /// Monospaced text from there on, exactly as wide as [`MONO`] says.
    pub(super) fn mono(&mut self, class: &str, at: (usize, usize), text: &str) {
        let _ = writeln!(
            self.out,
            "<text class=\"m {class}\" x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>",
            at.0,
            at.1,
            width(text, MONO),
            escape(text)
        );
    }
}

/// Which end of a text is where it is put.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How wide a text is, in pixels.
pub(super) fn width(text: &str, of_one: usize) -> usize {
    text.chars().count() * of_one
}

/// A text that is at most so wide, in pixels: its end is left out where it is longer.
pub(super) fn fit(text: &str, of_one: usize, room: usize) -> String {
    let most = room / of_one;
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// A text in lines that are at most so wide; the last one is shortened where there are more than `most`.
pub(super) fn lines(text: &str, of_one: usize, room: usize, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let count = lines.len();
        let line = lines.last_mut().expect("there is one");
        let longer = if line.is_empty() {
            word.to_owned()
        } else {
            format!("{line} {word}")
        };
        if width(&longer, of_one) <= room || line.is_empty() {
            *line = longer;
        } else if count < most {
            lines.push(word.to_owned());
        } else {
            let rest: Vec<&str> = words.by_ref().collect();
            *line = format!("{longer} {}", rest.join(" "));
        }
    }
    lines.iter().map(|line| fit(line, of_one, room)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_no_wider_than_their_room() {
        assert_eq!(fit("abcdef", 7, 42), "abcdef");
        assert_eq!(fit("abcdef", 7, 41), "abcd…");
        assert_eq!(fit("ab cdef", 7, 28), "ab…");
        assert_eq!(fit("abc", 7, 0), "…");
        assert_eq!(lines("one two three four", 1, 7, 2), ["one two", "three…"]);
        assert_eq!(lines("unbreakable", 1, 4, 2), ["unb…"]);
    }
}
