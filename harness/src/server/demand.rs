//! What a server asks of its clients: requests in the other direction, and the stream that carries each. What a client answers
//! comes in a POST of its own, which is accepted like a notification (POST-04).

use serde_json::json;

use super::dialect::RequestStream;
use super::session::{Stream, StreamId, StreamKind};
use super::state::{ServerCore, Turn};

/// A request of a server to its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Demand {
    /// Whether it is there (PING-01).
    Ping,
    /// Which folders it works on.
    Roots,
    /// That its model complete a text.
    Sampling,
}

impl Demand {
    /// Every one there is.
    pub const ALL: [Self; 3] = [Self::Ping, Self::Roots, Self::Sampling];

    /// The method on the wire.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Roots => "roots/list",
            Self::Sampling => "sampling/createMessage",
        }
    }

    /// The message with that id.
    fn message(self, id: u64) -> String {
        let method = self.method();
        match self {
            Self::Ping | Self::Roots => {
                format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"}}"#)
            }
            Self::Sampling => {
                let content = json!({"type": "text", "text": "Summarize the graph."});
                let messages = json!([{"role": "user", "content": content}]);
                format!(
                    r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{"messages":{messages},"maxTokens":100}}}}"#
                )
            }
        }
    }
}

impl ServerCore {
    /// Asks every session's client.
    pub(super) fn demand(&mut self, t: &mut Turn, demand: Demand) {
        for id in self.table.ids() {
            let Some(session) = self.table.get_mut(&id) else {
                continue;
            };
            let message = demand.message(session.asked);
            session.asked += 1;
            match self.running_call(&id) {
                Some(stream) => self.event(t, stream, message),
                None => self.tell(t, &id, &message),
            }
        }
    }

    /// The stream of the session's oldest call that runs, where the dialect's requests go there.
    fn running_call(&self, session: &str) -> Option<StreamId> {
        if self.dialect.sse.requests != RequestStream::Call {
            return None;
        }
        let open = self.table.connected(session).into_iter();
        let is_call =
            |s: &Stream| s.kind == StreamKind::Post && s.json.is_none() && !s.owed.is_empty();
        let mut calls = open.filter(|(_, s)| is_call(s));
        calls.next().map(|(id, _)| id)
    }
}
