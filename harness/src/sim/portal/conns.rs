//! The connections of a program: their far ends, which are ours.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixDatagram, UnixStream};

use crate::sim::portal::sys::{self, Far, of};
use crate::sim::portal::words::{Give, Seen};

/// Bytes that are given at once: few enough to arrive as one.
const AT_ONCE: usize = 32 * 1024;

/// One connection.
struct Conn {
    stream: UnixStream,
    is_up: bool,
    /// What it has no room for yet.
    to_give: VecDeque<u8>,
    /// Whether nothing comes behind that.
    finishes: bool,
    /// Whether it has said that it sends no more.
    is_finished: bool,
}

/// A program's connections.
pub(super) struct Conns {
    arriving: UnixDatagram,
    open: BTreeMap<u32, Conn>,
}

impl Conns {
    /// Those that arrive on that socket.
    pub(super) fn new(arriving: UnixDatagram) -> Self {
        Self {
            arriving,
            open: BTreeMap::new(),
        }
    }

    /// Whether everything that it sent on a connection has been read.
    pub(super) fn has_nothing_unread(&self, conn: u32) -> bool {
        let conn = self.open.get(&conn);
        conn.is_some_and(|conn| sys::unread(of(&conn.stream)) == 0)
    }

    /// Takes what the program did, in the order of the connections' numbers. Returns whether there was anything.
    pub(super) fn exchange(&mut self, seen: &mut Vec<Seen>) -> bool {
        let before = seen.len();
        let mut new = Vec::new();
        while let Ok((header, far)) = sys::next_connection(&self.arriving) {
            let stream = UnixStream::from(far);
            let _ = stream.set_nonblocking(true);
            let conn = Conn {
                stream,
                is_up: false,
                to_give: VecDeque::new(),
                finishes: false,
                is_finished: false,
            };
            self.open.insert(header.id, conn);
            new.push((header.id, header.address, header.port));
        }
        new.sort_unstable();
        let new = new.into_iter();
        seen.extend(new.map(|(id, to, port)| Seen::Connect(id, Ipv4Addr::from(to), port)));
        let mut closed = Vec::new();
        for (id, conn) in &mut self.open {
            let far = sys::far(of(&conn.stream));
            if conn.is_up {
                let bytes = available(&conn.stream);
                if !bytes.is_empty() {
                    seen.push(Seen::Bytes(*id, bytes));
                    continue;
                }
            }
            match far {
                Far::Gone => {
                    closed.push(*id);
                    seen.push(Seen::Closed(*id));
                }
                Far::SendsNoMore if conn.is_up && !conn.is_finished => {
                    conn.is_finished = true;
                    seen.push(Seen::Finished(*id));
                }
                Far::Open | Far::SendsNoMore => {}
            }
        }
        for id in closed {
            self.open.remove(&id);
        }
        seen.len() > before
    }

    /// Gives the first connection that has room for it what it is to get. Returns whether there was one.
    pub(super) fn deliver(&mut self) -> bool {
        for conn in self.open.values_mut() {
            let part = conn.to_give.make_contiguous();
            let part = &part[..part.len().min(AT_ONCE)];
            if !part.is_empty() {
                let given = match conn.stream.write(part) {
                    Ok(given) => given,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                    // Nobody is there to read it any more.
                    Err(_) => conn.to_give.len(),
                };
                conn.to_give.drain(..given);
                return true;
            }
            if conn.finishes {
                conn.finishes = false;
                let _ = conn.stream.shutdown(Shutdown::Write);
                return true;
            }
        }
        false
    }

    /// Lets something happen to a connection; to one that is gone, nothing.
    pub(super) fn give(&mut self, id: u32, what: Give) {
        let Some(conn) = self.open.get_mut(&id) else {
            return;
        };
        match what {
            Give::Connected => {
                // What stands there was put there to show that it is connecting.
                available(&conn.stream);
                conn.is_up = true;
            }
            Give::Bytes(bytes) => conn.to_give.extend(bytes),
            Give::Finished => conn.finishes = true,
            // What is unread makes it a reset.
            Give::Refused | Give::Reset => {
                self.open.remove(&id);
            }
        }
    }
}

/// What can be read now, and no more than that: it may write on as soon as there is room.
pub(super) fn available<F: Read + AsFd>(mut from: F) -> Vec<u8> {
    let mut bytes = vec![0; sys::unread(from.as_fd())];
    let len = if bytes.is_empty() {
        0
    } else {
        from.read(&mut bytes).unwrap_or(0)
    };
    bytes.truncate(len);
    bytes
}
