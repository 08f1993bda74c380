//! What the sending end tells never changes what the receiving end reads.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::journal::{ConnId, Message};
use crate::process::framer::Passages;

const REQUESTS: &[&[u8]] = &[
    b"POST /mcp HTTP/1.1\r\ncontent-length: 58\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{}}",
    b"GET /mcp HTTP/1.1\r\naccept: text/event-stream\r\n\r\n",
    b"POST /mcp HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{\"a\r\n3\r\n\":1\r\n1\r\n}\r\n0\r\n\r\n",
    b"this is no HTTP\r\n\r\n",
];
const RESPONSES: &[&[u8]] = &[
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n\
      9\r\ndata: a\n\n\r\n5\r\ndata:\r\n4\r\n b\n\n\r\n12\r\ndata: c\n\ndata: d\n\n\r\n0\r\n\r\n",
    b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: e\n\ndata: f\n\n",
    b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
];

/// What becomes of a unit on its way out.
#[derive(Clone, Copy, Debug)]
enum Becomes {
    Sent,
    Dropped,
    Doubled,
    Replaced,
    Cut(usize),
}

fn becomes() -> impl Strategy<Value = Becomes> {
    prop_oneof![
        12 => Just(Becomes::Sent),
        1 => Just(Becomes::Dropped),
        1 => Just(Becomes::Doubled),
        1 => Just(Becomes::Replaced),
        1 => (0_usize..80).prop_map(Becomes::Cut),
    ]
}

fn link() -> Link {
    Link {
        conn: ConnId(1),
        from: "client".into(),
        to: "server".into(),
        object: None,
        server: "server".into(),
        passages: Some(Passages::default()),
    }
}

/// One end of a direction, and the units that it has framed.
struct End {
    lane: Lane,
    units: Vec<Unit>,
}

impl End {
    fn new(direction: Direction) -> Self {
        Self {
            lane: Lane::new(direction),
            units: Vec::new(),
        }
    }

    fn receive(&mut self, link: Option<&Link>, bytes: &[u8]) {
        self.lane.framer.pending().extend_from_slice(bytes);
        self.lane.listen(link);
        self.take();
    }

    fn take(&mut self) {
        let framer = &mut self.lane.framer;
        self.units.extend(std::iter::from_fn(|| framer.next_unit()));
    }

    fn finish(&mut self) {
        self.lane.framer.stop_listening();
        self.take();
        self.units.extend(self.lane.framer.finish());
    }

    /// What has been read. Where one unit ends and the next begins is left out: in bytes that nothing divides it depends on
    /// how they arrive.
    fn standing(&self) -> (Vec<(u32, &Message)>, u32, bool) {
        fn messages(unit: &Unit) -> impl Iterator<Item = (u32, &Message)> {
            unit.messages.iter().map(|m| (unit.ordinal, m))
        }
        let framer = &self.lane.framer;
        (
            self.units.iter().flat_map(messages).collect(),
            framer.finished(),
            framer.in_message(),
        )
    }

    fn bytes(&self) -> Vec<u8> {
        self.units.iter().flat_map(|u| u.bytes.to_vec()).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn who_is_told_reads_what_the_untold_read(
        answers in any::<bool>(),
        messages in vec(any::<prop::sample::Index>(), 1..8),
        becoming in vec(becomes(), 1..24),
        written in vec(1_usize..120, 1..24),
        arriving in vec(1_usize..90, 1..24),
        ends in any::<bool>(),
    ) {
        let (direction, pool) = if answers {
            (Direction::Responses, RESPONSES)
        } else {
            (Direction::Requests, REQUESTS)
        };
        let text: Vec<u8> = messages.iter().flat_map(|m| m.get(pool).to_vec()).collect();
        let link = link();
        let (mut sender, mut told, mut untold) =
            (Lane::new(direction), End::new(direction), End::new(direction));
        let (mut becoming, mut arriving) = (becoming.iter().cycle(), arriving.iter().cycle());
        let (mut written, mut rest) = (written.iter().cycle(), text.as_slice());
        let mut on_the_way: Vec<u8> = Vec::new();
        while !rest.is_empty() && !sender.ended {
            let (now, later) = rest.split_at(rest.len().min(*written.next().expect("a cycle")));
            rest = later;
            sender.framer.pending().extend_from_slice(now);
            while let Some(unit) = sender.framer.next_unit() {
                let fate = *becoming.next().expect("a cycle");
                sender.tell(Some(&link), &unit, matches!(fate, Becomes::Sent));
                match fate {
                    Becomes::Sent => on_the_way.extend(&unit.bytes),
                    Becomes::Dropped => {}
                    Becomes::Doubled => on_the_way.extend([&unit.bytes[..], &unit.bytes].concat()),
                    Becomes::Replaced => on_the_way.extend(pool[1]),
                    Becomes::Cut(after) => {
                        on_the_way.extend(&unit.bytes[..after.min(unit.bytes.len())]);
                        sender.ended = true;
                        break;
                    }
                }
            }
            // Some of it arrives before more is written.
            let arrived = on_the_way.len().min(*arriving.next().expect("a cycle"));
            let now: Vec<u8> = on_the_way.drain(..arrived).collect();
            if !now.is_empty() {
                told.receive(Some(&link), &now);
                untold.receive(None, &now);
                prop_assert_eq!(told.standing(), untold.standing());
            }
        }
        while !on_the_way.is_empty() {
            let arrived = on_the_way.len().min(*arriving.next().expect("a cycle"));
            let now: Vec<u8> = on_the_way.drain(..arrived).collect();
            told.receive(Some(&link), &now);
            untold.receive(None, &now);
            prop_assert_eq!(told.standing(), untold.standing());
        }
        if ends {
            told.finish();
            untold.finish();
            prop_assert_eq!(told.standing(), untold.standing());
            prop_assert_eq!(told.bytes(), untold.bytes());
        }
    }
}

/// The account is used, so that the property above speaks of it: what nobody sent is not told, and what was told is taken.
#[test]
fn what_is_told_is_taken_from_there() {
    let link = link();
    let mut sender = Lane::new(Direction::Requests);
    sender.framer.pending().extend_from_slice(REQUESTS[1]);
    let unit = sender.framer.next_unit().expect("a whole request");
    sender.tell(Some(&link), &unit, true);
    let mut told = End::new(Direction::Requests);
    told.receive(Some(&link), REQUESTS[1]);
    let [read] = &told.units[..] else {
        panic!("one unit");
    };
    let (Message::Request(sent), Message::Request(read)) = (&unit.messages[0], &read.messages[0])
    else {
        panic!("requests");
    };
    assert!(Arc::ptr_eq(sent, read));
}
