//! Collecting the errors of one file: what is wrong, where, and what would be right, before it is drawn.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Diagnostics};
use super::source::{Source, Span};
use super::words::drawn_ids;

/// Errors kept of one file; what comes after them is only counted.
const KEPT: usize = 100;

/// One error before it is tied to its file.
#[derive(Debug)]
pub(crate) struct Mistake {
    span: Span,
    title: String,
    label: String,
    also: Option<(Span, String)>,
    help: Vec<String>,
}

impl Mistake {
    /// An error at `span`: `title` says what is wrong, `label` stands under the place.
    pub(crate) fn new(span: Span, title: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            span,
            title: title.into(),
            label: label.into(),
            also: None,
            help: Vec::new(),
        }
    }

    /// Another place that belongs to it.
    pub(crate) fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.also = Some((span, label.into()));
        self
    }

    /// What would be right.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }
}

/// Collects the errors of one file.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    source: &'a Source,
    list: Vec<Mistake>,
    more: usize,
}

impl<'a> Report<'a> {
    /// No error of that file yet.
    pub(crate) fn new(source: &'a Source) -> Self {
        Self {
            source,
            list: Vec::new(),
            more: 0,
        }
    }

    /// Adds an error. What is wrong in an anchor is wrong once, however often the anchor is used.
    pub(crate) fn add(&mut self, finding: Mistake) {
        let known = |f: &Mistake| f.span == finding.span && f.title == finding.title;
        if self.list.iter().any(known) {
            return;
        }
        if self.list.len() == KEPT {
            self.more += 1;
        } else {
            self.list.push(finding);
        }
    }

    /// Whether something stands there for the first time. If not, both places are reported, with what is wrong and what would
    /// be right.
    pub(crate) fn is_first<'i>(
        &mut self,
        seen: &mut BTreeMap<&'i str, Span>,
        item: &'i str,
        span: Span,
        wrong: impl FnOnce() -> (String, &'static str),
    ) -> bool {
        let first = match seen.entry(item) {
            Entry::Vacant(place) => {
                place.insert(span);
                return true;
            }
            Entry::Occupied(first) => *first.get(),
        };
        let (title, help) = wrong();
        let finding = Mistake::new(span, title, "again here").also(first, "first here");
        self.add(finding.help(help));
        false
    }

    /// How many errors there are so far.
    pub(crate) fn count(&self) -> usize {
        self.list.len() + self.more
    }

    /// Whether there is no error so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of it, in the order of the file. `secrets` are blanked out of the source lines, and whatever looks like a drawn id.
    pub(crate) fn finish(mut self, secrets: &[Span]) -> Diagnostics {
        self.list.sort_by_key(|f| f.span);
        let secrets = [secrets, &drawn_ids(&self.source.text)].concat();
        let text = blanked(&self.source.text, secrets);
        let list = self.list.into_iter().map(|finding| Diagnostic {
            file: self.source.file.clone(),
            place: Some((text.clone(), finding.span)),
            title: finding.title,
            label: finding.label,
            also: finding.also,
            help: finding.help,
        });
        Diagnostics {
            list: list.collect(),
            more: self.more,
        }
    }
}

/// The text with every visible character in `secrets` drawn as stars of the same length in bytes.
fn blanked(text: &Arc<str>, mut secrets: Vec<Span>) -> Arc<str> {
    if secrets.is_empty() {
        return text.clone();
    }
    let mut out = String::with_capacity(text.len());
    secrets.sort_unstable();
    for span in secrets {
        // Two of them may overlap.
        let start = span.start.max(out.len());
        if start >= span.end {
            continue;
        }
        out.push_str(&text[out.len()..start]);
        for c in text[start..span.end].chars() {
            if c.is_whitespace() {
                out.push(c);
            } else {
                out.push_str(&"****"[..c.len_utf8()]);
            }
        }
    }
    out.push_str(&text[out.len()..]);
    out.into()
}
