//! Makes client objects: each gets a number, a dialler of its own, and a line in the journal.

use std::collections::BTreeMap;
use std::sync::Arc;

use stalemate_clients::{Client, ClientFactory, Credentials, Dialler, StoredSession};

use crate::app::MakeClient;
use crate::journal::ServerName;
use crate::process::net::{Net, Outermost};
use crate::process::network::Network;
use crate::process::state::Process;
use crate::process::tokens::UserTokens;

/// Makes the clients of one process.
pub struct Maker<N> {
    /// The network.
    pub net: Arc<Net<N>>,
    /// The process that they live in.
    pub process: Arc<Process>,
    /// What makes them.
    pub factory: Arc<dyn ClientFactory>,
    /// The path of each server's endpoint, as the client is given it.
    pub paths: BTreeMap<ServerName, Arc<str>>,
    /// The user's tokens for those servers that ask for any.
    pub tokens: BTreeMap<ServerName, Arc<UserTokens>>,
}

impl<N: Network> MakeClient for Maker<N> {
    fn make(
        &self,
        (server, nth): (&ServerName, u8),
        resume: Option<StoredSession>,
    ) -> Arc<dyn Client> {
        let (net, process) = (Arc::clone(&self.net), Arc::clone(&self.process));
        let outermost = Outermost::new(net, process, (Arc::clone(server), nth), resume.is_some());
        let host = format!("{server}.example");
        let dialler = Dialler::new(host, Arc::clone(&self.paths[server]), Arc::new(outermost));
        let dialler = match self.tokens.get(server) {
            None => dialler,
            Some(tokens) => {
                tokens.log_in();
                dialler.with_credentials(Arc::clone(tokens) as Arc<dyn Credentials>)
            }
        };
        // Whether notifications come is judged from the wire; nobody reads them here.
        self.factory.create(dialler, resume, Arc::new(|_| {}))
    }
}
