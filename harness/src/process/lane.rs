//! One direction of a connection at one end: what its bytes say, and what stands in its queue.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Sleep;

use crate::process::framer::{Direction, Framer, State, Unit};
use crate::process::link::Link;
use crate::process::passage::Passage;

/// What stands in the queue of a direction.
pub(super) enum Item {
    Bytes(Bytes),
    Wait(u64),
    Sleeping(Pin<Box<Sleep>>),
    Cut,
    Park,
}

/// How it stands with the other end's account of a direction.
#[derive(Debug)]
enum Account {
    /// Nothing has passed yet.
    Unknown,
    /// What is sent is told there.
    Told(Passage<State>),
    /// There is none, or it goes no further.
    Closed,
}

/// One direction of a connection at one end.
pub(super) struct Lane {
    direction: Direction,
    account: Account,
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
            direction,
            account: Account::Unknown,
            framer: Framer::new(direction),
            queue: VecDeque::new(),
            finished: false,
            ended: false,
        }
    }

    /// Which way its bytes go.
    pub(super) fn direction(&self) -> Direction {
        self.direction
    }

    fn passage(&self, link: Option<&Link>) -> Option<Passage<State>> {
        Some(link?.passages.as_ref()?.of(self.direction))
    }

    /// Before the first byte that arrives is framed: from here on it is framed as the other end framed it, where that is
    /// told.
    pub(super) fn listen(&mut self, link: Option<&Link>) {
        if matches!(self.account, Account::Unknown) {
            self.account = Account::Closed;
            if let Some(passage) = self.passage(link) {
                self.framer.listen(passage);
            }
        }
    }

    /// Tells the other end of a unit that the framer has just made. What is not sent as it is ends the account: the other
    /// end frames by itself from there on.
    pub(super) fn tell(&mut self, link: Option<&Link>, unit: &Unit, is_sent_whole: bool) {
        if matches!(self.account, Account::Unknown) {
            self.account = self.passage(link).map_or(Account::Closed, Account::Told);
        }
        let Account::Told(passage) = &self.account else {
            return;
        };
        let told = self.framer.told(unit).filter(|_| is_sent_whole);
        let is_told = told.is_some_and(|told| passage.tell(told));
        if !is_told {
            self.account = Account::Closed;
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

#[cfg(test)]
mod tests;
