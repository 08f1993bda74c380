//! Maps with exactly one key out of several, such as a step and its verb. Which
//! keys there are, is said where the form is.

use super::decode::{mismatch, unknown};
use super::report::{Mistake, Report};
use super::tree::{Kind, Node};
use super::words::{list, nearest, quote};

/// What may be chosen from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    /// The whole, e.g. "a step".
    pub(crate) what: &'static str,
    /// The key, e.g. "verb".
    pub(crate) noun: &'static str,
    /// The keys, each with an example of the whole.
    pub(crate) keys: &'static [(&'static str, &'static str)],
}

impl Choice {
    fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|(key, _)| *key).collect()
    }

    fn example(&self, name: &str) -> Option<&'static str> {
        let found = self.keys.iter().find(|(key, _)| *key == name);
        found.map(|(_, example)| *example)
    }

    fn help(&self) -> String {
        format!("the {}s are {}", self.noun, list(&self.names()))
    }

    /// The one key and its value; anything else is reported.
    pub(crate) fn entry<'n>(
        &self,
        node: &'n Node,
        report: &mut Report<'_>,
    ) -> Option<(&'static str, &'n Node)> {
        let (what, noun, names) = (self.what, self.noun, self.names());
        let Kind::Map(entries) = &node.kind else {
            let finding = mismatch(node, &format!("a map with one {noun}"));
            let example = match &node.kind {
                Kind::Text(text) => self
                    .example(text)
                    .or_else(|| self.example(nearest(text, &names)?)),
                _ => None,
            };
            report.add(
                finding.help(
                    example.map_or_else(|| self.help(), |example| format!("write `{example}`")),
                ),
            );
            return None;
        };
        let Some((key, value)) = entries.first() else {
            let finding = Mistake::new(
                node.span,
                format!("{what} is empty"),
                format!("one {noun} must stand here"),
            );
            report.add(finding.help(self.help()));
            return None;
        };
        let (Kind::Text(name) | Kind::Number(name)) = &key.kind else {
            report.add(mismatch(key, &format!("a {noun}")).help(self.help()));
            return None;
        };
        if let Some((other, _)) = entries.get(1) {
            let foreign =
                !matches!(&other.kind, Kind::Text(text) if names.contains(&text.as_str()));
            let help = match self.example(name) {
                Some(example) if foreign => format!(
                    "what belongs to {} is indented under it or stands in braces: `{example}`",
                    quote(name)
                ),
                _ => format!("keep one, and give each other {noun} an entry of its own"),
            };
            report.add(
                Mistake::new(
                    other.span,
                    format!("{what} has one {noun}, here are {}", entries.len()),
                    "one too many",
                )
                .also(key.span, "the first")
                .help(help),
            );
            return None;
        }
        let Some(known) = names.iter().find(|known| *known == name) else {
            report.add(unknown(key.span, &format!("{noun}s"), name, &names));
            return None;
        };
        if matches!(value.kind, Kind::Null) {
            let title = format!("{} has no value", quote(known));
            let finding = Mistake::new(key.span, title, "something must follow");
            report.add(finding.help(format!("write `{}`", self.example(known).unwrap_or(known))));
            return None;
        }
        Some((known, value))
    }
}
