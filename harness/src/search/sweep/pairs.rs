//! Pairs of faults: the second one at a place that comes after the first has fired.

use std::borrow::Cow;

use crate::fault::Point;
use crate::runner::{Cell, Runner};
use crate::search::findings::{Findings, Origin};
use crate::search::shown::glance;
use crate::search::sweep::{Base, Pairs, Watch, violations, with, without_own};
use crate::search::swept::{Done, Part, Second, SweptRun};

/// A place for a second fault, and the columns that are tried there.
pub(super) type Seconds = (Point, Vec<usize>);

/// A first fault.
pub(super) struct First {
    /// Which of the runs with one fault it is.
    pub(super) n: usize,
    /// How many faults can follow.
    pub(super) pairs: usize,
    /// Those; unknown where the run was made by an earlier sweep.
    pub(super) seconds: Option<Vec<Seconds>>,
}

/// The pairs that are wanted.
pub(super) struct Wanted<'d> {
    pub(super) firsts: Vec<First>,
    /// How many at the most.
    pub(super) most: usize,
    pub(super) done: &'d Done,
}

/// Of one first fault the pairs that were chosen: the place of each among all pairs, and among those of that fault.
type Chosen = (usize, Vec<(usize, usize)>);

impl Wanted<'_> {
    /// Runs them, until the watch stops it. Says too whether all were run.
    pub(super) fn run(
        &self,
        base: &Base,
        runner: &Runner,
        watch: &dyn Watch,
        findings: &mut Findings,
    ) -> (Pairs, bool) {
        let chosen = spread(&self.firsts, self.most);
        let places = chosen.iter().flat_map(|(_, pairs)| pairs);
        let wanted = places.clone().count();
        let open = places.filter(|(place, _)| self.before(*place).is_none());
        watch.begins(Part::Pair, open.count());
        let ran = runner.for_all(&chosen, |runner, (first, pairs)| {
            self.of_first(&self.firsts[*first], pairs, base, runner, watch)
        });
        let mut run = 0;
        for ((first, _), ran) in chosen.iter().zip(ran) {
            let cell = base.single(self.firsts[*first].n);
            for ran in ran {
                run += 1;
                findings.add(&ran.violations, || Origin {
                    cell: match &ran.second {
                        Some(second) => pair(&cell, second),
                        None => cell.clone(),
                    },
                    faults: 2,
                    seed: None,
                });
            }
        }
        let pairs = Pairs {
            firsts: self.firsts.len(),
            all: self.firsts.iter().map(|f| f.pairs).sum(),
            run,
        };
        (pairs, run == wanted)
    }

    /// What came of the pairs of one first fault, without those that were not run.
    fn of_first(
        &self,
        first: &First,
        pairs: &[(usize, usize)],
        base: &Base,
        runner: &Runner,
        watch: &dyn Watch,
    ) -> Vec<SweptRun> {
        let cell = base.single(first.n);
        let mut seconds = first.seconds.as_deref().map(Cow::Borrowed);
        let mut all = Vec::new();
        for (place, nth) in pairs {
            if let Some(ran) = self.before(*place) {
                all.push(ran.clone());
                continue;
            }
            if watch.stops() {
                continue;
            }
            let seconds =
                seconds.get_or_insert_with(|| Cow::Owned(base.one(runner, first.n, true).seconds));
            // There are as many as were counted: a run is the same whenever it is made.
            let Some(second) = second(seconds, *nth, base) else {
                continue;
            };
            let cell = pair(&cell, &second);
            let shown = glance(&cell, runner).map(|(shown, _)| shown);
            let rung = shown.as_ref().map(|shown| shown.rung);
            let ran = match rung {
                Ok(rung) => SweptRun::of(Part::Pair, *place, rung, Vec::new()),
                Err(_) => SweptRun::no_end(Part::Pair, *place, Vec::new()),
            };
            let ran = SweptRun {
                violations: without_own(violations(shown), &cell, &base.record.cast),
                second: Some(second),
                ..ran
            };
            watch.ran(&ran);
            all.push(ran);
        }
        all
    }

    fn before(&self, place: usize) -> Option<&SweptRun> {
        self.done.get(Part::Pair, place)
    }
}

fn pair(first: &Cell, second: &Second) -> Cell {
    with(first, &second.when, second.nth, &second.fate)
}

/// The n-th fault that can follow.
fn second(seconds: &[Seconds], mut n: usize, base: &Base) -> Option<Second> {
    for (point, fitting) in seconds {
        match fitting.get(n) {
            Some(column) => {
                return Some(Second {
                    when: point.when.clone(),
                    nth: point.nth,
                    fate: base.columns[*column].fate.clone(),
                });
            }
            None => n -= fitting.len(),
        }
    }
    None
}

/// So many pairs, evenly spread over all of them; all if there are no more.
fn spread(firsts: &[First], most: usize) -> Vec<Chosen> {
    let all: usize = firsts.iter().map(|f| f.pairs).sum();
    let run = most.min(all);
    let mut chosen: Vec<Chosen> = Vec::new();
    let (mut current, mut before) = (0, 0);
    for n in 0..run {
        let place = n * all / run;
        while place >= before + firsts[current].pairs {
            before += firsts[current].pairs;
            current += 1;
        }
        if chosen.last().is_none_or(|(first, _)| *first != current) {
            chosen.push((current, Vec::new()));
        }
        if let Some((_, pairs)) = chosen.last_mut() {
            pairs.push((place, place - before));
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pairs_are_spread_evenly(of in proptest::collection::vec(1..50_usize, 0..8), most in 0..200_usize) {
            let first = |pairs: &usize| First { n: 0, pairs: *pairs, seconds: None };
            let firsts: Vec<First> = of.iter().map(first).collect();
            let all: usize = of.iter().sum();
            let mut places = Vec::new();
            for (first, pairs) in spread(&firsts, most) {
                let before: usize = of[..first].iter().sum();
                for (place, nth) in pairs {
                    prop_assert_eq!(place, before + nth);
                    prop_assert!(nth < of[first]);
                    places.push(place);
                }
            }
            prop_assert_eq!(places.len(), most.min(all));
            let gaps: Vec<usize> = places.windows(2).map(|two| two[1] - two[0]).collect();
            let (least, most) = (gaps.iter().min(), gaps.iter().max());
            prop_assert!(most.zip(least).is_none_or(|(most, least)| *least >= 1 && most - least <= 1));
        }
    }
}
