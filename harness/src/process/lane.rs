//! One direction of a connection at one end: what its bytes say, and what stands in its queue.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Sleep;

use crate::process::framer::{Direction, Framer};

/// What stands in the queue of a direction.
pub(super) enum Item {
    Bytes(Bytes),
    Wait(u64),
    Sleeping(Pin<Box<Sleep>>),
    Cut,
    Park,
}

/// One direction of a connection at one end.
pub(super) struct Lane {
    /// Splits its bytes into units.
    pub(super) framer: Framer,
    /// What becomes of the units, in order.
    pub(super) queue: VecDeque<Item>,
    /// Its bytes have come to their end.
    pub(super) finished: bool,
    /// Nothing passes any more: what is queued last is a cut or a park.
    pub(super) ended: bool,
}

impl Lane {
    /// A direction in which nothing has passed.
    pub(super) fn new(direction: Direction) -> Self {
        Self {
            framer: Framer::new(direction),
            queue: VecDeque::new(),
            finished: false,
            ended: false,
        }
    }

    /// The bytes in the queue.
    pub(super) fn queued_bytes(&self) -> usize {
        self.queue
            .iter()
            .map(|i| {
                if let Item::Bytes(bytes) = i {
                    bytes.len()
                } else {
                    0
                }
            })
            .sum()
    }
}

/// Waits at the head of a queue; ready when bytes, a cut or nothing stand there.
pub(super) fn poll_head(queue: &mut VecDeque<Item>, cx: &mut Context<'_>) -> Poll<()> {
    loop {
        match queue.front_mut() {
            Some(Item::Wait(ms)) => {
                let sleep = Box::pin(tokio::time::sleep(Duration::from_millis(*ms)));
                queue[0] = Item::Sleeping(sleep);
            }
            Some(Item::Sleeping(sleep)) => {
                ready!(sleep.as_mut().poll(cx));
                queue.pop_front();
            }
            Some(Item::Park) => return Poll::Pending,
            _ => return Poll::Ready(()),
        }
    }
}
