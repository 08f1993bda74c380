//! The connector application: the account's store of connectors and sessions, the client objects that its backend holds,
//! and the settings page of each browser profile. Where the application of the incident keeps the id is not known; this
//! one keeps it in the account's store, which is one mechanism that explains what was seen.

mod page;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;
use stalemate_clients::{
    CallResult, Client, ClientError, LocalBoxFuture, RequestMethod, StoredSession,
};

use crate::app::beside::Beside;
use crate::app::policy::{AppPolicy, Deletes, Disconnects, SessionKey};
use crate::app::{InFront, Journal, MakeClient};
use crate::journal::{Action, Event, Profile, Rung, ServerName};

/// A connector's record in the account's store.
#[derive(Clone, Debug)]
struct Connector {
    id: u32,
    connected: bool,
}

/// What is stored of a session.
#[derive(Clone, Debug, Default)]
struct Stored {
    session: Option<StoredSession>,
    tools: Option<Vec<String>>,
}

#[derive(Default)]
struct State {
    connectors: BTreeMap<ServerName, Connector>,
    next_connector: u32,
    stored: BTreeMap<String, Stored>,
    /// Live client objects, by server and, where each conversation has its own, by conversation.
    clients: BTreeMap<(ServerName, u32), Live>,
    conversation: u32,
    profile: Option<Profile>,
    /// Connectors that a page shows as disconnected although nothing was committed; gone on reload.
    drawn_disconnected: Vec<(Profile, ServerName)>,
}

#[derive(Clone)]
struct Live {
    client: Arc<dyn Client>,
    /// Whether its tool list was loaded in this conversation.
    listed: bool,
}

/// A connector application with that policy.
pub struct Application {
    policy: AppPolicy,
    maker: Rc<dyn MakeClient>,
    journal: Journal,
    state: RefCell<State>,
    /// Other windows or devices of the user.
    beside: Beside,
}

impl Application {
    /// An application without connectors, seen in the normal browser profile.
    #[must_use]
    pub fn new(policy: AppPolicy, maker: Rc<dyn MakeClient>, journal: Journal) -> Self {
        Self {
            policy,
            beside: Beside::new(Rc::clone(&maker), policy.lists.now(false)),
            maker,
            journal,
            state: RefCell::default(),
        }
    }

    fn profile(&self) -> Profile {
        self.state.borrow().profile.unwrap_or(Profile::Normal)
    }

    /// The key under which the session of a server is stored.
    fn key(&self, server: &ServerName) -> String {
        let state = self.state.borrow();
        match self.policy.key {
            SessionKey::Conversation => format!("conversation {} {server}", state.conversation),
            SessionKey::Connector => {
                format!(
                    "connector {}",
                    state.connectors.get(server).map_or(0, |c| c.id)
                )
            }
            SessionKey::AccountAndUrl => format!("url {server}"),
            SessionKey::Account => "account".to_owned(),
        }
    }

    /// Which client object serves a server in the present conversation. Where ids are kept by connector, its one object
    /// serves all; elsewhere each conversation has an object, which may be handed a stored id.
    fn slot(&self, server: &ServerName) -> (ServerName, u32) {
        let conversation = match self.policy.key {
            SessionKey::Connector => 0,
            _ => self.state.borrow().conversation,
        };
        (Arc::clone(server), conversation)
    }

    fn live(&self, server: &ServerName) -> Option<Live> {
        self.state.borrow().clients.get(&self.slot(server)).cloned()
    }

    /// The client object of the present conversation, connected; made if there is none.
    async fn client(&self, server: &ServerName) -> Result<Arc<dyn Client>, ClientError> {
        if let Some(live) = self.live(server) {
            return Ok(live.client);
        }
        let key = self.key(server);
        let resume = self
            .state
            .borrow()
            .stored
            .get(&key)
            .and_then(|s| s.session.clone());
        let client = self.maker.make((server, 1), resume);
        let slot = self.slot(server);
        self.state.borrow_mut().clients.insert(
            slot.clone(),
            Live {
                client: Arc::clone(&client),
                listed: false,
            },
        );
        if let Err(error) = client.connect().await {
            self.state.borrow_mut().clients.remove(&slot);
            return Err(error);
        }
        self.store(key, &client);
        if let Some(connector) = self.state.borrow_mut().connectors.get_mut(server) {
            connector.connected = true;
        }
        Ok(client)
    }

    /// Stores the client's session under a key, if the policy stores any.
    fn store(&self, key: String, client: &Arc<dyn Client>) {
        if self.policy.key != SessionKey::Conversation
            && let Some(session) = client.stored_session()
        {
            let mut state = self.state.borrow_mut();
            state.stored.entry(key).or_default().session = Some(session);
        }
    }

    /// Keeps the session of a client that has just been used: it may be a new one by now. One that is in use no more is nothing
    /// to keep.
    fn keep(&self, server: &ServerName, client: &Arc<dyn Client>) {
        let in_use = self.live(server);
        if in_use.is_some_and(|live| Arc::ptr_eq(&live.client, client)) {
            self.store(self.key(server), client);
        }
    }

    /// Loads the tool list for this conversation, from the cache if the policy has one.
    async fn load_tools(
        &self,
        server: &ServerName,
        client: &Arc<dyn Client>,
    ) -> Result<(), ClientError> {
        if self.live(server).is_some_and(|live| live.listed) {
            return Ok(());
        }
        let key = self.key(server);
        let is_listed = |stored: &Stored| stored.tools.is_some();
        let cached = self.state.borrow().stored.get(&key).is_some_and(is_listed);
        if self.policy.lists.now(cached) {
            match client.list_tools().await {
                Ok(tools) => {
                    self.state.borrow_mut().stored.entry(key).or_default().tools = Some(tools);
                }
                Err(_) if cached && self.policy.list_kept => {}
                Err(error) => return Err(error),
            }
        }
        let slot = self.slot(server);
        if let Some(live) = self.state.borrow_mut().clients.get_mut(&slot) {
            live.listed = true;
        }
        Ok(())
    }

    /// The n-th client object of a server, ready for a request.
    async fn ready(&self, server: &ServerName, nth: u8) -> Result<Arc<dyn Client>, ClientError> {
        if nth > 1 {
            return self.beside.client(server, nth).await;
        }
        let client = self.client(server).await?;
        self.load_tools(server, &client).await?;
        Ok(client)
    }

    async fn connect(&self, server: &ServerName) -> Result<(), ClientError> {
        let profile = self.profile();
        self.state
            .borrow_mut()
            .drawn_disconnected
            .retain(|(p, s)| !(*p == profile && s == server));
        let result = async {
            let client = self.client(server).await?;
            self.load_tools(server, &client).await
        }
        .await;
        self.draw(server);
        result
    }

    async fn disconnect(&self, server: &ServerName) -> Result<(), ClientError> {
        match self.policy.disconnects {
            Disconnects::OnlyDrawn => {
                let drawn = (self.profile(), Arc::clone(server));
                self.state.borrow_mut().drawn_disconnected.push(drawn);
                self.draw(server);
                Ok(())
            }
            Disconnects::Commits => {
                let result = self.clear(server, Action::Disconnect).await;
                self.draw(server);
                result
            }
        }
    }

    /// Ends the server's sessions and clears what is stored of them, whatever the server says to it.
    async fn clear(&self, server: &ServerName, why: Action) -> Result<(), ClientError> {
        let key = self.key(server);
        let clients: Vec<_> = {
            let mut state = self.state.borrow_mut();
            state.stored.remove(&key);
            if let Some(connector) = state.connectors.get_mut(server) {
                connector.connected = false;
            }
            let slots: Vec<_> = state
                .clients
                .keys()
                .filter(|(s, _)| s == server)
                .cloned()
                .collect();
            slots
                .iter()
                .filter_map(|slot| state.clients.remove(slot))
                .collect()
        };
        self.journal.note(Event::Committed {
            action: why,
            server: Arc::clone(server),
        });
        let mut result = Ok(());
        for live in clients {
            result = result.and(live.client.disconnect().await);
        }
        result.and(self.beside.leave(server).await)
    }

    async fn delete(&self, server: &ServerName) -> Result<(), ClientError> {
        let result = match self.policy.deletes {
            Deletes::Purges => self.clear(server, Action::Delete).await,
            Deletes::Keeps => {
                // The objects go, and with them their connections; what is stored stays.
                self.state
                    .borrow_mut()
                    .clients
                    .retain(|(s, _), _| s != server);
                self.beside.take(server);
                Ok(())
            }
        };
        self.state.borrow_mut().connectors.remove(server);
        self.draw(server);
        result
    }

    fn add(&self, server: &ServerName) {
        let mut state = self.state.borrow_mut();
        state.next_connector += 1;
        let connector = Connector {
            id: state.next_connector,
            connected: false,
        };
        state.connectors.insert(Arc::clone(server), connector);
    }

    /// A conversation of its own; where objects belong to conversations, the old one's go.
    async fn new_conversation(&self) {
        let gone = {
            let mut state = self.state.borrow_mut();
            state.conversation += 1;
            let clients = &mut state.clients;
            if self.policy.key == SessionKey::Connector {
                clients.values_mut().for_each(|live| live.listed = false);
                return;
            }
            // No object belongs to the new one yet.
            std::mem::take(clients)
        };
        if self.policy.key == SessionKey::Conversation && self.policy.ends_conversations {
            for live in gone.into_values() {
                // Whatever the server says to that, the conversation is over.
                let _ = live.client.disconnect().await;
            }
        }
    }

    async fn carry_out(
        &self,
        action: Action,
        server: Option<&ServerName>,
    ) -> Result<(), ClientError> {
        let server = || server.expect("actions on a connector name it");
        match action {
            Action::Add => {
                self.add(server());
                self.connect(server()).await
            }
            Action::Connect => self.connect(server()).await,
            Action::Disconnect => self.disconnect(server()).await,
            Action::Delete => self.delete(server()).await,
            Action::Reload => {
                self.reload();
                Ok(())
            }
            Action::NewConversation => {
                self.new_conversation().await;
                Ok(())
            }
            Action::OpenIncognito => {
                self.state.borrow_mut().profile = Some(Profile::Incognito);
                self.new_conversation().await;
                self.reload();
                Ok(())
            }
            Action::OpenNormal => {
                self.state.borrow_mut().profile = Some(Profile::Normal);
                self.new_conversation().await;
                Ok(())
            }
        }
    }
}

impl InFront for Application {
    fn act<'a>(
        &'a self,
        action: Action,
        server: Option<&'a ServerName>,
    ) -> LocalBoxFuture<'a, Result<(), ClientError>> {
        Box::pin(self.carry_out(action, server))
    }

    fn call<'a>(
        &'a self,
        (server, nth): (&'a ServerName, u8),
        tool: &'a str,
        arguments: Value,
    ) -> LocalBoxFuture<'a, CallResult> {
        Box::pin(async move {
            let client = self.ready(server, nth).await?;
            let result = client.call_tool(tool.to_owned(), arguments).await;
            self.keep(server, &client);
            result
        })
    }

    fn request<'a>(
        &'a self,
        (server, nth): (&'a ServerName, u8),
        method: RequestMethod,
        params: Value,
    ) -> LocalBoxFuture<'a, CallResult> {
        Box::pin(async move {
            let client = self.ready(server, nth).await?;
            let result = client.request(method, params).await;
            self.keep(server, &client);
            result
        })
    }

    fn has_rung(&self, _: Rung) -> bool {
        true
    }
}
