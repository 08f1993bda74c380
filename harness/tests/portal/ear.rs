//! What stands between a client and a server in real time: it hears every request as it was sent, and does to some of them, or
//! to all connections, what a network and a proxy do.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use crate::live::LIMIT;

/// What becomes of an exchange.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The request is answered by a reset, and gets no further.
    Reset,
    /// The request is answered by the end of the connection, and gets no further.
    Close,
    /// The connection ends after so many bytes of the answer.
    CutHead(usize),
    /// It ends after so many bytes of the answer's body.
    CutBody(usize),
    /// The answer comes so many milliseconds later.
    Delay(u64),
    /// That is answered.
    Answer(Vec<u8>),
    /// The request is lost; the connection stays.
    Drop,
}

/// The length of the request that begins there; `None` if it is not whole yet.
fn length(bytes: &[u8]) -> Option<usize> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(end) = head.parse(bytes).expect("HTTP") else {
        return None;
    };
    let named = |name: &str| {
        let mut headers = head.headers.iter();
        let found = headers.find(|h| h.name.eq_ignore_ascii_case(name));
        found.map(|h| std::str::from_utf8(h.value).expect("a text"))
    };
    assert_eq!(named("transfer-encoding"), None, "a body in chunks");
    let body = named("content-length").map_or(0, |len| len.parse().expect("a number"));
    (bytes.len() >= end + body).then_some(end + body)
}

/// Requests, in the order in which they became whole.
#[derive(Default)]
pub(crate) struct Requests {
    open: BTreeMap<(u32, u32), Vec<u8>>,
    pub(crate) whole: Vec<Vec<u8>>,
}

impl Requests {
    /// Takes bytes of a connection.
    pub(crate) fn feed(&mut self, conn: (u32, u32), bytes: &[u8]) {
        let open = self.open.entry(conn).or_default();
        open.extend(bytes);
        while !open.is_empty()
            && let Some(len) = length(open)
        {
            let rest = open.split_off(len);
            self.whole.push(std::mem::replace(open, rest));
        }
    }
}

struct Shared {
    server: SocketAddr,
    requests: Mutex<Requests>,
    bell: Condvar,
    /// What becomes of the first request that has that text in its body.
    faults: Mutex<Vec<(String, Fault)>>,
    clients: Mutex<Vec<Arc<TcpStream>>>,
    refuses: AtomicBool,
}

/// It, on a port of this machine.
pub(crate) struct Ear {
    shared: Arc<Shared>,
    at: SocketAddr,
    closed: Receiver<()>,
}

impl Ear {
    pub(crate) fn before(server: SocketAddr, faults: Vec<(String, Fault)>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let at = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            server,
            requests: Mutex::default(),
            bell: Condvar::new(),
            faults: Mutex::new(faults),
            clients: Mutex::default(),
            refuses: AtomicBool::new(false),
        });
        let closed = listen(listener, &shared);
        Self { shared, at, closed }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.at)
    }

    /// Waits until so many requests were heard, for at most as long as anything may take. Returns whether they were.
    pub(crate) fn waited_for(&self, count: usize) -> bool {
        let few = |requests: &mut Requests| requests.whole.len() < count;
        let bell = &self.shared.bell;
        let waited = bell.wait_timeout_while(self.requests(), LIMIT, few);
        !waited.expect("no panic").1.timed_out()
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.shared.requests.lock().expect("no panic")
    }

    pub(crate) fn heard(&self) -> Vec<Vec<u8>> {
        self.requests().whole.clone()
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        let mut clients = self.shared.clients.lock().expect("no panic");
        for client in clients.drain(..) {
            let _ = client.shutdown(Shutdown::Both);
        }
    }

    /// Ends all connections, and refuses others.
    pub(crate) fn refuse(&self) {
        self.shared.refuses.store(true, Ordering::SeqCst);
        // It looks when somebody comes.
        let _ = TcpStream::connect(self.at);
        let closed = self.closed.recv_timeout(LIMIT);
        closed.expect("it closes its port");
        self.cut();
    }

    /// Takes connections again.
    pub(crate) fn accept(&mut self) {
        self.shared.refuses.store(false, Ordering::SeqCst);
        let listener = TcpListener::bind(self.at).expect("the same port");
        self.closed = listen(listener, &self.shared);
    }
}

/// Takes connections, until it is to refuse them; then says so once its port is closed.
fn listen(listener: TcpListener, shared: &Arc<Shared>) -> Receiver<()> {
    let (tell, closed) = channel::<()>();
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        let mut conn = 0;
        while let Ok((client, _)) = listener.accept() {
            if shared.refuses.load(Ordering::SeqCst) {
                break;
            }
            conn += 1;
            // Nobody may be there: then the client meets the same.
            if let Ok(server) = TcpStream::connect(shared.server) {
                between(client, server, conn, &shared);
            }
        }
        drop(listener);
        let _ = tell.send(());
    });
    closed
}

/// Hands on what passes between a client and a server, until one of them has said all.
fn between(client: TcpStream, server: TcpStream, conn: u32, shared: &Arc<Shared>) {
    for stream in [&client, &server] {
        stream.set_nodelay(true).expect("a socket");
    }
    let (client, server) = (Arc::new(client), Arc::new(server));
    let (to_answers, of_answers) = channel();
    {
        let mut clients = shared.clients.lock().expect("no panic");
        clients.push(Arc::clone(&client));
    }
    let requests = {
        let (client, server, shared) =
            (Arc::clone(&client), Arc::clone(&server), Arc::clone(shared));
        move || hear(&client, &server, conn, &shared, &to_answers)
    };
    thread::spawn(requests);
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        answer(&client, &server, &of_answers);
        let _ = server.shutdown(Shutdown::Both);
        let mut clients = shared.clients.lock().expect("no panic");
        clients.retain(|other| !Arc::ptr_eq(other, &client));
    });
}

/// Hears requests and hands them on; tells whoever hands on the answers what is to become of the next one.
fn hear(
    mut client: &TcpStream,
    mut server: &TcpStream,
    conn: u32,
    shared: &Shared,
    answers: &Sender<Option<Fault>>,
) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(len @ 1..) = client.read(&mut bytes) {
        let whole = {
            let mut requests = shared.requests.lock().expect("no panic");
            let before = requests.whole.len();
            requests.feed((0, conn), &bytes[..len]);
            shared.bell.notify_all();
            requests.whole[before..].to_vec()
        };
        for request in whole {
            match fault(shared, &request) {
                Some(Fault::Drop) => continue,
                Some(Fault::Reset) => {
                    // Closing it is a reset then, and nothing else closes it before.
                    let now = Some(Duration::ZERO);
                    SockRef::from(client).set_linger(now).expect("a socket");
                    let _ = answers.send(Some(Fault::Reset));
                    let _ = server.shutdown(Shutdown::Both);
                    return;
                }
                Some(Fault::Close) => {
                    let _ = client.shutdown(Shutdown::Both);
                    let _ = server.shutdown(Shutdown::Both);
                    return;
                }
                Some(Fault::Answer(answer)) => {
                    let _ = client.write_all(&answer);
                    continue;
                }
                other => {
                    let _ = answers.send(other);
                }
            }
            if server.write_all(&request).is_err() {
                return;
            }
        }
    }
    let _ = server.shutdown(Shutdown::Write);
}

fn fault(shared: &Shared, request: &[u8]) -> Option<Fault> {
    let mut faults = shared.faults.lock().expect("no panic");
    let text = String::from_utf8_lossy(request);
    let at = faults.iter().position(|(has, _)| text.contains(&**has))?;
    Some(faults.remove(at).1)
}

/// Hands on answers.
fn answer(mut client: &TcpStream, mut server: &TcpStream, of: &Receiver<Option<Fault>>) {
    let (mut bytes, mut cut) = ([0; 16 * 1024], None);
    let mut passed = Vec::new();
    while let Ok(len @ 1..) = server.read(&mut bytes) {
        // The request came before its answer.
        while let Ok(fault) = of.try_recv() {
            passed.clear();
            cut = fault;
            if let Some(Fault::Delay(ms)) = cut {
                thread::sleep(Duration::from_millis(ms));
            }
        }
        let before = passed.len();
        passed.extend(&bytes[..len]);
        let end = match cut {
            Some(Fault::CutHead(after)) => Some(after),
            Some(Fault::CutBody(after)) => {
                let head = passed.windows(4).position(|four| four == b"\r\n\r\n");
                head.map(|head| head + 4 + after)
            }
            _ => None,
        };
        let until = end.map_or(passed.len(), |end| end.min(passed.len()));
        if client.write_all(&passed[before.min(until)..until]).is_err() || end == Some(until) {
            break;
        }
    }
    let is_reset = matches!(of.try_iter().last(), Some(Some(Fault::Reset)));
    if !is_reset {
        let _ = client.shutdown(Shutdown::Both);
    }
}
