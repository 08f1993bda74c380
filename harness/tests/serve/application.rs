//! An application led by a script: a real client's driver, told what the page of a run asks for, and a small HTTP client that
//! reads the page and answers there.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stalemate::clients::Program;

/// How long a run may take.
const LIMIT: Duration = Duration::from_secs(150);
/// How long a client may take for what it is told.
const PATIENCE: Duration = Duration::from_secs(70);

/// What an HTTP answer says: its status and its body.
pub(crate) fn ask(at: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(at).expect("the page listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a limit");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).expect("a status");
    (status.parse().expect("a number"), body.to_owned())
}

/// A GET of the page.
pub(crate) fn get(at: &str, path: &str) -> (u16, String) {
    ask(
        at,
        &format!("GET {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n"),
    )
}

/// The state of a run with the page's token; `None` once nobody answers any more.
pub(crate) fn state(at: &str) -> Option<Value> {
    TcpStream::connect(at).ok()?;
    let (status, body) = get(at, "/state");
    assert_eq!(status, 200, "{body}");
    Some(serde_json::from_str(&body).expect("JSON"))
}

/// The state of a run once something is asked.
pub(crate) fn asking(at: &str) -> Value {
    let began = Instant::now();
    loop {
        let now = state(at).expect("it is there");
        if now["state"]["prompts"][0].is_object() {
            return now;
        }
        assert!(began.elapsed() < PATIENCE, "nothing is asked: {now}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Presses a button.
pub(crate) fn press(at: &str, token: &str, prompt: &Value, answer: &str) -> u16 {
    let body = json!({"prompt": prompt, "answer": answer}).to_string();
    let head = format!(
        "POST /press HTTP/1.1\r\nHost: {at}\r\nX-Stalemate-Token: {token}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    ask(at, &format!("{head}{body}")).0
}

/// A run of the command, with its output.
pub(crate) struct Run {
    child: Child,
    lines: Receiver<String>,
    pub(crate) out: String,
}

impl Run {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stalemate"))
            .arg("serve")
            .args(args)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let (to, lines) = channel();
        let out = BufReader::new(child.stdout.take().expect("piped"));
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = to.send(line);
            }
        });
        Self {
            child,
            lines,
            out: String::new(),
        }
    }

    /// Where its page is.
    pub(crate) fn page(&mut self) -> String {
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(30));
            let line = line.unwrap_or_else(|_| panic!("it says no page: {}", self.out));
            self.out.push_str(&line);
            self.out.push('\n');
            if let Some((_, at)) = line.split_once("buttons: http://") {
                return at.trim_end_matches('/').to_owned();
            }
        }
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its exit code, once it has ended, and all that it said.
    pub(crate) fn end(mut self) -> (i32, String) {
        let began = Instant::now();
        let code = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status.code().expect("no signal");
            }
            assert!(began.elapsed() < LIMIT, "it does not end: {}", self.out);
            thread::sleep(Duration::from_millis(10));
        };
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(5)) {
            self.out.push_str(&line);
            self.out.push('\n');
        }
        (code, std::mem::take(&mut self.out))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A driver of a real client, in real time.
struct Driver {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    asked: u64,
}

impl Driver {
    fn start(program: &Program) -> Self {
        let mut child = Command::new(&program.command[0])
            .args(&program.command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the driver starts");
        let (to, from) = channel();
        let out = BufReader::new(child.stdout.take().expect("piped"));
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = to.send(serde_json::from_str(&line).expect("a line of the protocol"));
            }
        });
        let driver = Self {
            to: child.stdin.take().expect("piped"),
            child,
            from,
            asked: 0,
        };
        let ready = driver.from.recv_timeout(PATIENCE).expect("it is ready");
        assert_eq!(ready["ready"], 1);
        driver
    }

    /// Tells it something. The error is what its user is told; `None` if nothing came.
    fn tell(&mut self, mut what: Value) -> Option<Result<(), String>> {
        self.asked += 1;
        what["id"] = self.asked.into();
        writeln!(self.to, "{what}").expect("it listens");
        let began = Instant::now();
        loop {
            let left = PATIENCE.checked_sub(began.elapsed())?;
            let said = self.from.recv_timeout(left).ok()?;
            if said["id"] == self.asked {
                let error = said["error"].as_str().map(str::to_owned);
                return Some(error.map_or(Ok(()), Err));
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An application around a bare client.
pub(crate) struct Application {
    program: Program,
    clients: BTreeMap<String, Driver>,
}

impl Application {
    pub(crate) fn of(program: Program) -> Self {
        Self {
            program,
            clients: BTreeMap::new(),
        }
    }

    /// Does what a prompt asks for, and returns what a person would press.
    fn carry_out(&mut self, task: &Value) -> &'static str {
        let server = task["server"].as_str().unwrap_or_default().to_owned();
        let mut tell = |what: Value| {
            let client = self.clients.get_mut(&server);
            client.expect("a client of that server").tell(what)
        };
        let ended = match task["do"].as_str().unwrap_or_default() {
            "add" => {
                let client = Driver::start(&self.program);
                self.clients.insert(server.clone(), client);
                let client = self.clients.get_mut(&server).expect("put there");
                client.tell(json!({"op": "connect", "url": task["url"]}))
            }
            "connect" => tell(json!({"op": "connect", "url": task["url"]})),
            "disconnect" => tell(json!({"op": "disconnect"})),
            "delete" => {
                let ended = tell(json!({"op": "disconnect"}));
                self.clients.remove(&server);
                ended
            }
            "call" => tell(json!({
                "op": "call_tool", "name": task["tool"], "arguments": task["arguments"],
            })),
            // A fault, which happens when it is pressed.
            "" => Some(Ok(())),
            other => panic!("{other}: {task}"),
        };
        match ended {
            Some(Ok(())) => "done",
            Some(Err(_)) => "failed",
            None => "nothing",
        }
    }

    /// Does what the page asks for until it says how it ended, and says so there, if it presses.
    pub(crate) fn play(&mut self, at: &str, presses: bool) -> Value {
        let began = Instant::now();
        let mut seen = BTreeSet::new();
        let mut last = Value::Null;
        while let Some(now) = state(at) {
            assert!(began.elapsed() < LIMIT, "{now}");
            let prompts = now["state"]["prompts"].as_array().expect("a list").clone();
            for prompt in prompts {
                if !seen.insert(prompt["id"].as_u64().expect("a number")) {
                    continue;
                }
                let answer = self.carry_out(&prompt["task"]);
                if presses {
                    let token = now["token"].as_str().expect("a token");
                    // What the wire has shown by then is not asked any more.
                    let status = press(at, token, &prompt["id"], answer);
                    assert!(matches!(status, 200 | 409), "{status}: {prompt}");
                }
            }
            last = now["state"].clone();
            if !last["end"].as_array().expect("lines").is_empty() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        last
    }
}

/// The program of an installed client, or `None` after saying that it is left out. With `STALEMATE_CLIENTS=all` it must be
/// there.
pub(crate) fn installed(name: &str) -> Option<Program> {
    let known = stalemate::programs::known().into_iter();
    let client = known.into_iter().find(|known| known.name == name);
    let client = client.expect("a known client");
    let all = std::env::var_os("STALEMATE_CLIENTS").is_some_and(|value| value == "all");
    assert!(!all || client.is_installed(), "{name} is not installed");
    if client.is_installed() {
        return Some(client.program());
    }
    println!("left out: {name} is not installed: `stalemate install {name}` installs it");
    None
}

/// The record that a run kept.
pub(crate) fn record(file: &Path) -> stalemate::journal::Record {
    let text = std::fs::File::open(file).expect("it was kept");
    stalemate::journal::Record::read(BufReader::new(text)).expect("a record")
}
