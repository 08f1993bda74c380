//! A headless Chromium and the pipe that it is driven by: JSON messages of the DevTools protocol, each ended by a NUL, which
//! it reads from descriptor 3 and writes to descriptor 4.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a browser may take for one thing. Far more than it needs: a machine may be busy.
const LIMIT: Duration = Duration::from_secs(60);

/// The shell hands its own standard input and output to the browser as descriptors 3 and 4. Chromium's sandbox refuses to
/// start for root.
const START: &str = r#"if [ "$(id -u)" = 0 ]; then set -- --no-sandbox "$@"; fi
exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null"#;

/// No window, no profile of anybody's, nothing in the background, and no name that could be looked up but this machine's.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--remote-debugging-pipe",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--disable-features=MediaRouter,OptimizationHints,Translate,InterestFeedContentSuggestions",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--password-store=basic",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--mute-audio",
];

/// The browser's program.
///
/// # Errors
/// Why there is none, with what to do.
pub(crate) fn find() -> Result<PathBuf, String> {
    if let Some(said) = env::var_os("STALEMATE_BROWSER") {
        let said = PathBuf::from(said);
        assert!(
            said.is_file(),
            "STALEMATE_BROWSER names no file: {}",
            said.display()
        );
        return Ok(said);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .flat_map(|dir| ["chromium", "chromium-browser"].map(|name| dir.join(name)))
        .find(|file| file.is_file());
    found.ok_or_else(|| {
        "no `chromium` on the path; install it, or name one in STALEMATE_BROWSER".to_owned()
    })
}

/// A running browser.
pub(crate) struct Chromium {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    next: u64,
    /// Events that came while an answer was waited for.
    events: Vec<Value>,
    /// Its profile, and what it downloads.
    home: TempDir,
}

impl Chromium {
    /// Starts one with an empty profile.
    pub(crate) fn start() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let mut child = Command::new("sh")
            .args(["-c", START])
            .arg(find().unwrap_or_else(|why| panic!("{why}")))
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", home.path().display()))
            .env("HOME", home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let to = child.stdin.take().expect("piped");
        let from = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, receiver) = mpsc::channel();
        // A pipe cannot be read with a limit; a channel can.
        thread::spawn(move || {
            for message in from.split(0) {
                let Ok(message) = message else { break };
                let message = serde_json::from_slice(&message).expect("the browser speaks JSON");
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            to,
            from: receiver,
            next: 0,
            events: Vec::new(),
            home,
        }
    }

    /// The directory that is the browser's alone.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Sends a command, to that page if it is one's own, and returns its result.
    pub(crate) fn send(&mut self, page: Option<&str>, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        let mut command = json!({"id": id, "method": method, "params": params});
        if let Some(page) = page {
            command["sessionId"] = json!(page);
        }
        let mut bytes = serde_json::to_vec(&command).expect("plain data");
        bytes.push(0);
        self.to.write_all(&bytes).expect("the browser listens");
        let until = Instant::now() + LIMIT;
        loop {
            let message = self.receive(until, method);
            if message["id"] != json!(id) {
                self.events.push(message);
                continue;
            }
            assert!(message["error"].is_null(), "{method}: {}", message["error"]);
            return message["result"].clone();
        }
    }

    /// The next event of that name, be it one that came already.
    pub(crate) fn event(&mut self, name: &str) -> Value {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.events.iter().position(|e| e["method"] == name) {
                return self.events.remove(at)["params"].clone();
            }
            let message = self.receive(until, name);
            self.events.push(message);
        }
    }

    /// What events of that name came so far.
    pub(crate) fn seen(&self, name: &str) -> Vec<&Value> {
        let of_name = self.events.iter().filter(|e| e["method"] == name);
        of_name.map(|e| &e["params"]).collect()
    }

    fn receive(&mut self, until: Instant, what: &str) -> Value {
        let left = until.saturating_duration_since(Instant::now());
        match self.from.recv_timeout(left) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => panic!("no {what} within {LIMIT:?}"),
            Err(RecvTimeoutError::Disconnected) => {
                panic!("the browser ended: {:?}", self.child.try_wait())
            }
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Closed by word, it takes its helpers with it; what does not listen any more is ended.
        let _ = self
            .to
            .write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.from.recv_timeout(left) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.child.kill();
                    break;
                }
            }
        }
        let _ = self.child.wait();
    }
}
