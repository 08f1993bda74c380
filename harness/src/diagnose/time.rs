//! The times in logs, in milliseconds since 1970.

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// nginx's `$time_local`, e.g. `28/Nov/2026:21:00:00 +0100`.
#[must_use]
pub(super) fn local(text: &str) -> Option<i64> {
    let (time, zone) = text.split_once(' ')?;
    let (day, rest) = time.split_once('/')?;
    let (month, rest) = rest.split_once('/')?;
    let (year, clock) = rest.split_once(':')?;
    let month = MONTHS.iter().position(|m| *m == month)? + 1;
    let days = days(number(year)?, i64::try_from(month).ok()?, number(day)?)?;
    Some((days * 86_400 + seconds(clock)? - offset(zone)?) * 1_000)
}

/// ISO 8601, e.g. `2026-11-28T21:00:00.123+01:00` or with `Z`.
#[must_use]
pub(super) fn iso(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(['T', ' '])?;
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (date.next()?, date.next()?, date.next()?);
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (clock, zone) = rest.split_at(zone_at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let days = days(number(year)?, number(month)?, number(day)?)?;
    let offset = if zone == "Z" {
        0
    } else {
        offset(&zone.replace(':', ""))?
    };
    Some((days * 86_400 + seconds(clock)? - offset) * 1_000 + thousandths(fraction)?)
}

/// Seconds with a fraction, as `$msec`.
#[must_use]
pub(super) fn msec(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    number(whole)?
        .checked_mul(1_000)?
        .checked_add(thousandths(fraction)?)
}

/// A time as people read it, in UTC.
#[must_use]
pub fn shown(at_ms: i64) -> String {
    let seconds = at_ms.div_euclid(1_000);
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // The civil calendar, in cycles of 400 years that begin in March.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (month, day) = ((month + 2) % 12 + 1, day - (153 * month + 2) / 5 + 1);
    let year = year + era * 400 + i64::from(month <= 2);
    let (h, m, s) = (clock / 3_600, clock / 60 % 60, clock % 60);
    format!("{year:04}-{month:02}-{day:02} {h:02}:{m:02}:{s:02}")
}

/// A length of time in its two largest units.
#[must_use]
pub fn length(ms: i64) -> String {
    let s = ms / 1_000;
    match s {
        0 => format!("{ms} ms"),
        1..60 => format!("{s} s"),
        60..3_600 => format!("{} min {} s", s / 60, s % 60),
        3_600..86_400 => format!("{} h {} min", s / 3_600, s / 60 % 60),
        _ => format!("{} d {} h", s / 86_400, s / 3_600 % 24),
    }
}

fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.len() < 13 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || year > 9_999 {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn seconds(clock: &str) -> Option<i64> {
    let mut parts = clock.splitn(3, ':');
    let (h, m, s) = (parts.next()?, parts.next()?, parts.next()?);
    let (h, m, s) = (number(h)?, number(m)?, number(s)?);
    (h < 24 && m < 60 && s < 61).then_some(h * 3_600 + m * 60 + s)
}

fn offset(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (h, m) = digits.split_at_checked(2)?;
    Some(sign * (number(h)? * 3_600 + number(m)? * 60))
}

fn thousandths(fraction: &str) -> Option<i64> {
    let three: String = fraction.chars().chain("000".chars()).take(3).collect();
    number(&three)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_all_spellings() {
        let at = 1_795_899_600_000; // 2026-11-28T21:00:00Z
        assert_eq!(local("28/Nov/2026:21:00:00 +0000"), Some(at));
        assert_eq!(local("28/Nov/2026:22:30:00 +0130"), Some(at));
        assert_eq!(local("28/Nov/2026:16:00:00 -0500"), Some(at));
        assert_eq!(iso("2026-11-28T21:00:00+00:00"), Some(at));
        assert_eq!(iso("2026-11-28T22:00:00.25+01:00"), Some(at + 250));
        assert_eq!(iso("2026-11-28T21:00:00.1234567Z"), Some(at + 123));
        assert_eq!(msec("1795899600.007"), Some(at + 7));
        assert_eq!(shown(at), "2026-11-28 21:00:00");
        assert_eq!(shown(951_782_400_000), "2000-02-29 00:00:00");
        for bad in [
            "",
            "-",
            "28/Nov/2026",
            "32/Nov/2026:00:00:00 +0000",
            "2026-13-01T00:00:00Z",
            "x",
        ] {
            assert_eq!((local(bad), iso(bad)), (None, None), "{bad}");
        }
    }

    #[test]
    fn lengths_are_short() {
        let all = [5, 65_000, 3_700_000, 90_000_000].map(length);
        assert_eq!(all, ["5 ms", "1 min 5 s", "1 h 1 min", "1 d 1 h"]);
    }
}
