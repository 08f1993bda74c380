//! The command from outside: what it refuses, how it ends, and that nothing but loopback takes part.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::application::{Run, asking, get};

const SCENARIO: &str = "scenarios/incident-48557/ten-steps.yaml";

/// What the command says that does not even begin.
fn refused(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_stalemate"))
        .arg("serve")
        .args(args)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdin(Stdio::null())
        .output()
        .expect("the command runs");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{err}");
    err
}

#[test]
fn what_cannot_be_is_said() {
    let dir = tempfile::tempdir().expect("a directory");
    let none = dir.path().join("none/kept.jsonl");
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    for (args, said) in [
        (&[SCENARIO][..], "no terminal"),
        (
            &[SCENARIO, "--auto", "--host", "0.0.0.0"],
            "not an address of this machine alone",
        ),
        (
            &[SCENARIO, "--auto", "--host", "192.168.1.1"],
            "not an address of this machine alone",
        ),
        (
            &[SCENARIO, "--auto", "--host", "::"],
            "not an address of this machine alone",
        ),
        (
            &[SCENARIO, "--auto", "--host", "localhost"],
            "not an address of this machine alone",
        ),
        (&[SCENARIO, "--auto", "--port", &port], "in use"),
        (&[SCENARIO, "--auto", "--page", &port], "in use"),
        (&[SCENARIO, "--auto", "--port", "0"], "from 1 to 65535"),
        (&[SCENARIO, "--auto", "--pace", "0"], "1..=1000"),
        (
            &[SCENARIO, "--auto", "--for", "soon"],
            "a number and a unit",
        ),
        (
            &[SCENARIO, "--auto", "--client", "connector/spec-405"],
            "did you mean `connector/spec-404`",
        ),
        (
            &[SCENARIO, "--auto", "--record", "kept.json"],
            "ends in .jsonl",
        ),
        (
            &[
                SCENARIO,
                "--auto",
                "--record",
                none.to_str().expect("UTF-8"),
            ],
            "there is no directory",
        ),
        (
            &["scenarios/auth/token-expires.yaml", "--auto"],
            "asks for bearer tokens",
        ),
        (&["scenarios/none.yaml", "--auto"], "none.yaml"),
    ] {
        let err = refused(args);
        assert!(err.contains(said), "{args:?}: {err}");
    }
}

/// The local and remote addresses of a process's sockets.
#[cfg(target_os = "linux")]
fn sockets(process: u32) -> BTreeSet<String> {
    let links = fs::read_dir(format!("/proc/{process}/fd")).expect("it runs");
    let links = links
        .flatten()
        .filter_map(|fd| fs::read_link(fd.path()).ok());
    let inodes: Vec<String> = links
        .filter_map(|to| {
            let to = to.to_str()?.strip_prefix("socket:[")?;
            Some(to.strip_suffix(']')?.to_owned())
        })
        .collect();
    let mut addresses = BTreeSet::new();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let Ok(text) = fs::read_to_string(Path::new("/proc/net").join(table)) else {
            continue;
        };
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if inodes.iter().any(|inode| inode == fields[9]) {
                let host = |field: &str| field.split(':').next().expect("a host").to_owned();
                addresses.insert(host(fields[1]));
                addresses.insert(host(fields[2]));
            }
        }
    }
    addresses
}

/// With an exchange through the whole path under way, so that all that is dialled has been.
#[cfg(target_os = "linux")]
#[test]
fn nothing_but_loopback_is_bound_or_dialled() {
    // 127.0.0.1 and ::1 as the kernel spells them, and the far end of what only listens.
    let v4 = ["0100007F", "00000000"];
    let v6 = [
        "00000000000000000000000001000000",
        "00000000000000000000000000000000",
    ];
    for (host, all) in [("127.0.0.1", &v4), ("::1", &v6)] {
        if host == "::1" && TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
            println!("left out: this machine has no ::1");
            continue;
        }
        let mut run = Run::start(&[SCENARIO, "--page", "0", "--host", host]);
        let at = run.page();
        let now = asking(&at);
        let url = now["state"]["addresses"][0]["url"].as_str().expect("a URL");
        let door = url.trim_start_matches("http://").trim_end_matches("/mcp");
        let (status, _) = get(door, "/mcp");
        assert_eq!(status, 400, "the gateway wants an id, at {door}");
        let found = sockets(run.id());
        assert!(found.contains(all[0]), "{found:?}");
        assert!(found.iter().all(|a| all.contains(&a.as_str())), "{found:?}");
        // Who is no process of the run does not get in behind the door.
        let way = now["state"]["addresses"][0]["way"]
            .as_array()
            .expect("a list");
        for hop in way {
            let hop = hop[1].as_str().expect("an address");
            assert!(is_shut(hop), "{hop}");
        }
    }
}

/// Whether whoever comes there is sent away without a word.
fn is_shut(at: &str) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(at) else {
        return false;
    };
    let _ = stream.write_all(b"GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer.is_empty()
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_with_what_there_is() {
    let mut run = Run::start(&[SCENARIO, "--page", "0"]);
    run.page();
    let id = run.id().to_string();
    let told = Command::new("kill").args(["-INT", &id]).status();
    assert!(told.expect("kill runs").success());
    let (code, out) = run.end();
    assert_eq!(code, 5, "{out}");
    assert!(
        out.contains("it was stopped before the scenario was over"),
        "{out}"
    );
}

#[test]
fn the_ports_are_those_that_are_asked_for() {
    let free = |ports: &[u16]| {
        ports
            .iter()
            .all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
    };
    if !free(&[3000, 3001]) {
        println!("left out: port 3000 or 3001 is taken");
        return;
    }
    let mut run = Run::start(&[SCENARIO, "--page", "0", "--port", "scenario"]);
    let at = run.page();
    let now = asking(&at);
    let addresses = now["state"]["addresses"].as_array().expect("a list");
    let urls: Vec<&str> = addresses.iter().filter_map(|a| a["url"].as_str()).collect();
    assert_eq!(
        urls,
        ["http://127.0.0.1:3001/mcp", "http://127.0.0.1:3000/mcp"]
    );
}
