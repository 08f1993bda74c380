//! A program around a bare SDK: one client object per server and those that the user has beside it, no settings page, no
//! profiles, nothing stored. What the user's actions mean for it: reconnect is disconnect and connect on the same
//! object, re-add a new object from the factory; conversations and browser profiles do not apply.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;
use stalemate_clients::{CallResult, Client, ClientError, LocalBoxFuture, RequestMethod};

use crate::app::beside::Beside;
use crate::app::{InFront, MakeClient};
use crate::journal::{Action, Rung, ServerName};

/// A bare SDK's program.
pub struct Bare {
    maker: Rc<dyn MakeClient>,
    clients: RefCell<BTreeMap<ServerName, Arc<dyn Client>>>,
    beside: Beside,
}

impl Bare {
    /// A program without clients.
    #[must_use]
    pub fn new(maker: Rc<dyn MakeClient>) -> Self {
        Self {
            beside: Beside::new(Rc::clone(&maker), false),
            maker,
            clients: RefCell::default(),
        }
    }

    fn client(&self, server: &ServerName) -> Result<Arc<dyn Client>, ClientError> {
        let found = self.clients.borrow().get(server).cloned();
        found.ok_or_else(|| ClientError::new("no client of that server"))
    }

    /// The n-th of a server, which is there for a request.
    async fn nth(&self, server: &ServerName, nth: u8) -> Result<Arc<dyn Client>, ClientError> {
        match nth {
            1 => self.client(server),
            nth => self.beside.client(server, nth).await,
        }
    }

    async fn carry_out(
        &self,
        action: Action,
        server: Option<&ServerName>,
    ) -> Result<(), ClientError> {
        let Some(server) = server else { return Ok(()) };
        match action {
            Action::Add => {
                let client = self.maker.make((server, 1), None);
                self.clients
                    .borrow_mut()
                    .insert(Arc::clone(server), Arc::clone(&client));
                client.connect().await
            }
            Action::Connect => self.client(server)?.connect().await,
            Action::Disconnect => {
                let first = self.client(server)?.disconnect().await;
                first.and(self.beside.leave(server).await)
            }
            Action::Delete => {
                let client = self.clients.borrow_mut().remove(server);
                let first = match client {
                    Some(client) => client.disconnect().await,
                    None => Ok(()),
                };
                first.and(self.beside.leave(server).await)
            }
            Action::Reload
            | Action::NewConversation
            | Action::OpenIncognito
            | Action::OpenNormal => Ok(()),
        }
    }
}

impl InFront for Bare {
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
            let client = self.nth(server, nth).await?;
            client.call_tool(tool.to_owned(), arguments).await
        })
    }

    fn request<'a>(
        &'a self,
        (server, nth): (&'a ServerName, u8),
        method: RequestMethod,
        params: Value,
    ) -> LocalBoxFuture<'a, CallResult> {
        Box::pin(async move {
            let client = self.nth(server, nth).await?;
            client.request(method, params).await
        })
    }

    fn offers(&self, (server, nth): (&ServerName, u8), method: RequestMethod) -> bool {
        let client = match nth {
            1 => self.client(server).ok(),
            nth => self.beside.live(server, nth),
        };
        client.is_none_or(|client| client.offers(method))
    }

    fn has_rung(&self, rung: Rung) -> bool {
        !matches!(rung, Rung::NewConversation | Rung::Incognito)
    }
}
