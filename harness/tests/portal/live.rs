//! The same client in real time, on plain sockets of this machine: a model server, an ear in front of it that hears every
//! request as its client sends it, and the program, which is told what it was told in the simulation.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use stalemate::clients::Program;
use stalemate::dialect;
use stalemate::live::serve::Model;
use stalemate::server::Durable;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(20);

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

/// What was heard, and a bell for those who wait for more.
type Heard = Arc<(Mutex<Requests>, Condvar)>;

/// Hears what clients send to a server, and hands everything on unchanged.
pub(crate) struct Ear {
    heard: Heard,
    at: SocketAddr,
}

impl Ear {
    pub(crate) fn before(server: SocketAddr) -> Self {
        let heard = Heard::default();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let at = listener.local_addr().expect("an address");
        let hears = Arc::clone(&heard);
        thread::spawn(move || {
            for (conn, stream) in listener.incoming().map_while(Result::ok).enumerate() {
                let conn = u32::try_from(conn).expect("few");
                // Nobody may be there: then the client meets the same.
                if let Ok(onward) = TcpStream::connect(server) {
                    between(stream, onward, conn, Arc::clone(&hears));
                }
            }
        });
        Self { heard, at }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.at)
    }

    /// Waits until so many requests were heard, for at most as long as anything may take. Returns whether they were.
    pub(crate) fn waited_for(&self, count: usize) -> bool {
        let (requests, bell) = &*self.heard;
        let requests = requests.lock().expect("no panic");
        let few = |requests: &mut Requests| requests.whole.len() < count;
        let waited = bell.wait_timeout_while(requests, LIMIT, few);
        !waited.expect("no panic").1.timed_out()
    }

    pub(crate) fn heard(&self) -> Vec<Vec<u8>> {
        let (requests, _) = &*self.heard;
        requests.lock().expect("no panic").whole.clone()
    }
}

/// Hands on what passes between a client and a server, until both have said all.
fn between(client: TcpStream, server: TcpStream, conn: u32, heard: Heard) {
    let copy = |mut from: TcpStream, mut to: TcpStream, tell: Box<dyn Fn(&[u8]) + Send>| {
        thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(len @ 1..) = from.read(&mut bytes) {
                tell(&bytes[..len]);
                if to.write_all(&bytes[..len]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Write);
        });
    };
    for stream in [&client, &server] {
        stream.set_nodelay(true).expect("a socket");
    }
    let twice = |stream: &TcpStream| stream.try_clone().expect("a socket");
    let hear = move |bytes: &[u8]| {
        let (requests, bell) = &*heard;
        requests.lock().expect("no panic").feed((0, conn), bytes);
        bell.notify_all();
    };
    copy(twice(&client), twice(&server), Box::new(hear));
    copy(server, client, Box::new(|_| {}));
}

/// A model server of a dialect on a thread of its own. It is gone with this.
pub(crate) struct Server {
    pub(crate) at: SocketAddr,
    /// Asks for a restart, and whom to tell that it is over.
    restart: UnboundedSender<Sender<()>>,
}

impl Server {
    pub(crate) fn start(name: &'static str) -> Self {
        let (tell, told) = channel();
        let (restart, mut asked) = unbounded_channel::<Sender<()>>();
        thread::spawn(move || {
            let dialect = dialect::builtin().into_iter().find(|d| d.name == name);
            let dialect = dialect.expect("a dialect");
            let model = Model::new(dialect, Durable::Nothing, 1).expect("a port");
            tell.send(model.address()).expect("it is waited for");
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().expect("a runtime");
            runtime.block_on(async {
                loop {
                    let asked = async {
                        let asked = asked.recv().await;
                        model.stopped().await;
                        asked
                    };
                    // It ends the life that it is asked to end.
                    let life = async {
                        model.live().await.expect("it lives");
                        std::future::pending::<()>().await;
                    };
                    let over = tokio::select! {
                        biased;
                        () = life => None,
                        over = asked => over,
                    };
                    let Some(over) = over else { break };
                    drop(over);
                }
            });
        });
        let at = told.recv_timeout(LIMIT).expect("it starts");
        Self { at, restart }
    }

    /// Restarts it, and returns once it listens again.
    pub(crate) fn restart(&self) {
        let (over, is_over) = channel();
        self.restart.send(over).expect("it lives");
        // It is dropped when the life before is over.
        let _ = is_over.recv_timeout(LIMIT);
        let began = Instant::now();
        while TcpStream::connect(self.at).is_err() {
            assert!(began.elapsed() < LIMIT, "it does not come up again");
            thread::yield_now();
        }
    }
}

/// A program in real time, started as the portal starts it, but for the library.
pub(crate) struct Real {
    child: Child,
    to: Option<ChildStdin>,
    from: Receiver<Value>,
    _home: tempfile::TempDir,
}

impl Real {
    pub(crate) fn start(program: &Program, url: &str) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let words = program
            .command
            .iter()
            .map(|word| word.replace("{url}", url));
        let words: Vec<String> = words.collect();
        let mut child = Command::new(&words[0])
            .args(&words[1..])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .current_dir(home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let (to, from) = channel();
        let out = BufReader::new(child.stdout.take().expect("piped"));
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = to.send(serde_json::from_str(&line).expect("a line of the protocol"));
            }
        });
        Self {
            to: child.stdin.take(),
            child,
            from,
            _home: home,
        }
    }

    /// Tells it a line, and waits for the answer under that number.
    pub(crate) fn tell(&mut self, line: &str, id: Option<u64>) -> Option<Value> {
        let to = self.to.as_mut().expect("its input is open");
        writeln!(to, "{line}").expect("it listens");
        let id = id?;
        let began = Instant::now();
        loop {
            let left = LIMIT.saturating_sub(began.elapsed());
            let said = self.from.recv_timeout(left);
            let said = said.unwrap_or_else(|_| panic!("nothing is answered to {line}"));
            if said["id"] == id && said.get("method").is_none() {
                return Some(said);
            }
        }
    }

    /// Closes its input, and waits for its end.
    pub(crate) fn hang_up(&mut self) -> io::Result<()> {
        drop(self.to.take());
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > LIMIT {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
