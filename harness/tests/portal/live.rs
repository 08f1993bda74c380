//! A model server and a client's program in real time, on plain sockets of this machine.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use stalemate::clients::Program;
use stalemate::live::serve::ModelServer;
use stalemate::server::{Dialect, Durable};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// How long anything may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// A model server of a dialect on a thread of its own. It is gone with this.
pub(crate) struct Server {
    pub(crate) at: SocketAddr,
    /// Asks for a restart, and whom to tell that it is over.
    restart: UnboundedSender<Sender<()>>,
}

impl Server {
    pub(crate) fn start(dialect: Arc<Dialect>) -> Self {
        let (tell, told) = channel();
        let (restart, mut asked) = unbounded_channel::<Sender<()>>();
        thread::spawn(move || {
            let model = ModelServer::new(dialect, Durable::Nothing, 1).expect("a port");
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
                    // It ends when it is told to.
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
        // Its sender is dropped when the life before is over.
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

    /// Waits until it computes no more: until all of its threads have slept for a while.
    pub(crate) fn rests(&self) {
        let folder = format!("/proc/{}/task", self.child.id());
        // What each thread has computed, and whether it sleeps.
        let state = || -> io::Result<Vec<(String, bool)>> {
            let tasks = std::fs::read_dir(&folder)?;
            let of_task = |task: io::Result<std::fs::DirEntry>| {
                let path = task?.path();
                let stat = std::fs::read_to_string(path.join("stat"))?;
                let sleeps = stat
                    .rsplit(')')
                    .next()
                    .is_some_and(|rest| rest.starts_with(" S"));
                Ok((std::fs::read_to_string(path.join("schedstat"))?, sleeps))
            };
            tasks.map(of_task).collect()
        };
        let (began, mut last, mut same) = (Instant::now(), None, 0);
        while same < 4 && began.elapsed() < LIMIT {
            // One that has ended rests.
            let Ok(now) = state() else { return };
            let sleeps = now.iter().all(|(_, sleeps)| *sleeps);
            same = if sleeps && last.as_ref() == Some(&now) {
                same + 1
            } else {
                0
            };
            last = Some(now);
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Tells it a line. One that has ended does not hear it.
    pub(crate) fn tell(&mut self, line: &str) {
        let to = self.to.as_mut().expect("its input is open");
        let _ = writeln!(to, "{line}");
    }

    /// Waits for the answer under that number for at most so long.
    pub(crate) fn answer(&mut self, id: u64, limit: Duration) -> Option<Value> {
        let began = Instant::now();
        loop {
            let left = limit.saturating_sub(began.elapsed());
            let said = self.from.recv_timeout(left).ok()?;
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
