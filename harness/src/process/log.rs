//! The access log of a hop: a line for each exchange, written when the exchange is over, however it ended.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use stalemate_wire::{Request, Response};

use crate::process::shell::Host;
use crate::proxy::{ChunkCounter, Framing, Hop, LogRecord, nginx::CLIENT_CLOSED_REQUEST};

/// The access logs of a run: the hop's name and a line for each finished exchange, in order.
pub type AccessLogs = Rc<RefCell<Vec<(Arc<str>, String)>>>;

/// The log line of one exchange, written when it is dropped: exchanges end in many ways, and each is logged once.
pub struct Log {
    host: Rc<Host>,
    core: Arc<dyn Hop>,
    logs: AccessLogs,
    peer: Rc<str>,
    request: Request,
    status: u16,
    /// What of the response has been sent.
    pub sent: ChunkCounter,
}

impl Log {
    /// The line of a request that came from `peer`. Until an answer is known, the client counts as having left.
    #[must_use]
    pub fn new(
        host: &Rc<Host>,
        core: &Arc<dyn Hop>,
        logs: &AccessLogs,
        peer: &Rc<str>,
        request: &Request,
    ) -> Self {
        Self {
            host: Rc::clone(host),
            core: Arc::clone(core),
            logs: Rc::clone(logs),
            peer: Rc::clone(peer),
            request: request.clone(),
            status: CLIENT_CLOSED_REQUEST,
            sent: ChunkCounter::new(Framing::NoBody),
        }
    }

    /// The client got that whole response.
    pub fn finish(mut self, response: &Response) {
        self.status = response.status;
        self.sent = ChunkCounter::new(Framing::Length(response.body.len() as u64));
        self.sent.frame(response.body.len());
        self.sent.end();
    }

    /// The client got the head of a response that is framed so.
    pub fn head(&mut self, status: u16, framing: Framing) {
        self.status = status;
        self.sent = ChunkCounter::new(framing);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // A process that is dead writes no log.
        if self.host.process.is_halted() {
            return;
        }
        let record = LogRecord::new(&self.peer, &self.request, self.status, self.sent.sent());
        if let Some(line) = self.core.access_log(&record) {
            self.logs
                .borrow_mut()
                .push((Arc::clone(&self.host.process.name), line));
        }
    }
}
