//! Logical names, given in the order of first sight: S1 for sessions, r1 for exchanges. Real values stay out of what is
//! shown; session ids are credentials.

use std::collections::BTreeMap;

use crate::journal::Exchange;

/// The names given so far.
#[derive(Debug, Default)]
pub struct Names {
    sessions: BTreeMap<String, usize>,
    exchanges: BTreeMap<Exchange, usize>,
}

impl Names {
    /// The name of a session id.
    pub fn session(&mut self, id: &str) -> String {
        let next = self.sessions.len() + 1;
        format!("S{}", self.sessions.entry(id.to_owned()).or_insert(next))
    }

    /// The number in the name of a session id, if it has one.
    pub(super) fn number(&self, id: &str) -> Option<usize> {
        self.sessions.get(id).copied()
    }

    /// The name of an exchange.
    pub fn exchange(&mut self, exchange: Exchange) -> String {
        let next = self.exchanges.len() + 1;
        format!("r{}", self.exchanges.entry(exchange).or_insert(next))
    }

    /// A text in which every known session id is replaced by its name.
    #[must_use]
    pub fn without_ids(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (id, n) in &self.sessions {
            text = text.replace(id.as_str(), &format!("S{n}"));
        }
        text
    }
}

/// A span of virtual time: `7 ms`, `1.003 s`, `29 min 59.997 s`.
#[must_use]
pub fn span(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{:03} s", ms / 1000, ms % 1000),
        60_000..3_600_000 => format!(
            "{} min {:02}.{:03} s",
            ms / 60_000,
            ms / 1000 % 60,
            ms % 1000
        ),
        _ => format!(
            "{} h {:02} min {:02}.{:03} s",
            ms / 3_600_000,
            ms / 60_000 % 60,
            ms / 1000 % 60,
            ms % 1000
        ),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn spans_read_well() {
        let spans = [7, 1_003, 1_799_997, 86_400_000].map(super::span);
        assert_eq!(
            spans,
            ["7 ms", "1.003 s", "29 min 59.997 s", "24 h 00 min 00.000 s"]
        );
    }
}
