//! Drawing a world from a seed. What can happen in it at all is drawn first, then what does: a run in which half of the
//! faults are impossible reaches states that one with all of them hides.

use crate::search::draw::op::{FateOp, Op};
use crate::search::draw::schedule::{PathKind, Schedule};
use crate::sim::Generator;

/// What worlds are drawn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The dialects of servers.
    pub dialects: Vec<String>,
    /// The ways to them.
    pub paths: Vec<PathKind>,
    /// The most operations.
    pub most_ops: u64,
}

impl Pool {
    /// All ways on which a right client can keep its session, to servers of those dialects.
    #[must_use]
    pub fn of(dialects: Vec<String>) -> Self {
        Self {
            dialects,
            paths: vec![
                PathKind::Direct,
                PathKind::Nginx,
                PathKind::Edge,
                PathKind::Gateway,
                PathKind::Sticky,
            ],
            most_ops: 10,
        }
    }

    /// The world of that seed.
    ///
    /// # Panics
    /// If there is no dialect or no path.
    #[must_use]
    pub fn draw(&self, seed: u64) -> Schedule {
        let mut dice = Dice(Generator::new(seed, "world"));
        let dialect = dice.one(&self.dialects).clone();
        let path = *dice.one(&self.paths);
        let session_timeout_ms = dice.maybe(4, |dice| *dice.one(&[30_000, 120_000, 600_000]));
        let read_timeout_ms = dice.maybe(4, |dice| *dice.one(&[5_000, 20_000, 120_000]));
        // A buffer holds a stream back only where nginx speaks HTTP/1.0, on which it keeps no connection.
        let (buffering, keepalive, http10) = match dice.below(8) {
            0 => (true, false, true),
            1 => (true, false, false),
            2 => (false, false, true),
            3 | 4 => (false, true, false),
            _ => (false, false, false),
        };
        let possible = dice.kinds();
        let count = dice.below(self.most_ops + 1);
        let ops = (0..count).map(|_| dice.op(&possible)).collect();
        Schedule {
            dialect,
            path,
            seed: 1 + dice.below(1_000),
            ops,
            session_timeout_ms,
            read_timeout_ms,
            buffering,
            keepalive,
            http10,
        }
    }
}

/// The kinds of operation, each with its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Wait,
    Call,
    SlowCall,
    Parallel,
    Read,
    Subscribe,
    NewConversation,
    Reload,
    Notify,
    Ping,
    Other,
    Reconnect,
    ReAdd,
    Incognito,
    Restart,
    Drain,
    Crash,
    Expire,
    Cut,
    RestartHop,
    Down,
    Stall,
    Partition,
    PowerLoss,
    Inject,
    Refuse,
}

const KINDS: [(Kind, u64); 26] = [
    (Kind::Wait, 3),
    (Kind::Call, 4),
    (Kind::SlowCall, 2),
    (Kind::Parallel, 2),
    (Kind::Read, 1),
    (Kind::Subscribe, 1),
    (Kind::NewConversation, 1),
    (Kind::Reload, 1),
    (Kind::Notify, 1),
    (Kind::Ping, 1),
    (Kind::Other, 1),
    (Kind::Reconnect, 1),
    (Kind::ReAdd, 1),
    (Kind::Incognito, 1),
    (Kind::Restart, 3),
    (Kind::Drain, 1),
    (Kind::Crash, 1),
    (Kind::Expire, 1),
    (Kind::Cut, 1),
    (Kind::RestartHop, 1),
    (Kind::Down, 1),
    (Kind::Stall, 1),
    (Kind::Partition, 1),
    (Kind::PowerLoss, 1),
    (Kind::Inject, 2),
    (Kind::Refuse, 1),
];

/// The statuses of refusals by which no session is lost.
const REFUSALS: [u16; 4] = [429, 500, 502, 503];

struct Dice(Generator);

impl Dice {
    /// A number below `n`, which is not 0.
    fn below(&mut self, n: u64) -> u64 {
        self.0.number() % n
    }

    /// Once in `n` times.
    fn chance(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let n = self.below(of.len() as u64);
        &of[usize::try_from(n).expect("it is below a length")]
    }

    fn maybe<T>(&mut self, n: u64, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        // Drawn in any case, so that what comes after does not depend on it.
        let is_it = self.chance(n);
        let drawn = draw(self);
        is_it.then_some(drawn)
    }

    /// From 1 to `most` milliseconds, short ones as often as long ones.
    fn ms(&mut self, most: u64) -> u64 {
        let magnitude = 1 + self.below(u64::from(most.ilog2()) + 1);
        1 + self.below((1 << magnitude).min(most))
    }

    /// What can happen in this world: each kind in every second one, calls always.
    fn kinds(&mut self) -> Vec<(Kind, u64)> {
        let can = |(kind, _): &(Kind, u64)| self.chance(2) || *kind == Kind::Call;
        KINDS.into_iter().filter(can).collect()
    }

    fn fate(&mut self) -> FateOp {
        match self.below(5) {
            0 => FateOp::Delay(self.ms(40_000)),
            1 => FateOp::Duplicate,
            2 => FateOp::Drop,
            3 => FateOp::Cut,
            _ => FateOp::Halt,
        }
    }

    fn op(&mut self, possible: &[(Kind, u64)]) -> Op {
        let whole: u64 = possible.iter().map(|(_, weight)| weight).sum();
        let mut left = self.below(whole);
        let mut drawn = Kind::Call;
        for (kind, weight) in possible {
            drawn = *kind;
            if left < *weight {
                break;
            }
            left -= weight;
        }
        let small = |n: u64| u32::try_from(n).expect("a small number");
        match drawn {
            Kind::Wait => Op::Wait(self.ms(120_000)),
            Kind::Call => Op::Call,
            Kind::SlowCall => Op::SlowCall(1_000 + self.ms(29_000)),
            Kind::Parallel => Op::Parallel(small(2 + self.below(7))),
            Kind::Read => Op::Read,
            Kind::Subscribe => Op::Subscribe,
            Kind::NewConversation => Op::NewConversation,
            Kind::Reload => Op::Reload,
            Kind::Notify => Op::Notify,
            Kind::Ping => Op::Ping,
            Kind::Other => Op::Other,
            Kind::Reconnect => Op::Reconnect,
            Kind::ReAdd => Op::ReAdd,
            Kind::Incognito => Op::Incognito,
            Kind::Restart => Op::Restart(self.ms(20_000)),
            Kind::Drain => Op::Drain,
            Kind::Crash => Op::Crash,
            Kind::Expire => Op::Expire,
            Kind::Cut => Op::Cut,
            Kind::RestartHop => Op::RestartHop,
            Kind::Down => Op::Down(self.ms(120_000)),
            Kind::Stall => Op::Stall(self.ms(50_000)),
            Kind::Partition => Op::Partition(self.ms(50_000)),
            Kind::PowerLoss => Op::PowerLoss(self.ms(50_000)),
            Kind::Inject => Op::Inject(small(1 + self.below(3)), self.fate()),
            Kind::Refuse => Op::Refuse(small(1 + self.below(7)), *self.one(&REFUSALS)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_world_and_every_kind_comes_up() {
        let pool = Pool::of(vec!["spec".to_owned(), "supergateway-3.4.3".to_owned()]);
        let worlds: Vec<Schedule> = (0..500).map(|seed| pool.draw(seed)).collect();
        assert_eq!(pool.draw(7), worlds[7]);
        for path in &pool.paths {
            assert!(worlds.iter().any(|w| w.path == *path), "{path:?}");
        }
        let kind = |op: &Op| {
            format!("{op:?}")
                .split(['(', ' '])
                .next()
                .map(str::to_owned)
        };
        let drawn: std::collections::BTreeSet<_> = worlds
            .iter()
            .flat_map(|w| &w.ops)
            .filter_map(kind)
            .collect();
        assert_eq!(drawn.len(), KINDS.len(), "{drawn:?}");
        assert!(worlds.iter().any(|w| w.ops.is_empty()));
    }
}
