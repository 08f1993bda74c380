//! The scenario's steps as a task inside the client process: the user's doings directly, faults by way of the operator,
//! then the climb. It judges nothing but how a step itself demanded to end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use stalemate_clients::LocalBoxFuture;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_local};

use super::command::{Ask, Command, Commands};
use crate::app::{Asked, CallSpec, User, climb};
use crate::journal::{Action, CallOutcome, Event, Phase, ServerName};
use crate::process::recorder::Recorder;
use crate::scenario::{Call, CallExpect, Request, Scenario, Step, StepAction};
use crate::server::Tool;

/// What the script found out, for whoever judges the run.
#[derive(Clone, Debug, Default)]
pub struct ScriptNotes {
    /// Steps that did not end as they demanded, with their lines.
    pub failures: Vec<(u64, String)>,
    /// Whether the script came to its end.
    pub finished: bool,
}

/// What a step has the user ask, and how often at once.
struct Many<'s> {
    line: u64,
    on: &'s str,
    spec: CallSpec,
    expect: Option<CallExpect>,
    parallel: u32,
    background: Option<&'s String>,
}

/// Who says when a script goes on.
pub trait Cue {
    /// That step is next: one of the scenario's, or a climb that stands implicitly at the end, which has no line. Returns
    /// when it may begin.
    fn next<'a>(&'a self, step: &'a Step) -> LocalBoxFuture<'a, ()>;
}

/// Nobody: each step begins when the one before is over.
pub struct AtOnce;

impl Cue for AtOnce {
    fn next<'a>(&'a self, _: &'a Step) -> LocalBoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// One run's script.
pub struct Script {
    /// The steps.
    pub scenario: Rc<Scenario>,
    /// Whom everything is told.
    pub recorder: Recorder,
    /// Who acts.
    pub user: User,
    /// Who says when it goes on.
    pub cue: Rc<dyn Cue>,
    /// The way to the operator.
    pub commands: Commands,
    /// What was found out.
    pub findings: Rc<RefCell<ScriptNotes>>,
}

type Background = BTreeMap<String, (ServerName, Vec<JoinHandle<()>>)>;

impl Script {
    /// Runs the steps and the climbs that stand implicitly at the end.
    pub async fn run(&self) {
        let mut background = Background::new();
        // Servers whose connector exists and that were not climbed since something last happened to them.
        let mut to_climb: Vec<ServerName> = Vec::new();
        let mut connectors: Vec<ServerName> = Vec::new();
        self.recorder.note(Event::Phase(Phase::Faults));
        for step in &self.scenario.steps {
            self.cue.next(step).await;
            match &step.action {
                StepAction::Climb(server) => {
                    let server: ServerName = Arc::from(server.as_str());
                    to_climb.retain(|s| *s != server);
                    self.climb(&server, &mut background).await;
                }
                other => {
                    match other {
                        StepAction::Add(server) => connectors.push(Arc::from(server.as_str())),
                        StepAction::Delete(server) => connectors.retain(|s| **s != **server),
                        _ => {}
                    }
                    to_climb.clone_from(&connectors);
                    self.step(step, &mut background).await;
                }
            }
        }
        for server in to_climb {
            let action = StepAction::Climb(server.to_string());
            self.cue.next(&Step { line: 0, action }).await;
            self.climb(&server, &mut background).await;
        }
        // Those of connectors that were deleted meanwhile.
        for (_, calls) in background.into_values() {
            join(calls).await;
        }
        self.findings.borrow_mut().finished = true;
    }

    async fn step(&self, step: &Step, background: &mut Background) {
        let act = |action, server: Option<&String>| {
            let server: Option<ServerName> = server.map(|s| Arc::from(s.as_str()));
            async move {
                // Whether it went well, the journal has.
                self.user.act(action, server.as_ref()).await;
            }
        };
        match &step.action {
            StepAction::Add(server) => act(Action::Add, Some(server)).await,
            StepAction::Connect(server) => act(Action::Connect, Some(server)).await,
            StepAction::Disconnect(server) => act(Action::Disconnect, Some(server)).await,
            StepAction::Delete(server) => act(Action::Delete, Some(server)).await,
            StepAction::Reload => act(Action::Reload, None).await,
            StepAction::NewConversation => act(Action::NewConversation, None).await,
            StepAction::Incognito => act(Action::OpenIncognito, None).await,
            StepAction::Normal => act(Action::OpenNormal, None).await,
            StepAction::Call(call) => self.call(step.line, call, background).await,
            StepAction::Read(request) => {
                self.request(step.line, request, Asked::Read, background)
                    .await;
            }
            StepAction::Subscribe(request) => {
                self.request(step.line, request, Asked::Subscribe, background)
                    .await;
            }
            StepAction::Prompt(request) => {
                self.request(step.line, request, Asked::Prompt, background)
                    .await;
            }
            StepAction::Complete(request) => {
                self.request(step.line, request, Asked::Complete, background)
                    .await;
            }
            StepAction::Await(name) => {
                if let Some((_, calls)) = background.remove(name) {
                    join(calls).await;
                }
            }
            StepAction::Wait(ms) => self.user.wait(*ms).await,
            StepAction::Climb(_) => unreachable!("climbs are run by `run`"),
            fault => self.ask(Ask::Fault(fault.clone())).await,
        }
    }

    async fn call(&self, line: u64, call: &Call, background: &mut Background) {
        let spec = CallSpec {
            asked: Asked::Tool(call.tool),
            takes_ms: if call.tool == Tool::Slow {
                call.takes_ms
            } else {
                0
            },
            progress: call.progress,
            patience_ms: call.patience_ms,
            padding: call.padding,
            object: call.object,
        };
        let many = Many {
            line,
            on: &call.on,
            spec,
            expect: call.expect,
            parallel: call.parallel,
            background: call.background.as_ref(),
        };
        self.ask_user(many, background).await;
    }

    async fn request<T: Copy>(
        &self,
        line: u64,
        request: &Request<T>,
        asked: impl Fn(T) -> Asked,
        background: &mut Background,
    ) {
        let many = Many {
            line,
            on: &request.on,
            spec: CallSpec {
                patience_ms: request.patience_ms,
                object: request.object,
                ..CallSpec::asking(asked(request.what))
            },
            expect: request.expect,
            parallel: request.parallel,
            background: request.background.as_ref(),
        };
        self.ask_user(many, background).await;
    }

    /// Has the user ask, and waits for the end where the step does.
    async fn ask_user(&self, many: Many<'_>, background: &mut Background) {
        let Many {
            line, spec, expect, ..
        } = many;
        let server: ServerName = Arc::from(many.on);
        if !self.user.can_ask(&server, spec) {
            return;
        }
        let calls: Vec<_> = (0..many.parallel)
            .map(|_| {
                let (user, server, findings) = (
                    self.user.clone(),
                    Arc::clone(&server),
                    Rc::clone(&self.findings),
                );
                spawn_local(async move {
                    let (_, outcome) = user.call(&server, spec).await;
                    if let Some(failure) = failure(expect, &outcome) {
                        findings.borrow_mut().failures.push((line, failure));
                    }
                })
            })
            .collect();
        match many.background {
            Some(name) => {
                background.insert(name.clone(), (server, calls));
                // The calls begin before the next step does.
                tokio::task::yield_now().await;
            }
            None => join(calls).await,
        }
    }

    async fn climb(&self, server: &ServerName, background: &mut Background) {
        self.recorder.set_calm(true);
        self.ask(Ask::Calm).await;
        let names: Vec<String> = background
            .iter()
            .filter(|(_, (on, _))| on == server)
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            if let Some((_, calls)) = background.remove(&name) {
                join(calls).await;
            }
        }
        self.recorder.note(Event::Phase(Phase::Calm {
            server: Arc::clone(server),
        }));
        climb(&self.user, server).await;
        self.recorder.set_calm(false);
    }

    async fn ask(&self, what: Ask) {
        let (done, answer) = oneshot::channel();
        self.commands.borrow_mut().push_back(Command { what, done });
        // The operator never lets a command go unanswered while the run lasts.
        let _ = answer.await;
    }
}

async fn join(calls: Vec<JoinHandle<()>>) {
    for call in calls {
        if let Err(error) = call.await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

fn failure(expect: Option<CallExpect>, outcome: &CallOutcome) -> Option<String> {
    match (expect?, outcome) {
        (CallExpect::Ok, CallOutcome::Ok)
        | (
            CallExpect::Error,
            CallOutcome::Error(_)
            | CallOutcome::Hollow(_)
            | CallOutcome::GivenUp(_)
            | CallOutcome::TimedOut(_),
        ) => None,
        (CallExpect::Ok, CallOutcome::Error(text)) => Some(format!(
            "the call should have been ok, but the user saw: {text}"
        )),
        (CallExpect::Ok, CallOutcome::Hollow(text)) => Some(format!(
            "the call should have been ok, but the user was shown what its server never said: {text}"
        )),
        (CallExpect::Ok, CallOutcome::GivenUp(ms)) => Some(format!(
            "the call should have been ok, but the user gave up after {ms} ms"
        )),
        (CallExpect::Ok, CallOutcome::TimedOut(ms)) => Some(format!(
            "the call should have been ok, but got no answer in {} s",
            ms / 1000
        )),
        (CallExpect::Error, CallOutcome::Ok) => {
            Some("the call should have failed, but was ok".to_owned())
        }
    }
}
