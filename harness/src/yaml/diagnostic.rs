//! Errors tied to their file, and drawn with the source line. Deciding what is wrong is others' business.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::source::{Span, line_end, line_of, line_start};

/// The longest stretch of source, in bytes, that is given to the renderer.
const WINDOW: usize = 4096;

/// One error: what is wrong, where, and what would be right.
#[derive(Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub(super) file: PathBuf,
    pub(super) place: Option<(Arc<str>, Span)>,
    pub(super) title: String,
    pub(super) label: String,
    pub(super) also: Option<(Span, String)>,
    pub(super) help: Vec<String>,
}

impl Diagnostic {
    /// An error of a whole file or directory.
    pub(crate) fn of_file(file: &Path, title: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            place: None,
            title: title.into(),
            label: String::new(),
            also: None,
            help: vec![help.into()],
        }
    }

    /// The file, as the user named it.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The line, from 1; `None` if the error is not about a place in the file.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        let (text, span) = self.place.as_ref()?;
        Some(line_of(text, span.start) as u64)
    }

    /// The column, from 1, in characters.
    #[must_use]
    pub fn column(&self) -> Option<u64> {
        let (text, span) = self.place.as_ref()?;
        let line = line_start(text, span.start);
        Some(text[line..span.start].chars().count() as u64 + 1)
    }

    /// The line of the file, without its end. Session ids are cut to eight characters, the rest is stars (SES-04).
    #[must_use]
    pub fn source_line(&self) -> Option<&str> {
        let (text, span) = self.place.as_ref()?;
        Some(&text[line_start(text, span.start)..line_end(text, span.start)])
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.title
    }

    /// What stands under the place; empty if there is no place.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What would be right.
    #[must_use]
    pub fn help(&self) -> &[String] {
        &self.help
    }

    fn group(&self) -> Group<'_> {
        let mut group = Group::with_title(Level::ERROR.primary_title(self.title.as_str()));
        let path = self.file.to_string_lossy();
        let Some((text, span)) = &self.place else {
            group = group.element(Origin::path(path));
            return self.helped(group);
        };
        let also = self.also.as_ref();
        let whole = window(text, *span, also.map(|(other, _)| *other));
        let far = also.filter(|_| whole.is_none());
        let near = also.filter(|_| whole.is_some());
        let window = whole.or_else(|| window(text, *span, None));
        let cut = window.is_none();
        let window = window.unwrap_or_else(|| around(text, *span));
        let local = |span: Span| {
            let span = first_line(text, span);
            let start = span.start.clamp(window.start, window.end);
            start - window.start..span.end.clamp(start, window.end) - window.start
        };
        let mut snippet = Snippet::source(&text[window.start..window.end])
            .line_start(line_of(text, window.start))
            .annotation(
                AnnotationKind::Primary
                    .span(local(*span))
                    .label(self.label.as_str()),
            );
        if let Some((other, label)) = near {
            let context = AnnotationKind::Context.span(local(*other));
            snippet = snippet.annotation(context.label(label.as_str()));
        }
        if cut {
            // The columns of what is left of the line are not those of the line.
            let column = text[line_start(text, span.start)..span.start]
                .chars()
                .count()
                + 1;
            let line = line_of(text, span.start);
            group = group.element(Origin::path(path).line(line).char_column(column));
        } else {
            snippet = snippet.path(path);
        }
        group = group.element(snippet);
        if let Some((other, label)) = far {
            let line = line_of(text, other.start);
            group = group.element(Level::NOTE.message(format!("line {line}: {label}")));
        }
        self.helped(group)
    }

    fn helped<'g>(&'g self, mut group: Group<'g>) -> Group<'g> {
        for help in &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        group
    }
}

impl fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diagnostic")
            .field("file", &self.file)
            .field("line", &self.line())
            .field("column", &self.column())
            .field("message", &self.title)
            .finish_non_exhaustive()
    }
}

/// The part of the span that is on its first line.
fn first_line(text: &str, span: Span) -> Span {
    Span {
        start: span.start,
        end: span.end.min(line_end(text, span.start)).max(span.start),
    }
}

/// The whole lines of both places, unless that is too much to draw.
fn window(text: &str, span: Span, also: Option<Span>) -> Option<Span> {
    let other = also.unwrap_or(span);
    let start = line_start(text, span.start.min(other.start));
    let end = line_end(text, span.start.max(other.start));
    (end - start <= WINDOW).then_some(Span { start, end })
}

/// Some of a line that is too long to draw.
fn around(text: &str, span: Span) -> Span {
    let mut start = line_start(text, span.start).max(span.start.saturating_sub(40));
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = line_end(text, span.start).min(span.start + 80);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    Span { start, end }
}

/// All the errors of a file, or of a search for files. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    pub(super) list: Vec<Diagnostic>,
    pub(super) more: usize,
}

impl Diagnostics {
    /// Those errors, of which there must be one.
    pub(crate) fn of(list: Vec<Diagnostic>) -> Self {
        Self { list, more: 0 }
    }

    /// The errors of several files.
    pub(crate) fn together(all: Vec<Self>) -> Self {
        let more = all.iter().map(|diagnostics| diagnostics.more).sum();
        let list = all.into_iter().flat_map(|diagnostics| diagnostics.list);
        Self {
            list: list.collect(),
            more,
        }
    }

    /// The errors, in the order of the file. Of more than 100 the rest is counted only.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// How many errors there are, those that are not kept included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.list.len() + self.more
    }

    /// Draws them for a terminal (`colour`) or for a file.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut drawn: Vec<String> = self
            .list
            .iter()
            .map(|diagnostic| renderer.render(&[diagnostic.group()]))
            .collect();
        if self.more > 0 {
            drawn.push(format!("… and {} more errors", self.more));
        }
        drawn.join("\n\n")
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
