//! Everything that scenarios can name: clients, the policies of applications around them, dialects, real servers and hops,
//! built in and a user's own. What each does is where it is defined.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use stalemate_clients::model::{ModelFactory, Policy, Resume, broken, sdks};
#[cfg(feature = "rmcp")]
use stalemate_clients::rmcp::RmcpClientFactory;
use stalemate_clients::{ClientFactory, Program, ProgramFactory, Speaks};

use crate::app::{
    AppPolicy, Application, Bare, Journal, MakeClient, Model, SessionKey, SharedFront,
};
use crate::clause;
use crate::dialect;
use crate::failure_mode;
use crate::invariant;
use crate::programs;
use crate::proxy::HopKind;
use crate::scenario::{Diagnostics, Scenario, Vocabulary};
use crate::server::Dialect;

/// A client as a scenario names it.
#[derive(Clone)]
pub enum Subject {
    /// A connector application around a client.
    Application {
        /// The application's policy.
        policy: AppPolicy,
        /// Makes its clients.
        factory: Arc<dyn ClientFactory>,
    },
    /// A program around a bare SDK.
    Bare {
        /// Makes its clients.
        factory: Arc<dyn ClientFactory>,
    },
}

impl Subject {
    /// The factory of its clients.
    #[must_use]
    pub fn factory(&self) -> &Arc<dyn ClientFactory> {
        match self {
            Self::Application { factory, .. } | Self::Bare { factory } => factory,
        }
    }

    /// What it is, where that is a model.
    #[must_use]
    pub fn model(&self) -> Option<Model> {
        let client = self.factory().policy()?.clone();
        let application = match self {
            Self::Application { policy, .. } => Some(*policy),
            Self::Bare { .. } => None,
        };
        Some(Model {
            client,
            application,
        })
    }

    /// The client that is that model.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let policy = model.client.clone();
        let factory = Arc::new(ModelFactory { policy });
        match model.application {
            Some(policy) => Self::Application { policy, factory },
            None => Self::Bare { factory },
        }
    }

    /// What a user has in front of them: its application, or the bare SDK, whose clients are made so.
    #[must_use]
    pub fn front(&self, maker: Rc<dyn MakeClient>, journal: Journal) -> SharedFront {
        match self {
            Self::Application { policy, .. } => Rc::new(Application::new(*policy, maker, journal)),
            Self::Bare { .. } => Rc::new(Bare::new(maker)),
        }
    }

    /// Whether it is a program that passes on what a host asks of it, and asks nothing by itself.
    #[must_use]
    pub fn relays(&self) -> bool {
        let program = self.factory().program();
        program.is_some_and(|program| program.speaks == Speaks::McpStdio)
    }

    /// Whether there is an application, so that `app-*` invariants can be judged.
    #[must_use]
    pub fn has_application(&self) -> bool {
        matches!(self, Self::Application { .. })
    }
}

/// Everything that a scenario can name: the built-in clients, servers and hops, and a user's own.
#[derive(Clone)]
pub struct Registry {
    clients: BTreeMap<String, (Subject, String)>,
    dialects: Vec<Arc<Dialect>>,
    /// The directories that some of them were read from.
    directories: Vec<PathBuf>,
    real_servers: Vec<String>,
}

impl Default for Registry {
    fn default() -> Self {
        Self::builtin()
    }
}

/// The client that a feature of this crate brings.
const RMCP: &str = "rmcp";

/// Whether this build is without the built-in client of that name.
fn is_absent(client: &str) -> bool {
    cfg!(not(feature = "rmcp")) && client == RMCP
}

impl Registry {
    /// What is built in.
    ///
    /// # Panics
    /// If one of the dialect files that are part of the program is wrong.
    #[must_use]
    pub fn builtin() -> Self {
        let model = |policy| Arc::new(ModelFactory { policy });
        let empty = Self {
            clients: BTreeMap::new(),
            dialects: dialect::builtin(),
            directories: Vec::new(),
            real_servers: Vec::new(),
        };
        let mut registry = empty
            .application(
                "connector/stale-cache",
                "the incident: keeps the id by account and URL, never lets go of it",
                AppPolicy::STALE_CACHE,
                model(Policy::stale()),
            )
            .application(
                "connector/spec-404",
                "what the specification demands and no more: 404 makes it re-initialize",
                AppPolicy::SOUND,
                model(Policy::spec_404()),
            )
            .application(
                "connector/recovering",
                "right: recognizes a lost session, re-initializes once, resends what was refused",
                AppPolicy::SOUND,
                model(Policy::recovering()),
            )
            .application(
                "connector/session-per-call",
                "initializes anew before each batch of calls, and ends none of its sessions",
                AppPolicy::SOUND,
                model(Policy::session_per_call()),
            );
        #[cfg(feature = "rmcp")]
        {
            registry.real_servers.push("rmcp".to_owned());
            let what = "the official Rust SDK, rmcp 3.9.0, bare";
            registry = registry.client("rmcp", what, Arc::new(RmcpClientFactory));
        }
        for client in programs::known() {
            registry = registry.program(client.name, &client.summary(), client.program());
        }
        for (name, what, policy) in sdks() {
            registry = registry.client(name, what, model(policy));
        }
        for (name, policy) in broken() {
            let what = "connector/recovering with one fault planted";
            registry = registry.application(name, what, AppPolicy::SOUND, model(policy));
        }
        for (name, policy) in AppPolicy::broken() {
            let what = "connector/recovering in an application with one fault planted";
            // What an application stores does harm only where the client takes it up.
            let resume = match policy.key {
                SessionKey::Connector => Resume::Initializes,
                _ => Resume::OpensStream,
            };
            let client = Policy {
                resume,
                ..Policy::recovering()
            };
            registry = registry.application(name, what, policy, model(client));
        }
        registry
    }

    /// Adds a bare client, in place of one of that name if there is one.
    #[must_use]
    pub fn client(mut self, name: &str, summary: &str, factory: Arc<dyn ClientFactory>) -> Self {
        self.clients.insert(
            name.to_owned(),
            (Subject::Bare { factory }, summary.to_owned()),
        );
        self
    }

    /// Adds a bare client that is a program of its own, as [`Self::client`] does. [`programs`] finds such programs.
    #[must_use]
    pub fn program(self, name: &str, summary: &str, program: Program) -> Self {
        self.client(name, summary, Arc::new(ProgramFactory { program }))
    }

    /// Adds a client inside a connector application of that policy.
    #[must_use]
    pub fn application(
        mut self,
        name: &str,
        summary: &str,
        policy: AppPolicy,
        factory: Arc<dyn ClientFactory>,
    ) -> Self {
        self.clients.insert(
            name.to_owned(),
            (Subject::Application { policy, factory }, summary.to_owned()),
        );
        self
    }

    /// Adds a dialect of the model server, in place of one of that name if there is one. [`dialect::read`] makes one of a
    /// file's text, [`dialect::read_several`] those that are like another.
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        let dialect = Arc::new(dialect);
        match self.dialects.iter_mut().find(|d| d.name == dialect.name) {
            Some(old) => *old = dialect,
            None => self.dialects.push(dialect),
        }
        self
    }

    /// Adds the dialects of all files below a directory, as [`Self::dialect`] does. One of them may be like one that is
    /// there already.
    ///
    /// # Errors
    /// All that is wrong in the files, or that there are none.
    pub fn dialects_in(mut self, directory: &Path) -> Result<Self, Diagnostics> {
        for dialect in dialect::folder(directory, &self.dialects)? {
            self = self.dialect(Dialect::clone(&dialect));
        }
        self.directories.push(directory.to_owned());
        Ok(self)
    }

    /// The directories that dialects were read from, in their order.
    #[must_use]
    pub fn dialect_directories(&self) -> &[PathBuf] {
        &self.directories
    }

    /// The client of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Subject> {
        self.clients.get(name).map(|(subject, _)| subject)
    }

    /// The client that a scenario means by that name: its own, or else the one that is registered.
    #[must_use]
    pub fn subject(&self, scenario: &Scenario, name: &str) -> Option<Subject> {
        match scenario.own_clients.get(name) {
            Some(own) => Some(Subject::of(&own.model)),
            None => self.get(name).cloned(),
        }
    }

    /// Why a client's cells are left out where nobody asks for that client: it is a program that is not installed, or this
    /// build is without it, and what brings it. `None` if it can run, and where `STALEMATE_CLIENTS=all` is set: then a missing client is a failure.
    #[must_use]
    pub fn left_out(&self, scenario: &Scenario, client: &str) -> Option<String> {
        if std::env::var_os("STALEMATE_CLIENTS").is_some_and(|value| value == "all") {
            return None;
        }
        match self.subject(scenario, client) {
            Some(subject) => Some(subject.factory().program()?.missing()?.to_owned()),
            None if is_absent(client) => {
                Some("the feature `rmcp` of the crate `stalemate` brings it".to_owned())
            }
            None => None,
        }
    }

    /// The names of the clients that a scenario can list, sorted; one that this build is without is known all the same.
    fn client_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.clients.keys().cloned().collect();
        if is_absent(RMCP) {
            names.push(RMCP.to_owned());
            names.sort();
        }
        names
    }

    /// The names of the clients with a sentence on each, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.clients
            .iter()
            .map(|(name, (_, summary))| (name.as_str(), summary.as_str()))
    }

    /// The policy of the application around the client of that name; `None` if there is no application.
    #[must_use]
    pub fn policy(&self, client: &str) -> Option<AppPolicy> {
        match self.get(client)? {
            Subject::Application { policy, .. } => Some(*policy),
            Subject::Bare { .. } => None,
        }
    }

    /// The dialects of the model server, in the order in which they are listed, those that are not listed included.
    #[must_use]
    pub fn dialects(&self) -> &[Arc<Dialect>] {
        &self.dialects
    }

    /// The dialect of that name, listed or not.
    #[must_use]
    pub fn dialect_of(&self, name: &str) -> Option<&Arc<Dialect>> {
        self.dialects.iter().find(|dialect| dialect.name == name)
    }

    /// The real servers.
    #[must_use]
    pub fn real_servers(&self) -> &[String] {
        &self.real_servers
    }

    /// The names of the dialects of real servers with which a client of the session era can begin: what random worlds are
    /// drawn from.
    #[must_use]
    pub fn real_sessions(&self) -> Vec<String> {
        let is_one = |d: &&Arc<Dialect>| d.is_listed() && d.has_handshake();
        let listed = self.dialects.iter().filter(is_one);
        listed.map(|dialect| dialect.name.clone()).collect()
    }

    /// The hops. There are no others: each is its own piece of the proxy's core.
    #[must_use]
    pub fn hops(&self) -> &'static [HopKind] {
        &HopKind::ALL
    }

    /// The words that a scenario can use: what there is, gathered for its loading.
    #[must_use]
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary {
            clients: self.client_names(),
            models: self
                .clients
                .iter()
                .filter_map(|(name, (subject, _))| Some((name.clone(), subject.model()?)))
                .collect(),
            dialects: self.dialects.clone(),
            real_servers: self.real_servers.clone(),
            invariants: invariant::ALL
                .iter()
                .map(|i| (i.id.to_owned(), i.party))
                .collect(),
            clauses: clause::ALL.iter().map(|c| c.id.to_owned()).collect(),
            judged_clauses: invariant::ALL
                .iter()
                .flat_map(|i| i.clauses)
                .map(|id| (*id).to_owned())
                .collect(),
            modes: failure_mode::ALL
                .iter()
                .map(|m| {
                    (
                        m.id.to_owned(),
                        m.caught_by.iter().map(|id| (*id).to_owned()).collect(),
                    )
                })
                .collect(),
        }
    }
}
