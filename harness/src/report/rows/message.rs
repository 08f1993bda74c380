//! The rows of messages on the wire.

use std::fmt::Write as _;

use stalemate_wire::Method;

use super::{Detail, Drawing};
use crate::journal::{
    Event, Exchange, Message, ProcessName, RequestSummary, ResponseSummary, Side,
};
use crate::report::grid::Row;
use crate::report::words::{rpc_text, sse};

impl Drawing<'_> {
    pub(super) fn http(
        &mut self,
        at: usize,
        exchange: Exchange,
        here: &ProcessName,
        peer: &ProcessName,
        side: Side,
        message: &Message,
    ) -> Option<(Row, String)> {
        if self.detail == Detail::Short && !self.cast.is_client(here) {
            return None;
        }
        let full = self.detail == Detail::Full;
        let name = if full {
            format!("c{}.{}", exchange.conn.0, exchange.ordinal)
        } else {
            self.names.exchange(exchange)
        };
        let (near, far) = (here.to_string(), peer.to_string());
        let (text, far) = match message {
            Message::Request(request) => {
                let reached = self.chains.reached(exchange).map(ToString::to_string);
                (
                    self.request(request),
                    if full {
                        far
                    } else {
                        reached.unwrap_or(near.clone())
                    },
                )
            }
            Message::Response(response) => {
                if !full && self.is_head_of_answer(at, exchange) {
                    return None;
                }
                let by = self.chains.answered_by(exchange).map(ToString::to_string);
                (
                    self.response(response),
                    if full { far } else { by.unwrap_or(far) },
                )
            }
            Message::Sse(event) if event.comment && !full => return None,
            Message::Sse(event) => {
                let by = self.chains.answered_by(exchange).map(ToString::to_string);
                (sse(event), if full { far } else { by.unwrap_or(far) })
            }
            Message::End { clean: true, .. } if !full && !self.is_get(exchange) => return None,
            Message::End { clean, .. } => (
                if *clean {
                    "stream ends"
                } else {
                    "stream is cut"
                }
                .to_owned(),
                far,
            ),
        };
        let what = match (full, side) {
            (false, _) => "",
            (true, Side::Sent) => "sends ",
            (true, Side::Received) => "gets ",
        };
        let row = match side {
            Side::Sent => Row::Arrow(near.clone(), far),
            Side::Received => Row::Arrow(far, near.clone()),
        };
        let who = if full {
            format!("{near} {what}")
        } else {
            String::new()
        };
        Some((row, format!("{name} {who}{text}")))
    }

    /// Whether the head of a POST's stream is followed at once by the answer itself, which then says it all.
    fn is_head_of_answer(&self, at: usize, exchange: Exchange) -> bool {
        let now = self.entries[at].at_ms;
        let mut next = self.entries[at + 1..].iter().take_while(|e| e.at_ms == now);
        next.any(|e| {
            matches!(&e.event, Event::Http { exchange: x, at: here, message: Message::Sse(_), .. }
                if *x == exchange && self.cast.is_client(here))
        })
    }

    fn is_get(&self, exchange: Exchange) -> bool {
        self.entries.iter().any(|e| {
            matches!(&e.event, Event::Http { exchange: x, message: Message::Request(r), .. }
                if *x == exchange && r.method == Method::Get)
        })
    }

    fn request(&mut self, request: &RequestSummary) -> String {
        let mut text = request.method.as_str().to_owned();
        for rpc in &request.rpc {
            let _ = write!(text, " {}", rpc_text(rpc));
        }
        match &request.session {
            Some(id) => {
                let _ = write!(text, " [{}]", self.names.session(id));
            }
            None => text.push_str(" [no session]"),
        }
        if let Some(token) = &request.token {
            let _ = write!(text, " with {token}");
        }
        if let Some(cursor) = &request.cursor {
            let _ = write!(text, " after event {cursor}");
        }
        if let Some(call) = request.call {
            let _ = write!(text, " for call {}", call.0);
        }
        text
    }

    fn response(&mut self, response: &ResponseSummary) -> String {
        let mut text = response.status.to_string();
        if response.stream {
            text.push_str(" event stream");
        } else if response.bytes > 0 {
            let _ = write!(text, " {} bytes", response.bytes);
        }
        for rpc in &response.rpc {
            let _ = write!(text, ", {}", rpc_text(rpc));
        }
        if let Some(id) = &response.session {
            let _ = write!(text, " [{}]", self.names.session(id));
        }
        text
    }
}
