//! The clients of a scenario: each a name that the program knows, or one that the file describes: like a model, but for what
//! the file says. What the knobs do is the business of the model and of the application around it.

mod knob;
mod knobs;
mod listed;
mod signals;
mod values;
mod waits;
mod words;

use std::collections::BTreeMap;

pub use self::listed::knobs_of;

use schemars::JsonSchema;

use self::knobs::OwnForm;
use super::vocabulary::{Vocabulary, unknown_program};
use crate::app::Model;
use crate::yaml::collection::{List, first_of};
use crate::yaml::decode::{At, Decode, unknown};
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::Text;
use crate::yaml::tree::{Kind, Node};
use crate::yaml::words::{allowed, quote};
use crate::yaml::write::{Entries, Yaml};

/// The longest name of a client, in characters.
const LONGEST_NAME: usize = 48;

/// A client that a scenario describes itself.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnClient {
    /// The model that it is like.
    pub like: String,
    /// What that model is.
    pub base: Model,
    /// What it is itself.
    pub model: Model,
}

/// A client, by name or described.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum ClientShape {
    /// One that the program knows.
    Known(Text),
    /// One that is like a model, but for what stands here.
    Own(Box<OwnForm>),
}

/// A client with its place.
pub(super) type ClientForm = At<ClientShape>;

impl Decode for ClientShape {
    const WHAT: &'static str = "the name of a client, or a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match node.kind {
            Kind::Map(_) => OwnForm::decode(node, report).map(|form| Self::Own(Box::new(form))),
            _ => Text::decode(node, report).map(Self::Known),
        }
    }
}

/// The clients by name, in the order of the file, and those of them that it describes.
pub(super) fn clients(
    list: Option<&At<List<ClientForm>>>,
    vocabulary: &Vocabulary,
    report: &mut Report<'_>,
) -> (Vec<String>, BTreeMap<String, OwnClient>) {
    let items = list.map_or(&[][..], |list| &list.value.items);
    let mut seen = BTreeMap::new();
    let mut names = Vec::new();
    let mut own = BTreeMap::new();
    for item in items {
        match &item.value {
            ClientShape::Known(name) => {
                let first = first_of(&mut seen, name, item.span, name, report);
                if first && !vocabulary.clients.contains(name) {
                    let clients = &vocabulary.clients;
                    report.add(unknown_program(item.span, "clients", name, clients));
                }
                names.push(name.clone());
            }
            ClientShape::Own(form) => {
                let base = base(form, vocabulary, &own, report);
                let Some(name) = &form.name else { continue };
                fit(name, vocabulary, report);
                first_of(&mut seen, &name.value, name.span, &name.value, report);
                names.push(name.value.clone());
                if let (Some(like), Some(base)) = (&form.like, base) {
                    let like = like.value.clone();
                    let model = form.model(&base, report);
                    own.insert(name.value.clone(), OwnClient { like, base, model });
                }
            }
        }
    }
    (names, own)
}

/// The model that a client is like: a registered one, or one that stands before it.
fn base(
    form: &OwnForm,
    vocabulary: &Vocabulary,
    own: &BTreeMap<String, OwnClient>,
    report: &mut Report<'_>,
) -> Option<Model> {
    let like = form.like.as_ref()?;
    let word = &like.value;
    if let Some(found) = own.get(word) {
        return Some(found.model.clone());
    }
    let found = vocabulary.models.get(word).cloned();
    if found.is_none() {
        let mut known: Vec<&String> = vocabulary.models.keys().collect();
        known.extend(own.keys());
        report.add(if vocabulary.clients.contains(word) {
            let title = format!("{} is no model", quote(word));
            let label = "what it does is its own program's business, so nothing can be like it";
            Mistake::new(like.span, title, label).help(allowed(word, "models", &known))
        } else {
            unknown(like.span, "models", word, &known)
        });
    }
    found
}

/// Whether a client can have that name.
fn fit(name: &At<Text>, vocabulary: &Vocabulary, report: &mut Report<'_>) {
    let word = &name.value;
    if vocabulary.clients.contains(word) {
        let title = format!("there is a client {} already", quote(word));
        report.add(
            Mistake::new(name.span, title, "this name is taken")
                .help("give it a name of its own, e.g. `my/client`"),
        );
        return;
    }
    let is_plain = |part: &str| {
        let mut chars = part.chars();
        chars.next().is_some_and(|c| c.is_ascii_lowercase())
            && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
    };
    if !word.split('/').all(is_plain) || word.len() > LONGEST_NAME {
        let title = format!("{} cannot be the name of a client", quote(word));
        report.add(Mistake::new(name.span, title, "not a plain name").help(format!(
            "a name is made of lower-case letters, digits, `-` and `.`, with `/` between its parts, e.g. `my/client`; {LONGEST_NAME} characters at the most"
        )));
    }
}

impl OwnClient {
    /// As the file has it.
    pub(super) fn written(&self, name: &str) -> Yaml {
        let entries = Entries::default()
            .with("like", Yaml::text(&self.like))
            .with("name", Yaml::text(name));
        knobs::written(entries, &self.model, &self.base).map()
    }
}
