//! The user: does things, waits with a user's patience, and is shown how they ended. Everything the user does or sees is
//! told to the journal here, whatever is in front of the user.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use stalemate_clients::RequestMethod;
use tokio::time::{sleep, timeout};

use crate::app::{Journal, SharedFront};
use crate::journal::{Action, CallId, CallOutcome, Event, Fate, Profile, ServerName, TOOLS_CALL};
use crate::server::{Prompt, Resource, Tool};

/// How long a user waits for a call where nothing on its way takes longer, in milliseconds.
pub const PATIENCE_MS: u64 = 60_000;
/// How much longer a user waits than whatever on the way gives up first, in milliseconds: a user who gives up in the same
/// moment would be told nothing, and the client be blamed for it.
pub const PATIENCE_AFTER_MS: u64 = 5_000;
/// The longest that a disconnect may take, in milliseconds.
pub const DISCONNECT_LIMIT_MS: u64 = 10_000;
/// The longest that any other action may take, in milliseconds.
pub const ACTION_LIMIT_MS: u64 = 60_000;

/// What a user can ask of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// That a tool be called.
    Tool(Tool),
    /// That a resource be read.
    Read(Resource),
    /// To be told when a resource changes.
    Subscribe(Resource),
    /// That a prompt be filled in.
    Prompt(Prompt),
    /// How an argument of a prompt can go on.
    Complete(Prompt),
}

impl Asked {
    /// The kind of request; `None` for a tool's call.
    fn method(self) -> Option<RequestMethod> {
        match self {
            Self::Tool(_) => None,
            Self::Read(_) => Some(RequestMethod::ReadResource),
            Self::Subscribe(_) => Some(RequestMethod::Subscribe),
            Self::Prompt(_) => Some(RequestMethod::GetPrompt),
            Self::Complete(_) => Some(RequestMethod::Complete),
        }
    }

    /// The name of what is asked for.
    fn name(self) -> &'static str {
        match self {
            Self::Tool(tool) => tool.as_str(),
            Self::Read(resource) | Self::Subscribe(resource) => resource.as_str(),
            Self::Prompt(prompt) | Self::Complete(prompt) => prompt.as_str(),
        }
    }
}

/// A call to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallSpec {
    /// What is asked for.
    pub asked: Asked,
    /// How long the slow tool takes, in milliseconds.
    pub takes_ms: u64,
    /// Whether the slow tool is asked to tell how far it is (PROG-01).
    pub progress: bool,
    /// How long the user waits for it, in milliseconds; `None` for as long as the way and the tool may take.
    pub patience_ms: Option<u64>,
    /// How many bytes longer the arguments of a tool are than they need be.
    pub padding: u32,
    /// Which of the user's client objects of the server is asked, from 1.
    pub object: u8,
}

impl CallSpec {
    /// A call of that tool.
    #[must_use]
    pub fn of(tool: Tool) -> Self {
        Self::asking(Asked::Tool(tool))
    }

    /// A request for that.
    #[must_use]
    pub fn asking(asked: Asked) -> Self {
        Self {
            asked,
            takes_ms: 0,
            progress: false,
            patience_ms: None,
            padding: 0,
            object: 1,
        }
    }
}

/// The user in front of an application or a program.
#[derive(Clone)]
pub struct User {
    journal: Journal,
    front: SharedFront,
    profile: Rc<std::cell::Cell<Profile>>,
    patience_ms: u64,
    habits: Rc<RefCell<BTreeMap<ServerName, Vec<Asked>>>>,
    beside: Rc<RefCell<BTreeSet<(ServerName, u8)>>>,
}

impl User {
    /// A user in front of that, who waits for a call that long, in milliseconds, and for what its tool takes.
    #[must_use]
    pub fn new(journal: Journal, front: SharedFront, patience_ms: u64) -> Self {
        Self {
            journal,
            front,
            profile: Rc::new(std::cell::Cell::new(Profile::Normal)),
            patience_ms,
            habits: Rc::default(),
            beside: Rc::default(),
        }
    }

    /// What the user has asked the first client object of a server besides calls of its tools, each once, in the order in which it was first asked.
    #[must_use]
    pub fn habits(&self, server: &ServerName) -> Vec<Asked> {
        self.habits
            .borrow()
            .get(server)
            .cloned()
            .unwrap_or_default()
    }

    /// Which client objects of a server the user has asked something beside the first, in order.
    #[must_use]
    pub fn beside(&self, server: &ServerName) -> Vec<u8> {
        let beside = self.beside.borrow();
        let of_server = beside.iter().filter(|(of, _)| of == server);
        of_server.map(|(_, nth)| *nth).collect()
    }

    /// What the user has in front of them.
    #[must_use]
    pub fn front(&self) -> &SharedFront {
        &self.front
    }

    /// Whom everything is told.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Whether that can be asked of a server here: what a client does not offer, nobody is shown.
    #[must_use]
    pub fn can_ask(&self, server: &ServerName, spec: CallSpec) -> bool {
        let method = spec.asked.method();
        method.is_none_or(|method| self.front.offers((server, spec.object), method))
    }

    /// Does something and waits for its end, or for the limit. Returns whether it went well.
    pub async fn act(&self, action: Action, server: Option<&ServerName>) -> bool {
        match action {
            Action::OpenIncognito => self.profile.set(Profile::Incognito),
            Action::OpenNormal => self.profile.set(Profile::Normal),
            _ => {}
        }
        let profile = self.profile.get();
        let fate = self.journal.at(Event::UserActed {
            action,
            server: server.cloned(),
            profile,
        });
        // The user is slow: what they wait for has not begun yet.
        if let Fate::Delay(ms) = fate {
            sleep(Duration::from_millis(ms)).await;
        }
        let limit_ms = if action == Action::Disconnect {
            DISCONNECT_LIMIT_MS
        } else {
            ACTION_LIMIT_MS
        };
        let acting = self.front.act(action, server);
        let acted = match self.front.limit_ms(limit_ms) {
            None => Ok(acting.await),
            Some(ms) => timeout(Duration::from_millis(ms), acting)
                .await
                .map_err(|_| ms),
        };
        let error = match acted {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.message),
            Err(ms) => Some(format!("no answer within {} s", ms / 1000)),
        };
        let well = error.is_none();
        self.journal.note(Event::UserActionEnded {
            action,
            server: server.cloned(),
            error,
        });
        well
    }

    /// Lets that much time pass, in milliseconds.
    pub async fn wait(&self, ms: u64) {
        self.front.wait(ms).await;
    }

    /// Asks for something, and waits for the result as long as a user does.
    pub async fn call(&self, server: &ServerName, spec: CallSpec) -> (CallId, CallOutcome) {
        let (call, nonce) = self.journal.new_call();
        let (method, name) = (spec.asked.method(), spec.asked.name());
        // Who has subscribed to something relies on it, and does not ask again.
        if spec.object > 1 {
            self.beside
                .borrow_mut()
                .insert((server.clone(), spec.object));
        } else if method.is_some_and(|method| method != RequestMethod::Subscribe) {
            let mut habits = self.habits.borrow_mut();
            let habits = habits.entry(server.clone()).or_default();
            if !habits.contains(&spec.asked) {
                habits.push(spec.asked);
            }
        }
        self.journal.note(Event::CallBegan {
            call,
            server: server.clone(),
            method: method.map_or(TOOLS_CALL, RequestMethod::as_str).to_owned(),
            tool: name.to_owned(),
            nonce: nonce.clone(),
            during_outage: self.journal.is_out(server),
            nth: spec.object,
        });
        let params = params(spec, &nonce);
        let calling = match method {
            None => self.front.call((server, spec.object), name, params),
            Some(method) => self.front.request((server, spec.object), method, params),
        };
        let enough_ms = self.patience_ms + spec.takes_ms;
        let patience_ms = spec.patience_ms.unwrap_or(enough_ms);
        let outcome = match self.front.patiently(patience_ms, calling).await {
            // Whoever reads it sees that it is not what was asked for.
            Ok(Ok(text)) if self.journal.lacks_result(call, method.is_none()) => {
                CallOutcome::Hollow(text)
            }
            Ok(Ok(_)) => CallOutcome::Ok,
            Ok(Err(error)) => CallOutcome::Error(error.message),
            Err(waited_ms) if waited_ms < enough_ms => CallOutcome::GivenUp(waited_ms),
            Err(waited_ms) => CallOutcome::TimedOut(waited_ms),
        };
        self.journal.note(Event::CallEnded {
            call,
            outcome: outcome.clone(),
        });
        (call, outcome)
    }
}

/// The arguments of a call, or the parameters of another request, with its nonce in them.
fn params(spec: CallSpec, nonce: &str) -> Value {
    let tool = match spec.asked {
        Asked::Tool(tool) => tool,
        // It takes nothing that could be found on the wire, and `_meta` is open to everybody.
        Asked::Read(resource) | Asked::Subscribe(resource) => {
            return json!({"uri": resource.as_str(), "_meta": {"note": nonce}});
        }
        Asked::Prompt(prompt) => {
            return json!({"name": prompt.as_str(), "arguments": {Prompt::ARGUMENT: nonce}});
        }
        Asked::Complete(prompt) => {
            return json!({
                "ref": {"type": "ref/prompt", "name": prompt.as_str()},
                "argument": {"name": Prompt::ARGUMENT, "value": nonce},
            });
        }
    };
    let mut arguments = arguments(tool, spec, nonce);
    if spec.padding > 0 {
        arguments["padding"] = "x".repeat(spec.padding as usize).into();
    }
    arguments
}

fn arguments(tool: Tool, spec: CallSpec, nonce: &str) -> Value {
    match tool {
        Tool::CreateEntities => {
            json!({"entities": [{"entityType": "note", "name": nonce, "observations": []}]})
        }
        Tool::SearchNodes => json!({"query": nonce}),
        // It takes no arguments; one more is ignored by the server and lets the call be found on the wire.
        Tool::ReadGraph => json!({"note": nonce}),
        Tool::Slow if spec.progress => {
            json!({"ms": spec.takes_ms, "name": nonce, "progress": true})
        }
        Tool::Slow => json!({"ms": spec.takes_ms, "name": nonce}),
    }
}
