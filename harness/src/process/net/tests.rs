//! Connections that somebody outside dials: what the accepting end tells of them.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::fault::Plan;
use crate::journal::{Cast, ConnId, Entry, Exchange, Message, Side};
use crate::process::network::Listener;

const REQUEST: &[u8] = b"POST /mcp HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\n{}";
const RESPONSE: &[u8] = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";

/// Where nobody listens and nothing is dialled: what comes from outside is there already.
struct Outside;

impl Network for Outside {
    type Stream = DuplexStream;
    type Listener = Nobody;

    async fn dial(&self, _: &Arc<str>, _: SocketAddr) -> io::Result<(DuplexStream, SocketAddr)> {
        Err(io::ErrorKind::ConnectionRefused.into())
    }

    async fn listen(&self, _: u16) -> io::Result<Nobody> {
        Ok(Nobody)
    }
}

struct Nobody;

impl Listener for Nobody {
    type Stream = DuplexStream;

    async fn accept(&self) -> io::Result<(DuplexStream, SocketAddr)> {
        std::future::pending().await
    }
}

/// A server's process, to which connections come from outside.
struct Server {
    net: Arc<Net<Outside>>,
    process: Arc<Process>,
}

impl Server {
    fn new() -> Self {
        let cast = Arc::new(Cast {
            scenario: "test".to_owned(),
            summary: String::new(),
            client: "test".to_owned(),
            seed: 1,
            application: false,
            relays: false,
            latency_ms: 1,
            evidence: Vec::new(),
            members: Vec::new(),
        });
        let recorder = Recorder::new(Arc::clone(&cast), Plan::new(&[], cast));
        Self {
            net: Net::new(recorder, Outside, Routes::new()),
            process: Process::new("memory"),
        }
    }

    /// A connection from outside: the peer's end, and the tapped one.
    fn accept(&self) -> (DuplexStream, Conn<Outside>, Arc<OnceLock<Link>>) {
        let (peer, stream) = duplex(4096);
        let (conn, link) = self.net.accepted_from_outside(
            stream,
            "outside".into(),
            "memory".into(),
            &self.process,
        );
        (peer, conn, link)
    }

    fn entries(&self) -> Vec<Entry> {
        self.net.recorder.take_record().entries
    }
}

/// What was told, short.
fn told(entries: &[Entry]) -> Vec<String> {
    let short = |entry: &Entry| match &entry.event {
        Event::ConnOpened { conn, from, to, .. } => format!("c{} {from}>{to} opens", conn.0),
        Event::ConnEnded {
            conn,
            from,
            to,
            how,
        } => format!("c{} {from}>{to} {how:?}", conn.0),
        Event::Http {
            exchange,
            at,
            peer,
            side,
            message,
            ..
        } => {
            let Exchange { conn, ordinal } = exchange;
            let side = match side {
                Side::Sent => "to",
                Side::Received => "from",
            };
            let what = match message {
                Message::Request(request) => request.method.as_str().to_owned(),
                Message::Response(response) => response.status.to_string(),
                Message::Sse(_) => "event".to_owned(),
                Message::End { clean, .. } => format!("end {clean}"),
            };
            format!("c{}.{ordinal} {at} {side} {peer}: {what}", conn.0)
        }
        other => format!("{other:?}"),
    };
    entries.iter().map(short).collect()
}

async fn read(conn: &mut (impl AsyncReadExt + Unpin), expected: &[u8]) {
    let mut bytes = vec![0; expected.len()];
    conn.read_exact(&mut bytes).await.expect("the bytes come");
    assert_eq!(bytes, expected);
}

async fn read_end(conn: &mut (impl AsyncReadExt + Unpin)) {
    let mut rest = Vec::new();
    conn.read_to_end(&mut rest).await.expect("a good end");
    assert_eq!(rest, b"");
}

async fn write(conn: &mut (impl AsyncWriteExt + Unpin), bytes: &[u8]) {
    conn.write_all(bytes).await.expect("there is room");
    conn.flush().await.expect("there is room");
}

/// A whole exchange, seen from both ends.
async fn exchange(peer: &mut DuplexStream, conn: &mut Conn<Outside>) {
    write(peer, REQUEST).await;
    read(conn, REQUEST).await;
    write(conn, RESPONSE).await;
    read(peer, RESPONSE).await;
}

#[tokio::test]
async fn connections_are_numbered_and_known_at_once() {
    let server = Server::new();
    let (_first, one, link_of_one) = server.accept();
    let (_second, two, link_of_two) = server.accept();
    for (link, number) in [(link_of_one, 1), (link_of_two, 2)] {
        let link = link.get().expect("known before a byte has passed");
        assert_eq!(link.conn, ConnId(number));
        assert_eq!((&*link.from, &*link.to), ("outside", "memory"));
        assert_eq!((&*link.server, link.object), ("memory", None));
    }
    drop((two, one));
    let expected = [
        "c1 outside>memory opens",
        "c2 outside>memory opens",
        "c2 outside>memory Closed",
        "c1 outside>memory Closed",
    ];
    assert_eq!(told(&server.entries()), expected);
}

#[tokio::test]
async fn a_whole_exchange_is_told_and_then_the_end_once() {
    let server = Server::new();
    let (mut peer, mut conn, _) = server.accept();
    exchange(&mut peer, &mut conn).await;
    exchange(&mut peer, &mut conn).await;
    drop(peer);
    read_end(&mut conn).await;
    drop(conn);
    let expected = [
        "c1 outside>memory opens",
        "c1.0 memory from outside: POST",
        "c1.0 memory to outside: 202",
        "c1.1 memory from outside: POST",
        "c1.1 memory to outside: 202",
        "c1 outside>memory Closed",
    ];
    assert_eq!(told(&server.entries()), expected);
}

#[tokio::test]
async fn half_a_request_is_a_cut() {
    for half in [20, REQUEST.len() - 1] {
        let server = Server::new();
        let (mut peer, mut conn, _) = server.accept();
        write(&mut peer, &REQUEST[..half]).await;
        drop(peer);
        read(&mut conn, &REQUEST[..half]).await;
        read_end(&mut conn).await;
        drop(conn);
        let expected = [
            "c1 outside>memory opens",
            "c1.0 memory from outside: end false",
            "c1 outside>memory Cut",
        ];
        assert_eq!(told(&server.entries()), expected, "{half} bytes");
    }
}

#[tokio::test]
async fn half_a_request_behind_a_whole_exchange_is_a_cut() {
    let server = Server::new();
    let (mut peer, mut conn, _) = server.accept();
    exchange(&mut peer, &mut conn).await;
    write(&mut peer, &REQUEST[..20]).await;
    drop(peer);
    read(&mut conn, &REQUEST[..20]).await;
    read_end(&mut conn).await;
    drop(conn);
    let told = told(&server.entries());
    let expected = [
        "c1.1 memory from outside: end false",
        "c1 outside>memory Cut",
    ];
    assert_eq!(told[3..], expected);
}

/// A peer that has said all it had to say, as `Connection: close` and a half-closed socket do, is no broken one.
#[tokio::test]
async fn a_peer_that_closes_its_writing_side_and_gets_its_answer_is_no_cut() {
    let server = Server::new();
    let (mut peer, mut conn, _) = server.accept();
    write(&mut peer, REQUEST).await;
    peer.shutdown().await.expect("closed");
    read(&mut conn, REQUEST).await;
    read_end(&mut conn).await;
    write(&mut conn, RESPONSE).await;
    read(&mut peer, RESPONSE).await;
    drop(conn);
    let expected = [
        "c1 outside>memory opens",
        "c1.0 memory from outside: POST",
        "c1.0 memory to outside: 202",
        "c1 outside>memory Closed",
    ];
    assert_eq!(told(&server.entries()), expected);
}

#[tokio::test]
async fn an_answer_that_never_comes_is_a_cut() {
    // Whichever end goes first.
    for peer_first in [true, false] {
        let server = Server::new();
        let (mut peer, mut conn, _) = server.accept();
        write(&mut peer, REQUEST).await;
        read(&mut conn, REQUEST).await;
        if peer_first {
            drop(peer);
            read_end(&mut conn).await;
        }
        drop(conn);
        let expected = [
            "c1 outside>memory opens",
            "c1.0 memory from outside: POST",
            "c1 outside>memory Cut",
        ];
        assert_eq!(
            told(&server.entries()),
            expected,
            "peer first: {peer_first}"
        );
    }
}
