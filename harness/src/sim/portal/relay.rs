//! A program's connections on the side of the simulation: each is dialled as any other client's, so that it is tapped and
//! recorded as theirs, and what passes goes on to the program.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use stalemate_clients::{Dialler, NotificationSink};
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::spawn_local;

use super::SharedDesk;
use super::lines::Said;
use super::words::{Did, Give, Order};

/// Bytes that are read at once.
const AT_ONCE: usize = 16 * 1024;

/// What a program answers.
pub(super) type Answer = Result<Value, String>;

/// Whom the answers are for, by number.
#[derive(Default)]
struct ByNumber {
    waiting: BTreeMap<u64, oneshot::Sender<Answer>>,
    /// The requests that the program does not offer.
    lacks: Vec<String>,
    /// Why nothing is answered any more.
    closed: Option<String>,
}

/// Whom the answers to what a program was told are for.
#[derive(Clone, Default)]
pub(super) struct Open(Arc<Mutex<ByNumber>>);

impl Open {
    fn with<T>(&self, act: impl FnOnce(&mut ByNumber) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for the answer under that number.
    pub(super) fn expect(&self, id: u64) -> oneshot::Receiver<Answer> {
        let (to, answer) = oneshot::channel();
        self.with(|open| match &open.closed {
            Some(why) => drop(to.send(Err(why.clone()))),
            None => drop(open.waiting.insert(id, to)),
        });
        answer
    }

    /// Whether the program has said that it offers no such request.
    pub(super) fn lacks(&self, method: &str) -> bool {
        self.with(|open| open.lacks.iter().any(|lacked| lacked == method))
    }

    fn answer(&self, id: u64, answer: Answer) {
        if let Some(to) = self.with(|open| open.waiting.remove(&id)) {
            // Whoever asked may have given up.
            let _ = to.send(answer);
        }
    }

    /// Nothing is answered any more.
    fn close(&self, why: &str) {
        self.with(|open| {
            open.closed = Some(why.to_owned());
            for to in std::mem::take(&mut open.waiting).into_values() {
                let _ = to.send(Err(why.to_owned()));
            }
        });
    }
}

/// Carries what a program does into the simulation, until it is gone.
pub(super) async fn carry(
    mut did: UnboundedReceiver<Did>,
    desk: SharedDesk,
    program: u32,
    dialler: Dialler,
    open: Open,
    sink: NotificationSink,
) {
    let mut conns: BTreeMap<u32, UnboundedSender<Did>> = BTreeMap::new();
    while let Some(did) = did.recv().await {
        match did {
            Did::Connect(conn) => {
                let (to, from) = unbounded_channel();
                conns.insert(conn, to);
                let give = Giving {
                    desk: desk.clone(),
                    program,
                    conn,
                };
                spawn_local(relay(dialler.clone(), give, from));
            }
            Did::Bytes(conn, _) | Did::Finished(conn) => {
                if let Some(to) = conns.get(&conn) {
                    let _ = to.send(did);
                }
            }
            Did::Closed(conn) => {
                if let Some(to) = conns.remove(&conn) {
                    let _ = to.send(did);
                }
            }
            Did::Said(Said::Answer(id, answer)) => open.answer(id, answer),
            Did::Said(Said::Notification(method)) => sink(&method),
            Did::Said(Said::Ready(lacks)) => open.with(|open| open.lacks = lacks),
            Did::Said(_) => {}
            Did::Ended(how) => return open.close(&how),
        }
    }
    open.close("the client's program has ended");
}

/// Where what happens to one connection goes.
struct Giving {
    desk: SharedDesk,
    program: u32,
    conn: u32,
}

impl Giving {
    fn give(&self, what: Give) {
        self.desk.order(self.program, Order::Give(self.conn, what));
    }
}

/// One connection, from its dialling until the program closes it.
async fn relay(dialler: Dialler, to: Giving, mut from: UnboundedReceiver<Did>) {
    let dialled = tokio::select! {
        biased;
        // It gave up: nothing else can come from it before it is connected.
        _ = from.recv() => return,
        dialled = dialler.dial() => dialled,
    };
    let Ok(stream) = dialled else {
        return to.give(Give::Refused);
    };
    to.give(Give::Connected);
    let (mut reads, mut writes) = split(stream);
    let outward = async {
        while let Some(did) = from.recv().await {
            let written = match did {
                Did::Bytes(_, bytes) => match writes.write_all(&bytes).await {
                    Ok(()) => writes.flush().await,
                    failed => failed,
                },
                Did::Finished(_) => writes.shutdown().await,
                _ => break,
            };
            if written.is_err() {
                to.give(Give::Reset);
            }
        }
        // As a kernel does it, what was written still goes out.
        let _ = writes.shutdown().await;
    };
    let inward = async {
        let mut bytes = vec![0; AT_ONCE];
        loop {
            match reads.read(&mut bytes).await {
                Ok(0) => break to.give(Give::Finished),
                Ok(len) => to.give(Give::Bytes(bytes[..len].to_vec())),
                Err(_) => break to.give(Give::Reset),
            }
        }
        std::future::pending().await
    };
    tokio::select! {
        biased;
        () = outward => {}
        () = inward => {}
    }
}
