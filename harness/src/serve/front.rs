//! The person in front of an application that nobody can script: what the simulated user does is what they are asked to do,
//! and what came of it is what they say or the wire shows.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use stalemate_clients::{CallResult, ClientError, LocalBoxFuture, RequestMethod};
use tokio::time::{sleep, timeout};

use crate::app::InFront;
use crate::journal::{Action, Event, Rung, ServerName, TOOLS_CALL, nonce};
use crate::operator::Cue;
use crate::process::recorder::Recorder;
use crate::report::span;
use crate::scenario::Step;
use crate::serve::door::Objects;
use crate::serve::guide::{Asking, Guide, Hinting};
use crate::serve::pace::Pace;
use crate::serve::signs::{self, Came};
use crate::serve::state::{Answer, Kind, Prompt};
use crate::serve::words;

/// How often it is looked what the wire shows, in milliseconds.
const LOOK_MS: u64 = 20;
/// How long nothing passes once something is done, in milliseconds: what belongs to it has passed by then.
const QUIET_MS: u64 = 300;
/// How long a client is given to try again by itself what was refused, in milliseconds.
const GRACE_MS: u64 = 2_000;
/// What a call comes to that nothing came of. No other error of this file says that.
const NOTHING_CAME: &str = "nothing came";

/// Their side of a run.
pub(super) struct Person {
    pub(super) guide: Rc<Guide>,
    pub(super) recorder: Recorder,
    pub(super) pace: Pace,
    /// Whether it is a bare SDK, with one client object for each server and no settings page.
    pub(super) is_bare: bool,
    /// How long a call may take that takes no time at its server, in milliseconds.
    pub(super) patience_ms: u64,
    /// What is put into the application for each server.
    pub(super) urls: BTreeMap<ServerName, String>,
    /// Of a bare SDK, its client objects.
    pub(super) objects: Objects,
    /// Tells what happened so far, so that what is asked stands below it.
    pub(super) catch_up: Box<dyn Fn()>,
    /// The steps that have begun.
    pub(super) begun: std::cell::Cell<usize>,
}

const DONE: &[(Answer, &str)] = &[(Answer::Done, "Done"), (Answer::Failed, "It failed")];
const ENDED: &[(Answer, &str)] = &[
    (Answer::Done, "A result came"),
    (Answer::Failed, "An error is shown"),
    (Answer::Nothing, "Nothing came"),
];
const HAPPEN: &[(Answer, &str)] = &[(Answer::Done, "Let it happen")];

impl Person {
    fn ask(&self, prompt: Prompt) -> Asking {
        (self.catch_up)();
        self.guide.ask(prompt)
    }

    fn look<T>(&self, from: usize, look: impl FnOnce(&[crate::journal::Entry]) -> T) -> T {
        self.recorder.show(from, look)
    }

    fn is_quiet(&self, from: usize, server: &str, ms: u64) -> bool {
        let last = self.look(from, |entries| signs::last_ms(entries, server));
        last.is_some_and(|last| last + ms <= self.recorder.now_ms())
    }

    /// A text in which of every session id that was seen only the beginning stands.
    fn without_ids(&self, text: &str) -> String {
        let ids = self.look(0, signs::session_ids);
        let shorten = |text: String, id: &String| {
            let begin: String = id.chars().take(8).collect();
            text.replace(id.as_str(), &format!("{begin}…"))
        };
        ids.iter().fold(text.to_owned(), shorten)
    }

    /// Says below a prompt what the wire shows, where a person has to say what they see.
    fn say_refused(&self, hinting: &Hinting, what: &str, why: &str) {
        let why = self.without_ids(why);
        hinting.say(&format!(
            "{what} was refused on the wire: {why}. What does your application show?"
        ));
    }

    /// Returns what the wire shows of an action, once it does.
    async fn seen(
        &self,
        action: Action,
        server: &str,
        (from, hinting): (usize, Hinting),
    ) -> Result<(), ClientError> {
        loop {
            sleep(Duration::from_millis(LOOK_MS)).await;
            let came = match action {
                Action::Add | Action::Connect => {
                    self.look(from, |entries| signs::connected(entries, server))
                }
                // What the application shows of it only a person sees.
                Action::Disconnect | Action::Delete if self.pace.auto => {
                    match self.look(from, |entries| signs::has_ended(entries, server)) {
                        true => Came::Answer,
                        false => Came::Nothing,
                    }
                }
                _ => return std::future::pending().await,
            };
            match came {
                Came::Answer if self.is_quiet(from, server, QUIET_MS) => return Ok(()),
                Came::Refusal(why) if self.is_quiet(from, server, GRACE_MS) => {
                    if self.pace.auto {
                        return Err(ClientError::new(why));
                    }
                    self.say_refused(&hinting, "The attempt", &why);
                }
                _ => {}
            }
        }
    }

    /// Returns when nobody is waited for any longer.
    async fn long_enough(&self) {
        if self.pace.auto {
            sleep(Duration::from_millis(self.pace.step_ms)).await;
        } else {
            std::future::pending::<()>().await;
        }
    }

    async fn carry_out(
        &self,
        action: Action,
        server: Option<&ServerName>,
    ) -> Result<(), ClientError> {
        if self.is_bare && !action.is_on_connector() {
            return Ok(());
        }
        let from = self.recorder.len();
        let name = server.map_or("", |server| &**server);
        if let (true, Action::Add, Some(server)) = (self.is_bare, action, server) {
            let object = self.recorder.new_object();
            self.recorder.note(Event::ObjectMade {
                object,
                server: server.clone(),
                resumed: false,
                nth: 1,
            });
            self.objects.borrow_mut().insert(server.clone(), object);
        }
        let mut prompt = Prompt::new(words::instruction(action, name, self.is_bare), DONE);
        prompt.copy = self
            .urls
            .get(name)
            .filter(|_| action == Action::Add)
            .cloned();
        prompt.hint = match action {
            Action::Add | Action::Connect => {
                "It goes on by itself once a session is open.".to_owned()
            }
            _ if self.pace.auto => {
                format!("It goes on by itself after {}.", span(self.pace.step_ms))
            }
            _ => String::new(),
        };
        prompt.task = json!({"do": action.as_str(), "server": server, "url": self.urls.get(name)});
        let mut asking = self.ask(prompt);
        let hinting = asking.hinting();
        let came = tokio::select! {
            biased;
            answer = asking.answered() => match answer {
                Answer::Done => Ok(()),
                _ => Err(self.what_failed(action, name, from)),
            },
            seen = self.seen(action, name, (from, hinting)) => seen,
            () = self.long_enough() => Ok(()),
        };
        drop(asking);
        let takes_away = matches!(action, Action::Disconnect | Action::Delete);
        if let (true, true, Ok(()), Some(server)) = (takes_away, !self.is_bare, &came, server) {
            self.recorder.note(Event::Committed {
                action,
                server: server.clone(),
            });
        }
        came
    }

    /// Why an action failed, as far as the wire tells.
    fn what_failed(&self, action: Action, server: &str, from: usize) -> ClientError {
        let came = match action {
            Action::Add | Action::Connect => {
                self.look(from, |entries| signs::connected(entries, server))
            }
            _ => Came::Nothing,
        };
        match came {
            Came::Refusal(why) => ClientError::new(why),
            _ => ClientError::new("the application showed an error"),
        }
    }

    async fn ask_for(
        &self,
        server: &ServerName,
        method: &str,
        name: &str,
        params: Value,
    ) -> CallResult {
        let from = self.recorder.len();
        let call = nonce::call_in(&params);
        let whom = match self.is_bare {
            true => format!("Have the client of {server}"),
            false => "Ask your application to".to_owned(),
        };
        let text = match method {
            TOOLS_CALL => format!("{whom} call the tool {name} of {server}, with these arguments:"),
            _ => format!("{whom} send {method} to {server}, with these parameters:"),
        };
        let mut prompt = Prompt::new(text, ENDED);
        prompt.copy = Some(params.to_string());
        prompt.hint = "It goes on by itself once the call is answered.".to_owned();
        if !self.pace.auto {
            let patience = span(self.patience_ms);
            let late = format!(" That nothing came is held against it after {patience}.");
            prompt.hint.push_str(&late);
        }
        let arguments = if method == TOOLS_CALL {
            "arguments"
        } else {
            "params"
        };
        prompt.task = json!({
            "do": if method == TOOLS_CALL { "call" } else { "request" },
            "server": server, "method": method, "tool": name, arguments: params,
        });
        let mut asking = self.ask(prompt);
        let hinting = asking.hinting();
        tokio::select! {
            biased;
            answer = asking.answered() => match answer {
                Answer::Done => Ok(String::new()),
                Answer::Nothing => Err(ClientError::new(NOTHING_CAME)),
                Answer::Failed => {
                    let came = self.look(from, |e| signs::called(e, server, call, name));
                    Err(ClientError::new(match came {
                        Came::Refusal(why) => why,
                        _ => "the application showed an error".to_owned(),
                    }))
                }
            },
            came = self.call_seen(server, call, name, (from, hinting)) => came,
        }
    }

    /// Returns what the wire shows of a call, once nobody else can tell it better.
    async fn call_seen(
        &self,
        server: &ServerName,
        call: Option<crate::journal::CallId>,
        name: &str,
        (from, hinting): (usize, Hinting),
    ) -> CallResult {
        loop {
            sleep(Duration::from_millis(LOOK_MS)).await;
            match self.look(from, |entries| signs::called(entries, server, call, name)) {
                Came::Answer if self.is_quiet(from, server, QUIET_MS) => return Ok(String::new()),
                Came::Refusal(why) if self.is_quiet(from, server, GRACE_MS) => {
                    if self.pace.auto {
                        return Err(ClientError::new(why));
                    }
                    self.say_refused(&hinting, "The call", &why);
                }
                _ => {}
            }
        }
    }
}

impl InFront for Person {
    fn act<'a>(
        &'a self,
        action: Action,
        server: Option<&'a ServerName>,
    ) -> LocalBoxFuture<'a, Result<(), ClientError>> {
        Box::pin(self.carry_out(action, server))
    }

    fn call<'a>(
        &'a self,
        (server, _): (&'a ServerName, u8),
        tool: &'a str,
        arguments: Value,
    ) -> LocalBoxFuture<'a, CallResult> {
        Box::pin(self.ask_for(server, TOOLS_CALL, tool, arguments))
    }

    fn request<'a>(
        &'a self,
        (server, _): (&'a ServerName, u8),
        method: RequestMethod,
        params: Value,
    ) -> LocalBoxFuture<'a, CallResult> {
        Box::pin(self.ask_for(server, method.as_str(), method.as_str(), params))
    }

    fn has_rung(&self, rung: Rung) -> bool {
        !self.is_bare || !matches!(rung, Rung::NewConversation | Rung::Incognito)
    }

    fn wait(&self, ms: u64) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            let waited_ms = self.pace.wait_ms(ms);
            let text = match self.pace.divisor {
                0 | 1 => format!("waiting {}", span(ms)),
                by => format!(
                    "waiting {} in place of {} (--pace {by})",
                    span(waited_ms),
                    span(ms)
                ),
            };
            (self.catch_up)();
            self.guide
                .happened(self.recorder.now_ms(), Kind::Note, text);
            sleep(Duration::from_millis(waited_ms)).await;
        })
    }

    fn patiently<'a>(
        &'a self,
        ms: u64,
        calling: LocalBoxFuture<'a, CallResult>,
    ) -> LocalBoxFuture<'a, Result<CallResult, u64>> {
        Box::pin(async move {
            let began = self.recorder.now_ms();
            let ended = if self.pace.auto {
                match timeout(Duration::from_millis(ms), calling).await {
                    Ok(ended) => ended,
                    Err(_) => return Err(ms),
                }
            } else {
                calling.await
            };
            match ended {
                Err(error) if error.message == NOTHING_CAME => Err(self.recorder.now_ms() - began),
                ended => Ok(ended),
            }
        })
    }

    fn limit_ms(&self, _: u64) -> Option<u64> {
        None
    }
}

impl Cue for Person {
    fn next<'a>(&'a self, step: &'a Step) -> LocalBoxFuture<'a, ()> {
        Box::pin(async move {
            let number = self.begun.replace(self.begun.get() + 1);
            (self.catch_up)();
            self.guide.begin(number, words::shown(step));
            if !words::is_fault(&step.action) {
                return;
            }
            if self.pace.auto {
                sleep(Duration::from_millis(QUIET_MS)).await;
                return;
            }
            let text = format!("Now: {}.", words::shown(step).text);
            self.ask(Prompt::new(text, HAPPEN)).answered().await;
        })
    }
}
