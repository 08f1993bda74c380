//! The client objects that a user has of one server beside the first: an editor beside a chat, a second device. Each is made
//! when it is first asked for something, with a session of its own: nothing is stored of it, and it is handed nothing stored.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use stalemate_clients::{Client, ClientError};
use tokio::sync::OnceCell;

use crate::app::MakeClient;
use crate::journal::ServerName;

/// One of them.
struct Second {
    client: Arc<dyn Client>,
    /// How its connecting ended, once it has.
    connected: OnceCell<Result<(), ClientError>>,
    /// Set once its tools were listed. One that cannot list them stays connected, and lists them with the next request.
    listed: OnceCell<()>,
}

/// All of them.
pub(super) struct Beside {
    maker: Rc<dyn MakeClient>,
    /// Whether each lists the tools once it is connected.
    lists: bool,
    live: RefCell<BTreeMap<(ServerName, u8), Rc<Second>>>,
}

impl Beside {
    /// None yet.
    pub(super) fn new(maker: Rc<dyn MakeClient>, lists: bool) -> Self {
        Self {
            maker,
            lists,
            live: RefCell::default(),
        }
    }

    /// The n-th client object of that server, connected; made if there is none. One that could not connect is dropped, and all
    /// who waited for it are told why.
    pub(super) async fn client(
        &self,
        server: &ServerName,
        nth: u8,
    ) -> Result<Arc<dyn Client>, ClientError> {
        let key = (Arc::clone(server), nth);
        let second = Rc::clone(
            self.live
                .borrow_mut()
                .entry(key.clone())
                .or_insert_with(|| {
                    Rc::new(Second {
                        client: self.maker.make((server, nth), None),
                        connected: OnceCell::new(),
                        listed: OnceCell::new(),
                    })
                }),
        );
        let connecting = async || second.client.connect().await;
        if let Err(error) = second.connected.get_or_init(connecting).await {
            let mut live = self.live.borrow_mut();
            if live.get(&key).is_some_and(|of| Rc::ptr_eq(of, &second)) {
                live.remove(&key);
            }
            return Err(error.clone());
        }
        if self.lists {
            let listing = async || second.client.list_tools().await.map(|_| ());
            second.listed.get_or_try_init(listing).await?;
        }
        Ok(Arc::clone(&second.client))
    }

    /// One that is there already, connected or not.
    pub(super) fn live(&self, server: &ServerName, nth: u8) -> Option<Arc<dyn Client>> {
        let live = self.live.borrow();
        let second = live.get(&(Arc::clone(server), nth))?;
        Some(Arc::clone(&second.client))
    }

    /// Disconnects those of a server, each whatever became of the one before; the first error is returned.
    ///
    /// # Errors
    /// As [`Client::disconnect`].
    pub(super) async fn leave(&self, server: &ServerName) -> Result<(), ClientError> {
        let mut left = Ok(());
        for client in self.take(server) {
            left = left.and(client.disconnect().await);
        }
        left
    }

    /// Those of a server, which are used no more: the next that is asked for is another object.
    pub(super) fn take(&self, server: &ServerName) -> Vec<Arc<dyn Client>> {
        let mut live = self.live.borrow_mut();
        live.extract_if(.., |(of, _), _| of == server)
            .map(|(_, second)| Arc::clone(&second.client))
            .collect()
    }
}
