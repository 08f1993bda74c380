//! The clients that scenarios can name: the built-in ones, and a user's own. What each does is in `clients`.

use std::collections::BTreeMap;
use std::sync::Arc;

use stalemate_clients::ClientFactory;
use stalemate_clients::model::{ModelFactory, Policy, broken};
use stalemate_clients::rmcp::RmcpClientFactory;

use crate::app::{AppPolicy, SessionKey};

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

    /// Whether there is an application, so that `app-*` invariants can be judged.
    #[must_use]
    pub fn has_application(&self) -> bool {
        matches!(self, Self::Application { .. })
    }
}

/// The clients by name.
#[derive(Clone)]
pub struct Registry(BTreeMap<String, (Subject, String)>);

impl Default for Registry {
    fn default() -> Self {
        Self::builtin()
    }
}

impl Registry {
    /// The built-in clients.
    #[must_use]
    pub fn builtin() -> Self {
        let model = |policy| Arc::new(ModelFactory { policy });
        let mut registry = Self(BTreeMap::new())
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
            .client(
                "rmcp",
                "the official Rust SDK, rmcp 3.9.0, bare",
                Arc::new(RmcpClientFactory),
            );
        for (name, policy) in broken() {
            let what = "connector/recovering with one fault planted";
            registry = registry.application(name, what, AppPolicy::SOUND, model(policy));
        }
        for (name, policy) in AppPolicy::broken() {
            let what = "connector/recovering in an application with one fault planted";
            // What an application stores does harm only where the client takes it up.
            let client = Policy {
                resume_skips_initialize: policy.key != SessionKey::Connector,
                ..Policy::recovering()
            };
            registry = registry.application(name, what, policy, model(client));
        }
        registry
    }

    /// Adds a bare client, in place of one of that name if there is one.
    #[must_use]
    pub fn client(mut self, name: &str, summary: &str, factory: Arc<dyn ClientFactory>) -> Self {
        self.0.insert(
            name.to_owned(),
            (Subject::Bare { factory }, summary.to_owned()),
        );
        self
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
        self.0.insert(
            name.to_owned(),
            (Subject::Application { policy, factory }, summary.to_owned()),
        );
        self
    }

    /// The client of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Subject> {
        self.0.get(name).map(|(subject, _)| subject)
    }

    /// The names with a sentence on each, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, (_, summary))| (name.as_str(), summary.as_str()))
    }
}
