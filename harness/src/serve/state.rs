//! What a person who plays a scenario through is shown: the steps, what is asked of them now, what happened so far, and how
//! it ended. Pure data; as JSON it is what the page gets.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a person says of what was asked of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It is done; of a call, its result is shown.
    Done,
    /// Their application shows an error.
    Failed,
    /// Nothing came, and they wait no longer.
    Nothing,
}

/// What is asked of a person, or waits for them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prompt {
    /// Its number, from 1.
    pub id: u64,
    /// What to do, in a sentence.
    pub text: String,
    /// What to put into the application: an address, or the arguments of a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy: Option<String>,
    /// What happens without an answer, or was seen since; empty if nothing.
    pub hint: String,
    /// What can be answered, the usual answer first, each with its label.
    pub answers: Vec<(Answer, &'static str)>,
    /// The same for a program that leads an application.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub task: Value,
}

impl Prompt {
    /// A prompt of that text with those answers.
    pub(super) fn new(text: impl Into<String>, answers: &[(Answer, &'static str)]) -> Self {
        Self {
            id: 0,
            text: text.into(),
            copy: None,
            hint: String::new(),
            answers: answers.to_vec(),
            task: Value::Null,
        }
    }
}

/// How it stands with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It comes later.
    ToCome,
    /// It is this one's turn.
    Now,
    /// It is over.
    Over,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// What happens, in a few words.
    pub text: String,
    /// Whether it is a fault, which happens when the person says so.
    pub is_fault: bool,
    /// How it stands.
    pub standing: Standing,
}

/// Where a server's connector leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Address {
    /// The server.
    pub server: String,
    /// What is put into the application.
    pub url: String,
    /// The processes on the way, outermost first, each with where it listens.
    pub way: Vec<(String, String)>,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A fault began or is over.
    Fault,
    /// The user was shown something.
    User,
    /// A phase of the run.
    Phase,
    /// A verdict that the scenario promises.
    Expected,
    /// A verdict that nobody expects.
    Violated,
    /// Something about the run itself.
    Note,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// When, in milliseconds of the run.
    pub at_ms: u64,
    /// What kind of thing.
    pub kind: Kind,
    /// What, in a sentence.
    pub text: String,
}

/// Everything that is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct State {
    /// The scenario's name.
    pub scenario: String,
    /// What it is about.
    pub summary: String,
    /// Who is under test.
    pub client: String,
    /// Where each server's connector leads.
    pub addresses: Vec<Address>,
    /// The steps.
    pub steps: Vec<Shown>,
    /// What is asked now; several where calls run side by side.
    pub prompts: Vec<Prompt>,
    /// What happened.
    pub happened: Vec<Happened>,
    /// How it ended, in lines; empty until then.
    pub end: Vec<String>,
}
