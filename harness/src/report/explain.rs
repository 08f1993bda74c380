//! What `stalemate explain` says of a word: an invariant, a rung, an outcome, a client, a dialect, a failure mode or a
//! clause. Plain text from the tables where these are defined; what they mean in one run is not here.

mod dialect;
mod outcome;
mod page;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::clause::{self, Clause};
use crate::failure_mode::{self, FailureMode};
use crate::invariant::{self, Invariant, Party, Severity};
use crate::journal::Rung;
use crate::server::Dialect;

use self::page::Page;

/// The most words that are offered in place of an unknown one.
const NEAREST: usize = 5;
/// The least likeness (Jaro-Winkler, 0 to 1) of a word that is offered.
const ALIKE: f64 = 0.75;

/// A client, for whoever asks what it is.
#[derive(Clone, Debug)]
pub struct ClientTopic {
    /// Its name.
    pub name: String,
    /// A sentence on it.
    pub summary: String,
    /// The knobs in which it differs from the right client, with their values; nothing of what is no model.
    pub differs: Vec<String>,
}

/// What there is to say of a word of scenario files.
#[derive(Clone, Debug)]
pub struct KeyTopic {
    /// What kind of word it is: "step of a scenario" and the like.
    pub kind: &'static str,
    /// The word.
    pub name: String,
    /// What it says.
    pub says: String,
    /// In which maps it stands.
    pub within: Vec<String>,
    /// The keys of the map that it can have as its value.
    pub keys: Vec<String>,
}

/// Everything that can be explained, in the order in which it is listed and looked up: what kind of thing it is, its name,
/// and a line on it. `clients` are what is known of them, `keys` the words of scenario files; of `dialects` those that are listed count.
#[must_use]
pub fn topics(
    clients: &[ClientTopic],
    keys: &[KeyTopic],
    dialects: &[Arc<Dialect>],
) -> Vec<(&'static str, String, String)> {
    let entry = |kind, name: &str, line: &str| (kind, name.to_owned(), line.to_owned());
    let mut topics = Vec::new();
    topics.extend(
        invariant::ALL
            .iter()
            .map(|i| entry("invariant", i.id, i.demands)),
    );
    topics.extend(Rung::ALL.map(|r| entry("rung", r.as_str(), user_does(r))));
    topics.extend(outcome::ALL.map(|o| entry("outcome", o.as_str(), outcome::means(o))));
    topics.extend(
        clients
            .iter()
            .map(|client| entry("client", &client.name, &client.summary)),
    );
    topics.extend(keys.iter().map(|key| entry(key.kind, &key.name, &key.says)));
    let dialects = dialects.iter().filter(|dialect| dialect.is_listed());
    topics.extend(dialects.map(|d| entry("dialect", &d.name, &d.summary)));
    topics.extend(
        failure_mode::ALL
            .iter()
            .map(|m| entry("failure mode", m.id, m.name)),
    );
    topics.extend(clause::ALL.iter().map(|c| entry("clause", c.id, c.says)));
    topics
}

/// What there is to say of `topic`, in capitals or not, as plain text of at most 96 columns with every line ended. A word
/// that names several things is explained as each. The rest is as with [`topics`].
///
/// # Errors
/// The names that are most like an unknown topic, the likeliest first; at most 5, and none if nothing is like it.
pub fn explain(
    topic: &str,
    clients: &[ClientTopic],
    keys: &[KeyTopic],
    dialects: &[Arc<Dialect>],
) -> Result<String, Vec<String>> {
    let wanted = topic.trim().to_lowercase();
    let is = |name: &str| name.to_lowercase() == wanted;
    let mut pages = Vec::new();
    pages.extend(invariant::ALL.iter().filter(|i| is(i.id)).map(of_invariant));
    pages.extend(
        Rung::ALL
            .into_iter()
            .filter(|r| is(r.as_str()))
            .map(of_rung),
    );
    let outcomes = outcome::ALL.into_iter().filter(|o| is(o.as_str()));
    pages.extend(outcomes.map(outcome::page));
    pages.extend(clients.iter().filter(|c| is(&c.name)).map(of_client));
    pages.extend(keys.iter().filter(|key| is(&key.name)).map(of_key));
    // Those that are wrong on purpose are explained, though no list names them.
    let named = dialects.iter().filter(|dialect| is(&dialect.name));
    pages.extend(named.map(|d| dialect::page(d)));
    pages.extend(
        failure_mode::ALL
            .iter()
            .filter(|m| is(m.id))
            .map(of_failure_mode),
    );
    pages.extend(clause::ALL.iter().filter(|c| is(c.id)).map(of_clause));
    if pages.is_empty() {
        Err(nearest(&wanted, clients, keys, dialects))
    } else {
        Ok(pages.join("\n"))
    }
}

fn nearest(
    wanted: &str,
    clients: &[ClientTopic],
    keys: &[KeyTopic],
    dialects: &[Arc<Dialect>],
) -> Vec<String> {
    let mut scored: Vec<(f64, String)> = topics(clients, keys, dialects)
        .into_iter()
        .map(|(_, name, _)| {
            let lower = name.to_lowercase();
            // A piece of a name, such as "recovering", is a better hint than any likeness of letters.
            let is_piece = wanted.len() > 2 && lower.contains(wanted);
            let score = strsim::jaro_winkler(wanted, &lower);
            (if is_piece { score + 1.0 } else { score }, name)
        })
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.truncate(NEAREST);
    scored.into_iter().map(|(_, name)| name).collect()
}

fn party(party: Party) -> &'static str {
    match party {
        Party::Client => "the client",
        Party::Application => "the application around the client",
        Party::Server => "each server",
        Party::Hop => "each hop",
    }
}

fn of_invariant(invariant: &Invariant) -> String {
    let mut page = Page::new(invariant.id, "an invariant");
    let severity = match invariant.severity {
        Severity::Must => "MUST: a violation fails",
        Severity::Should => "SHOULD: a violation warns",
        Severity::Policy => "policy, this project's own demand: a violation fails",
    };
    page.field("Judges", party(invariant.party));
    page.field("Severity", severity);
    page.field("Demands", invariant.demands);
    page.field("Forbids", invariant.forbids);
    let clauses = invariant.clauses.iter().map(|id| match clause::get(id) {
        Some(c) => format!("{} ({}, {}): {}", c.id, c.level, c.actor, c.says),
        None if *id == "policy" => {
            "policy: where the specification is silent, this project demands it".to_owned()
        }
        None => (*id).to_owned(),
    });
    page.list("Rests on", clauses);
    page.finish()
}

fn of_clause(clause: &Clause) -> String {
    let mut page = Page::new(clause.id, "a clause of the specification, in our words");
    page.field("Says", clause.says);
    page.field("Level", clause.level.as_str());
    page.field("Binds", clause.actor.as_str());
    page.field("Revisions", &clause.revisions.join(", "));
    page.field("Source", clause.source);
    let mut resting = invariant::ALL
        .iter()
        .filter(|i| i.clauses.contains(&clause.id))
        .map(|i| format!("{}: {}", i.id, i.demands))
        .peekable();
    if resting.peek().is_none() {
        page.field("Invariants", "none rests on it");
    }
    page.list("Invariants", resting);
    page.finish()
}

fn of_failure_mode(mode: &FailureMode) -> String {
    let mut page = Page::new(mode.id, &format!("a failure mode, {}", mode.name));
    page.field("What", mode.what);
    let threads = mode.seen_in.iter().map(|thread| (*thread).to_owned());
    page.list("Seen in", threads);
    let catching = mode.caught_by.iter().map(|id| (*id).to_owned());
    page.list("Caught by", catching);
    page.finish()
}

fn of_client(client: &ClientTopic) -> String {
    let name = &client.name;
    let mut page = Page::new(name, "a client under test");
    page.field("What", &client.summary);
    page.list("Differs", client.differs.iter().cloned());
    page.field("Alone", &format!("stalemate run --client {name}"));
    page.finish()
}

fn of_key(key: &KeyTopic) -> String {
    let mut page = Page::new(&key.name, &format!("a {}", key.kind));
    page.field("Says", &key.says);
    page.list("In", key.within.iter().cloned());
    if !key.keys.is_empty() {
        page.field("Keys", &key.keys.join(", "));
    }
    page.finish()
}

fn user_does(rung: Rung) -> &'static str {
    match rung {
        Rung::Transparent => {
            "nothing: no call failed that was under way when the last fault began, or that began after it; those made while \
             something was down do not count"
        }
        Rung::Retry => "waits 30 s and makes the same call again, where it was made",
        Rung::NewConversation => "starts another conversation and leaves all else as it is",
        Rung::Reconnect => {
            "disconnects the connector (for at most 10 s), reloads the page, and connects it"
        }
        Rung::ReAdd => "deletes the connector and adds it anew, which connects it",
        Rung::Incognito => {
            "opens a private window on the same account: no local state, the account's own stays"
        }
        Rung::Never => {
            "has tried it all, and nothing helped, although the server side answers a newcomer"
        }
    }
}

/// The same for a program around a bare SDK, where it is not the same.
fn program_does(rung: Rung) -> Option<&'static str> {
    match rung {
        Rung::NewConversation | Rung::Incognito => Some("does not apply: there is no application"),
        Rung::Reconnect => Some("disconnects and connects the same object"),
        Rung::ReAdd => Some("throws the object away and makes a new one"),
        Rung::Transparent | Rung::Retry | Rung::Never => None,
    }
}

fn of_rung(rung: Rung) -> String {
    let mut page = Page::new(rung.as_str(), "a rung of the recovery ladder");
    page.field("The user", user_does(rung));
    if let Some(program) = program_does(rung) {
        page.field("Bare SDK", program);
    }
    if rung != Rung::Never {
        page.field(
            "Works when",
            "a write, a read and a write, 5 s apart, are all ok; a cached tool list or one lucky answer is not enough",
        );
    }
    let ladder = Rung::ALL.map(|r| {
        if r == rung {
            format!("[{}]", r.as_str())
        } else {
            r.as_str().to_owned()
        }
    });
    page.field("Ladder", &ladder.join(" > "));
    page.finish()
}
