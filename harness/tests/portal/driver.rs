//! A client that is a program of its own, written against the driver protocol with nothing but the standard library; and, by
//! its first argument, several that do what none should, for the tests of the portal.

use std::io::{self, BufRead, Read, Write};
use std::net::{TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// Acts as the client that those arguments ask for, until nothing more is told.
pub(crate) fn run(arguments: &[String]) {
    let (kind, rest) = match arguments.split_first() {
        Some((kind, rest)) => (kind.as_str(), rest),
        None => ("good", &[][..]),
    };
    match kind {
        "mute" => loop {
            thread::park();
        },
        "late" => thread::sleep(Duration::from_secs(2)),
        "babble" => println!("Hello!"),
        _ => {}
    }
    say(&json!({"ready": 1}));
    let mut client = Client::default();
    for line in io::stdin().lock().lines() {
        let told: Value = serde_json::from_str(&line.expect("UTF-8")).expect("JSON");
        let answer = match (kind, told["op"].as_str()) {
            (_, Some("list_tools")) => client.post("tools/list", &json!({})).map(|_| json!([])),
            ("escape", Some("connect")) => Err(escape(rest)),
            (_, Some("connect")) => {
                misbehave(kind, rest);
                client.connect(told["url"].as_str().expect("a URL"))
            }
            (_, Some("call_tool")) => {
                let params = json!({"name": told["name"], "arguments": told["arguments"]});
                client.post("tools/call", &params).map(Value::from)
            }
            _ => Ok(json!(true)),
        };
        say(&match answer {
            Ok(result) => json!({"id": told["id"], "ok": result}),
            Err(why) => json!({"id": told["id"], "error": why}),
        });
    }
}

fn say(message: &Value) {
    println!("{message}");
}

/// The revision that it speaks; a server that settles on another is none for it.
const REVISION: &str = "2025-11-25";

/// A client that opens a connection for each request and knows no streams.
#[derive(Default)]
struct Client {
    host: String,
    path: String,
    session: Option<String>,
    requests: u64,
}

impl Client {
    fn connect(&mut self, url: &str) -> Result<Value, String> {
        let rest = url.strip_prefix("http://").ok_or("no http URL")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        (self.host, self.path) = (host.to_owned(), format!("/{path}"));
        self.session = None;
        let info = json!({"name": "plain", "version": "1"});
        let params = json!({"protocolVersion": REVISION, "capabilities": {}, "clientInfo": info});
        self.post("initialize", &params)?;
        let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        self.exchange(&note.to_string())?;
        Ok(json!(true))
    }

    fn post(&mut self, method: &str, params: &Value) -> Result<String, String> {
        self.requests += 1;
        let id = self.requests;
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.exchange(&message.to_string())
    }

    fn exchange(&mut self, body: &str) -> Result<String, String> {
        let Self { host, path, .. } = self;
        let session = self.session.as_ref();
        let session = session.map_or_else(String::new, |id| {
            format!("Mcp-Session-Id: {id}\r\nMCP-Protocol-Version: {REVISION}\r\n")
        });
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\n{session}Connection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect((host.as_str(), 80)).map_err(|e| e.to_string())?;
        stream
            .write_all(request.as_bytes())
            .map_err(|e| e.to_string())?;
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .map_err(|e| e.to_string())?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        if !status.starts_with('2') {
            return Err(format!("status {status}"));
        }
        for line in head.lines() {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("mcp-session-id")
            {
                self.session = Some(value.trim().to_owned());
            }
        }
        let chunked = head
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked");
        if chunked && !body.ends_with("0\r\n\r\n") {
            return Err("the answer broke off".to_owned());
        }
        if body.contains("\"error\":") {
            return Err("an error".to_owned());
        }
        Ok(body.to_owned())
    }
}

/// What no client should do while it connects.
fn misbehave(kind: &str, rest: &[String]) {
    if let Some(file) = rest.first() {
        std::fs::write(file, std::process::id().to_string()).expect("a file");
    }
    match kind {
        "spin" => loop {
            std::hint::spin_loop();
        },
        "hang" => loop {
            thread::park();
        },
        "flood" => loop {
            println!("{}", json!({"log": "x".repeat(1000)}));
        },
        "die" => {
            eprintln!("this is the end");
            std::process::exit(3);
        }
        "abort" => std::process::abort(),
        "fork" => drop(Command::new("true").status()),
        "twice" => say(&json!({"id": 99, "ok": true})),
        _ => {}
    }
}

/// Tries to get out, to the ports and the path that are named, and says how each attempt ended.
fn escape(rest: &[String]) -> String {
    let [port, udp, socket] = rest else {
        return "two ports and a path are needed".to_owned();
    };
    let port: u16 = port.parse().expect("a port");
    let udp: u16 = udp.parse().expect("a port");
    let end = |what: &str, result: io::Result<()>| match result {
        Ok(()) => format!("{what} GOT OUT"),
        Err(error) => format!("{what}: {:?}", error.kind()),
    };
    let tcp = |host: &str, port| TcpStream::connect((host, port)).map(drop);
    let datagram = |from: &str, to: &str| {
        let socket = UdpSocket::bind((from, 0))?;
        socket.send_to(b"out", (to, udp)).map(drop)
    };
    let connected = || {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.connect(("127.0.0.1", udp))?;
        socket.send(b"out").map(drop)
    };
    let resolve = || ("example.com", 80).to_socket_addrs().map(drop);
    [
        end("v4", tcp("127.0.0.1", port)),
        end("v6", tcp("::1", port)),
        end("mapped", tcp("::ffff:127.0.0.1", port)),
        end("other", tcp("192.0.2.77", 80)),
        end("outside", tcp("198.51.100.1", 80)),
        end("udp", datagram("0.0.0.0", "127.0.0.1")),
        end("udp6", datagram("::", "::1")),
        end("connected udp", connected()),
        end("dns", resolve()),
        end("unix", UnixStream::connect(socket).map(drop)),
    ]
    .join("; ")
}
