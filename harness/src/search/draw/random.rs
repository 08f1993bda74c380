//! Drawing a world from a seed. What can happen in it at all is drawn first, then what does: a run in which half of the
//! faults are impossible reaches states that one with all of them hides.

use crate::search::draw::op::{FateOp, Op};
use crate::search::draw::schedule::{PathKind, Schedule};
use crate::setup::Generator;

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

/// What can happen: its weight, and how it is drawn.
type Kind = (u64, fn(&mut Dice) -> Op);

/// All that can happen.
const KINDS: [Kind; 27] = [
    (3, |dice| Op::Wait(dice.ms(120_000))),
    (4, |_| Op::Call),
    (2, |dice| Op::SlowCall(1_000 + dice.ms(29_000))),
    (2, |dice| Op::Parallel(2 + dice.small(7))),
    (2, |_| Op::Beside),
    (1, |_| Op::Read),
    (1, |_| Op::Subscribe),
    (1, |_| Op::NewConversation),
    (1, |_| Op::Reload),
    (1, |_| Op::Notify),
    (1, |_| Op::Ping),
    (1, |_| Op::Other),
    (1, |_| Op::Reconnect),
    (1, |_| Op::ReAdd),
    (1, |_| Op::Incognito),
    (3, |dice| Op::Restart(dice.ms(20_000))),
    (1, |_| Op::Drain),
    (1, |_| Op::Crash),
    (1, |_| Op::Expire),
    (1, |_| Op::Cut),
    (1, |_| Op::RestartHop),
    (1, |dice| Op::Down(dice.ms(120_000))),
    (1, |dice| Op::Stall(dice.ms(50_000))),
    (1, |dice| Op::Partition(dice.ms(50_000))),
    (1, |dice| Op::PowerLoss(dice.ms(50_000))),
    (2, |dice| Op::Inject(1 + dice.small(3), dice.fate())),
    (1, |dice| {
        Op::Refuse(1 + dice.small(7), *dice.one(&REFUSALS))
    }),
];
/// The place of calls among them.
const CALL: usize = 1;

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

    /// A small number below `n`, which is not 0.
    fn small(&mut self, n: u32) -> u32 {
        u32::try_from(self.below(u64::from(n))).expect("it is below a small number")
    }

    /// What can happen in this world: each kind in every second one, calls always.
    fn kinds(&mut self) -> Vec<Kind> {
        let mut kinds = Vec::new();
        for (n, kind) in KINDS.into_iter().enumerate() {
            if self.chance(2) || n == CALL {
                kinds.push(kind);
            }
        }
        kinds
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

    fn op(&mut self, possible: &[Kind]) -> Op {
        let whole = possible.iter().map(|(weight, _)| weight).sum();
        let mut left = self.below(whole);
        for (weight, draw) in possible {
            if left < *weight {
                return draw(self);
            }
            left -= weight;
        }
        Op::Call
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
