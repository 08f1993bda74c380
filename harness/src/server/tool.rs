//! The tools that every server of a simulated network has, the real ones too: what they write and what they return. How
//! a call of one is asked for and answered is the server's business.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::schema::{self, Shape};
use super::store::{Entity, Store};

/// The tools of every server of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    /// The memory server's write.
    CreateEntities,
    /// The memory server's search.
    SearchNodes,
    /// The memory server's whole graph.
    ReadGraph,
    /// A write that commits at once and answers after a given time.
    Slow,
}

impl Tool {
    /// Every tool there is.
    pub const ALL: [Self; 4] = [
        Self::CreateEntities,
        Self::SearchNodes,
        Self::ReadGraph,
        Self::Slow,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateEntities => "create_entities",
            Self::SearchNodes => "search_nodes",
            Self::ReadGraph => "read_graph",
            Self::Slow => "slow",
        }
    }
}

/// Which of the tools a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tools([bool; Tool::ALL.len()]);

impl Tools {
    /// Every tool there is.
    pub const ALL: Self = Self([true; Tool::ALL.len()]);

    /// Whether that one is among them.
    #[must_use]
    pub fn has(self, tool: Tool) -> bool {
        self.0[tool as usize]
    }

    /// Those among them, in the order in which they are listed.
    pub fn iter(self) -> impl Iterator<Item = Tool> {
        Tool::ALL.into_iter().filter(move |tool| self.has(*tool))
    }

    /// Their names, in that order.
    #[must_use]
    pub fn names(self) -> Vec<String> {
        self.iter().map(|tool| tool.as_str().to_owned()).collect()
    }
}

impl FromIterator<Tool> for Tools {
    fn from_iter<I: IntoIterator<Item = Tool>>(tools: I) -> Self {
        let mut all = Self([false; Tool::ALL.len()]);
        tools
            .into_iter()
            .for_each(|tool| all.0[tool as usize] = true);
        all
    }
}

const CREATE_ENTITIES: Shape = Shape::Object(&[(
    "entities",
    Shape::Array(&Shape::Object(&[
        ("name", Shape::Text),
        ("entityType", Shape::Text),
        ("observations", Shape::Array(&Shape::Text)),
    ])),
)]);
const SEARCH_NODES: Shape = Shape::Object(&[("query", Shape::Text)]);
const READ_GRAPH: Shape = Shape::Object(&[]);
const SLOW: Shape = Shape::Object(&[("name", Shape::Text), ("ms", Shape::Number)]);

/// What a tool did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Whether it is one that writes. What it writes is in the store by then, also if that changed nothing.
    pub wrote: bool,
    /// When it answers, in milliseconds from its beginning.
    pub after_ms: u64,
    /// Its result as text.
    pub text: String,
    /// Its result as JSON.
    pub structured: String,
}

/// Runs a tool.
///
/// # Errors
/// The message of the tool error: there is no such tool, or its arguments are of the wrong types.
pub fn run(store: &Store, tool: &str, arguments: &Value) -> Result<Done, String> {
    let Some(known) = Tool::ALL.into_iter().find(|t| t.as_str() == tool) else {
        return Err(unknown(tool));
    };
    let shape = match known {
        Tool::CreateEntities => CREATE_ENTITIES,
        Tool::SearchNodes => SEARCH_NODES,
        Tool::ReadGraph => READ_GRAPH,
        Tool::Slow => SLOW,
    };
    let issues = shape.issues(Some(arguments), &[]);
    if !issues.is_empty() {
        return Err(format!(
            "Input validation error: Invalid arguments for tool {tool}: {}",
            schema::text(&issues)
        ));
    }
    let text = |member: &str| arguments[member].as_str().unwrap_or_default();
    Ok(match known {
        Tool::CreateEntities => {
            let entities: Vec<Entity> = serde_json::from_value(arguments["entities"].clone())
                .expect("the shape was checked");
            let new = store.create(entities);
            Done {
                wrote: true,
                after_ms: 0,
                text: pretty(&new),
                structured: format!(r#"{{"entities":{}}}"#, compact(&new)),
            }
        }
        Tool::Slow => {
            store.create(vec![Entity {
                name: text("name").to_owned(),
                entity_type: "slow".into(),
                observations: Vec::new(),
            }]);
            Done {
                wrote: true,
                after_ms: arguments["ms"].as_u64().unwrap_or_default(),
                text: "ok".to_owned(),
                structured: r#"{"done":true}"#.to_owned(),
            }
        }
        Tool::SearchNodes => read(store.search(text("query"))),
        Tool::ReadGraph => read(store.snapshot()),
    })
}

/// The message of the tool error where there is no such tool.
pub(super) fn unknown(tool: &str) -> String {
    format!("Tool {tool} not found")
}

fn read(entities: Vec<Entity>) -> Done {
    let graph = Graph::of(entities);
    Done {
        wrote: false,
        after_ms: 0,
        text: pretty(&graph),
        structured: compact(&graph),
    }
}

/// Part of the graph, as it is answered.
#[derive(Serialize)]
pub(super) struct Graph {
    entities: Vec<Entity>,
    relations: [(); 0],
}

impl Graph {
    /// With those entities.
    pub(super) fn of(entities: Vec<Entity>) -> Self {
        Self {
            entities,
            relations: [],
        }
    }
}

/// A value as the tools' texts have it, indented.
pub(super) fn pretty<T: Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).expect("the graph is plain data")
}

fn compact<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("the graph is plain data")
}
