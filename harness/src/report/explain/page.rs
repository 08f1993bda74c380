//! A page of plain text: a title, labelled fields, lists, a table. No colours, and no knowledge of the terminal.

use std::fmt::Write as _;

/// The columns of a page.
pub(super) const WIDTH: usize = 96;
/// The columns of the labels.
const LABEL: usize = 12;

/// A page that is being written.
pub(super) struct Page(String);

impl Page {
    /// A page with that title.
    pub(super) fn new(name: &str, kind: &str) -> Self {
        let mut page = Self(String::new());
        page.wrapped("", 2, &format!("{name}: {kind}"));
        page.0.push('\n');
        page
    }

    /// A labelled paragraph.
    pub(super) fn field(&mut self, label: &str, text: &str) {
        self.wrapped(&format!("{label:LABEL$}"), LABEL, text);
    }

    /// Labelled paragraphs, one below the other; nothing if there are none.
    pub(super) fn list(&mut self, label: &str, items: impl IntoIterator<Item = String>) {
        for (n, item) in items.into_iter().enumerate() {
            let label = if n == 0 { label } else { "" };
            self.wrapped(&format!("{label:LABEL$}"), LABEL + 2, &item);
        }
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.0.push('\n');
    }

    /// A table: the columns as wide as they must be, the heads on top. Those in `right` stand at the right.
    pub(super) fn table<const N: usize>(
        &mut self,
        heads: [&str; N],
        right: [bool; N],
        rows: &[[String; N]],
    ) {
        let mut widths = heads.map(|h| h.chars().count());
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in std::iter::once(&heads.map(str::to_owned)).chain(rows) {
            let mut line = String::new();
            for ((cell, width), right) in row.iter().zip(widths).zip(right) {
                // Writing to a string cannot fail.
                let _ = if right {
                    write!(line, "  {cell:>width$}")
                } else {
                    write!(line, "  {cell:<width$}")
                };
            }
            self.0.push_str(line.trim_end());
            self.0.push('\n');
        }
    }

    /// The page, each line ended.
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// Writes `first` and the text, broken between words at [`WIDTH`], further lines indented by `indent`.
    fn wrapped(&mut self, first: &str, indent: usize, text: &str) {
        let mut line = first.to_owned();
        let mut is_empty = true;
        for word in text.split_whitespace() {
            let space = usize::from(!is_empty);
            if !is_empty && line.chars().count() + space + word.chars().count() > WIDTH {
                self.0.push_str(line.trim_end());
                self.0.push('\n');
                line = " ".repeat(indent);
            } else if !is_empty {
                line.push(' ');
            }
            line.push_str(word);
            is_empty = false;
        }
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_broken_between_words_and_loses_none() {
        let text = "word ".repeat(60);
        let mut page = Page::new("name", "a kind");
        page.field("Says", &text);
        let page = page.finish();
        assert!(page.lines().all(|l| l.chars().count() <= WIDTH));
        assert_eq!(page.matches("word").count(), 60);
        assert!(page.starts_with("name: a kind\n\nSays        word word"));
        let last = page.lines().last().unwrap_or_default();
        assert!(last.starts_with("            word"), "{last:?}");
    }

    #[test]
    fn a_word_that_is_too_long_stays_whole() {
        let word = "x".repeat(WIDTH);
        let mut page = Page::new("name", "a kind");
        page.list("Seen in", [word.clone(), "next".to_owned()]);
        let expected = format!("name: a kind\n\nSeen in     {word}\n            next\n");
        assert_eq!(page.finish(), expected);
    }

    #[test]
    fn a_table_is_aligned() {
        let row = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
        let mut page = Page::new("name", "a kind");
        page.table(
            ["what", "n"],
            [false, true],
            &[row("x", "105"), row("long one", "")],
        );
        let expected = "name: a kind\n\n  what        n\n  x         105\n  long one\n";
        assert_eq!(page.finish(), expected);
    }
}
