//! Who takes part in a run: the processes with their roles, in the order of the lanes of a picture, and what is known of
//! all of them together. It stands at the head of a record, so that whoever judges or draws one needs nothing else.

use serde::{Deserialize, Serialize};

use crate::journal::{Evidence, ProcessName, ServerName};

/// The name of the process that the clients live in.
pub const CLIENT: &str = "client";

/// What a process is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The clients under test, the application around them and their user live in it.
    Client,
    /// It stands on the way.
    Hop,
    /// It is a server's only process, or one of its replicas.
    Server,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name.
    pub process: ProcessName,
    /// What it is there for.
    pub role: Role,
    /// Of a server's process, the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerName>,
    /// Of a hop that is not on the way to every server, those that it leads to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leads_to: Vec<ServerName>,
    /// Of a hop, whether it has sessions of its own with its clients, so that their ids are not the servers'.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owns_sessions: bool,
}

/// Who takes part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cast {
    /// The scenario's name.
    pub scenario: String,
    /// What the scenario is about, in a sentence.
    #[serde(default)]
    pub summary: String,
    /// The client under test, by its name in the registry.
    pub client: String,
    /// The seed of the run.
    pub seed: u64,
    /// Whether the client has an application around it, so that one can be judged.
    pub application: bool,
    /// Whether the client passes on what a host asks, and asks nothing by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub relays: bool,
    /// The time that a message takes over a link, in milliseconds: what is younger nobody at the other end can know.
    pub latency_ms: u64,
    /// What the record tells of.
    pub evidence: Vec<Evidence>,
    /// The processes: the client, the hops from the outermost on, the servers in the order of the scenario.
    pub members: Vec<Member>,
}

impl Cast {
    /// A process by its name.
    #[must_use]
    pub fn get(&self, process: &str) -> Option<&Member> {
        self.members.iter().find(|m| *m.process == *process)
    }

    /// Whether a hop has sessions of its own with its clients.
    #[must_use]
    pub fn owns_sessions(&self, hop: &str) -> bool {
        self.get(hop).is_some_and(|m| m.owns_sessions)
    }

    /// The role of a process; `None` of one that takes no part.
    #[must_use]
    pub fn role(&self, process: &str) -> Option<Role> {
        self.get(process).map(|m| m.role)
    }

    /// Whether the clients under test live in that process.
    #[must_use]
    pub fn is_client(&self, process: &str) -> bool {
        self.role(process) == Some(Role::Client)
    }

    /// The server that a process belongs to.
    #[must_use]
    pub fn server_of(&self, process: &str) -> Option<&ServerName> {
        self.get(process)?.server.as_ref()
    }

    /// The processes of a server.
    pub fn processes_of<'a>(
        &'a self,
        server: &str,
    ) -> impl Iterator<Item = &'a ProcessName> + use<'a> {
        let server: ServerName = server.into();
        let own = self
            .members
            .iter()
            .filter(move |m| m.server.as_ref() == Some(&server));
        own.map(|m| &m.process)
    }

    /// Whether a process is the server's only one, or one of its replicas.
    #[must_use]
    pub fn is_process_of(&self, process: &str, server: &str) -> bool {
        self.server_of(process).is_some_and(|s| **s == *server)
    }

    /// The servers, each once, in the order of the scenario.
    #[must_use]
    pub fn servers(&self) -> Vec<&ServerName> {
        let mut servers: Vec<&ServerName> = Vec::new();
        for server in self.members.iter().filter_map(|m| m.server.as_ref()) {
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
        servers
    }

    /// The processes that have a lane in a picture, in the order of the lanes.
    pub fn lanes(&self) -> impl Iterator<Item = &ProcessName> {
        self.members.iter().map(|m| &m.process)
    }

    /// The processes on the way to a server: the client, the hops, and its own.
    #[must_use]
    pub fn path_to(&self, server: &str) -> Vec<ProcessName> {
        let on_the_way = |m: &&Member| match m.role {
            Role::Client => true,
            Role::Hop => m.leads_to.is_empty() || m.leads_to.iter().any(|s| **s == *server),
            Role::Server => m.server.as_ref().is_some_and(|s| **s == *server),
        };
        let path = self.members.iter().filter(on_the_way);
        path.map(|m| m.process.clone()).collect()
    }
}
