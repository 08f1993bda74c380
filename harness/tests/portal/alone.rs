//! Nothing leaves: whoever a program tries to reach, it gets an error, and nobody hears of it.

use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::{driver, record, scenario};

pub(crate) fn nothing_leaves_by_any_way() {
    let (dir, file) = scenario("");
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = tcp.local_addr().expect("an address").port();
    // On the same port where there is version 6.
    let tcp6 = TcpListener::bind(("::1", port)).ok();
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let path = dir.path().join("socket");
    let unix = UnixListener::bind(&path).expect("a path");
    let to = udp.local_addr().expect("an address").port();
    let record = record(&file, &format!("escape {port} {to} '{}'", path.display()));
    let told = record.lines().find(|line| line.contains("outside: "));
    let told = told.unwrap_or_else(|| panic!("it says how it ended: {record}"));
    assert!(!told.contains("GOT OUT"), "{told}");
    for way in [
        "v4",
        "v6",
        "mapped",
        "outside",
        "udp",
        "udp6",
        "connected udp",
        "unix",
    ] {
        let ends = ["NetworkUnreachable", "AddrNotAvailable", "PermissionDenied"];
        let ended = ends
            .iter()
            .any(|end| told.contains(&format!("{way}: {end}")));
        assert!(ended, "{way}: {told}");
    }
    assert!(told.contains("other: ConnectionRefused"), "{told}");
    assert!(told.contains("dns: Uncategorized"), "{told}");
    tcp.set_nonblocking(true).expect("possible");
    assert_eq!(
        tcp.accept().map(drop).map_err(|e| e.kind()),
        Err(ErrorKind::WouldBlock)
    );
    if let Some(tcp6) = tcp6 {
        tcp6.set_nonblocking(true).expect("possible");
        assert_eq!(
            tcp6.accept().map(drop).map_err(|e| e.kind()),
            Err(ErrorKind::WouldBlock)
        );
    }
    udp.set_nonblocking(true).expect("possible");
    let heard = udp.recv(&mut [0; 16]).map_err(|e| e.kind());
    assert_eq!(heard, Err(ErrorKind::WouldBlock));
    unix.set_nonblocking(true).expect("possible");
    assert_eq!(
        unix.accept().map(drop).map_err(|e| e.kind()),
        Err(ErrorKind::WouldBlock)
    );
}

/// Where the kernel gives no network of its own, the cell is not run.
pub(crate) fn without_a_namespace_nothing_runs() {
    let (_dir, file) = scenario("");
    // In a user namespace one may set its own limits.
    let script = "echo 0 > /proc/sys/user/max_net_namespaces && exec \"$@\"";
    let command = driver("good");
    let arguments = [
        "-U",
        "-r",
        "sh",
        "-c",
        script,
        "sh",
        env!("CARGO_BIN_EXE_stalemate"),
        "run",
    ];
    let run = Command::new("unshare")
        .args(arguments)
        .args([&*file, "--client-command", &command])
        .output();
    let Some(output) = run.ok().filter(|o| o.status.code() != Some(1)) else {
        eprintln!("left out: namespaces cannot be limited here");
        return;
    };
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("gets no network of its own here"), "{err}");
    assert_eq!(output.status.code(), Some(2), "{err}");
}
