//! What every server of a simulated network offers besides its tools, the real ones too: resources to read, and a prompt to
//! fill in and to complete. How a request for one is worded and answered is the server's business.

use serde_json::{Value, json};

use super::store::Store;
use super::tool::{Graph, pretty};

/// The resources of every server of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// The whole graph, by its short name.
    Graph,
    /// The same, by the name that the memory server publishes it under.
    KnowledgeGraph,
}

impl Resource {
    /// Every resource there is.
    pub const ALL: [Self; 2] = [Self::Graph, Self::KnowledgeGraph];

    /// The URI.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Graph => "memory://graph",
            Self::KnowledgeGraph => "memory://knowledge-graph",
        }
    }

    /// The resource of that URI.
    #[must_use]
    pub fn of(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == uri)
    }
}

/// The prompts of every server of a scenario. Each takes one argument, [`Prompt::ARGUMENT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prompt {
    /// What the graph says of a topic is to be summarized.
    Summarize,
}

impl Prompt {
    /// Every prompt there is.
    pub const ALL: [Self; 1] = [Self::Summarize];
    /// The name of its argument.
    pub const ARGUMENT: &'static str = "topic";

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Summarize => "summarize",
        }
    }

    /// The prompt of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// What a resource says.
#[must_use]
pub fn read(store: &Store, _: Resource) -> String {
    pretty(&Graph::of(store.snapshot()))
}

/// A prompt, filled in.
#[must_use]
pub fn fill_in(store: &Store, prompt: Prompt, topic: &str) -> String {
    match prompt {
        Prompt::Summarize => format!(
            "Summarize what the graph says of {topic}:\n{}",
            pretty(&Graph::of(store.search(topic)))
        ),
    }
}

/// How an argument of a prompt can go on: the names in the graph that begin so, at most 100 of them.
#[must_use]
pub fn completions(store: &Store, begun: &str) -> Vec<String> {
    let names = store.snapshot().into_iter().map(|entity| entity.name);
    names
        .filter(|name| name.starts_with(begun))
        .take(100)
        .collect()
}

/// The result of `prompts/get`.
pub(super) fn prompt_result(store: &Store, prompt: Prompt, topic: &str) -> String {
    let text = json!(fill_in(store, prompt, topic));
    format!(r#"{{"messages":[{{"role":"user","content":{{"type":"text","text":{text}}}}}]}}"#)
}

/// The result of `completion/complete`.
pub(super) fn completion_result(store: &Store, begun: &str) -> String {
    let values = completions(store, begun);
    let total = values.len();
    format!(
        r#"{{"completion":{{"values":{},"total":{total},"hasMore":false}}}}"#,
        json!(values)
    )
}

/// The result of `prompts/list`.
pub(super) fn prompt_list() -> String {
    let prompts = Prompt::ALL.map(|prompt| {
        json!({"name": prompt.as_str(), "arguments": [{"name": Prompt::ARGUMENT, "required": true}]})
    });
    format!(r#"{{"prompts":{}}}"#, Value::from(prompts.to_vec()))
}
