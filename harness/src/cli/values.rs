//! Values of options: what is no number and no path.

use std::ops::Range;
use std::time::Duration;

/// A duration as an option has it.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let ms = crate::yaml::duration::read(text);
    ms.map(Duration::from_millis)
        .ok_or_else(|| "a duration is a number and a unit, e.g. `10m` or `90s`".to_owned())
}

/// A range of seeds as an option has it: `0..20000`.
pub(super) fn range(text: &str) -> Result<Range<u64>, String> {
    let wrong = || "seeds are a range such as `0..20000`, the last one not among them".to_owned();
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
    let (from, to) = (number(from)?, number(to)?);
    if from < to {
        Ok(from..to)
    } else {
        Err(wrong())
    }
}

/// A part of the work as an option has it: `2/8` is the second of eight.
pub(super) fn part(text: &str) -> Result<(u64, u64), String> {
    let wrong = || "a shard is its number and how many there are, e.g. `2/8`".to_owned();
    let (k, n) = text.split_once('/').ok_or_else(wrong)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
    let (k, n) = (number(k)?, number(n)?);
    if (1..=n).contains(&k) {
        Ok((k, n))
    } else {
        Err(wrong())
    }
}
