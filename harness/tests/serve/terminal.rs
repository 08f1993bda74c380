//! A run on a terminal: Enter, and the other keys. `script` of util-linux makes the terminal; without it this is left out.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// How long something may take to be printed.
const SOON: Duration = Duration::from_secs(30);

/// The command on a terminal of its own.
struct Terminal {
    child: Child,
    out: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    /// `None` where there is nobody to make one.
    fn open(command: &str) -> Option<Self> {
        let spawned = Command::new("script")
            .args(["-qec", command, "/dev/null"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = spawned else {
            println!("left out: there is no `script`");
            return None;
        };
        let mut from = child.stdout.take().expect("piped");
        let (to, out) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(len @ 1..) = from.read(&mut bytes) {
                if to.send(bytes[..len].to_vec()).is_err() {
                    break;
                }
            }
        });
        let seen = String::new();
        Some(Self { child, out, seen })
    }

    /// Waits until that stands there, and returns what stood before it.
    fn until(&mut self, text: &str) -> String {
        loop {
            if let Some((before, after)) = self.seen.split_once(text) {
                let (before, after) = (before.to_owned(), after.to_owned());
                self.seen = after;
                return before;
            }
            let more = self.out.recv_timeout(SOON);
            let more = more.unwrap_or_else(|_| panic!("no `{text}` in {}", self.seen));
            self.seen.push_str(&String::from_utf8_lossy(&more));
        }
    }

    fn key(&mut self, line: &str) {
        let keys = self.child.stdin.as_mut().expect("piped");
        writeln!(keys, "{line}").expect("it listens");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_run_is_led_by_keys() {
    let command = format!(
        "'{}' serve scenarios/incident-48557/ten-steps.yaml --for 60s",
        env!("CARGO_BIN_EXE_stalemate")
    );
    let Some(mut terminal) = Terminal::open(&command) else {
        return;
    };
    terminal.until("To be put into the application:");
    terminal.until("Add memory to your application");
    terminal.until("f: it failed]");
    terminal.key("f");
    terminal.until("add failed: the application showed an error");
    terminal.until("Add bluesky to your application");
    terminal.key("");
    terminal.until("call the tool create_entities of memory");
    terminal.until("\"name\":\"n-001\"");
    // What means nothing is taken for nothing.
    terminal.key("yes please");
    terminal.key("n");
    terminal.until("call 1 (create_entities on memory): an error: the user gave up after");
    terminal.until("call the tool create_entities of bluesky");
    terminal.key("");
    terminal.until("call 2 (create_entities on bluesky): a result");
    terminal.until("Now: memory, bluesky restarted.");
    let before = terminal.until("Enter: let it happen]");
    assert!(!before.contains("is down"), "{before}");
    terminal.key("");
    terminal.until("memory is down: stopped (SIGTERM)");
    terminal.until("Open a new conversation");
    // The end of the input is not the end of the run.
    terminal.key("\u{4}");
    terminal.until("the standard input has ended: go on with the buttons of http://127.0.0.1:");
}
