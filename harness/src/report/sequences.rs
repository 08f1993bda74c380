//! What came of random sequences that a real server and a model of it were asked.

use std::fmt::Write as _;

use anstyle::Style;
use serde_json::{Value, json};

use crate::live::probe::{Count, Sequences};

/// The version of the form of the JSON.
const VERSION: u32 = 1;

fn share(count: Count) -> String {
    let percent = if count.all == 0 {
        100.0
    } else {
        count.same as f64 * 100.0 / count.all as f64
    };
    // Only what is whole is shown as whole.
    let percent = if count.same < count.all {
        percent.min(99.99)
    } else {
        percent
    };
    format!("{percent:.2} %, {} of {}", count.same, count.all)
}

/// The table.
#[must_use]
pub fn table(url: &str, dialect: &str, seeds: u64, played: &Sequences) -> String {
    let mut out = String::new();
    let bold = Style::new().bold();
    let _ = writeln!(
        out,
        "{bold}{url}{bold:#} against {dialect}, {seeds} sequences"
    );
    let _ = writeln!(out, "session core  {}", share(played.core));
    let _ = writeln!(out, "all requests  {}", share(played.whole));
    for unlike in &played.unlike {
        let (seed, number) = unlike.first;
        let _ = writeln!(
            out,
            "\n{} × {} (first: seed {seed}, request {number})",
            unlike.times, unlike.asked
        );
        let _ = writeln!(
            out,
            "    here   {}\n    there  {}",
            unlike.real, unlike.model
        );
    }
    if !played.broken_off.is_empty() {
        let seeds: Vec<String> = played.broken_off.iter().map(u64::to_string).collect();
        let _ = writeln!(
            out,
            "\nbroken off, because nobody listened or no session was opened any more (--restart helps there): seeds {}",
            seeds.join(", ")
        );
    }
    out
}

/// The same for a program.
#[must_use]
pub fn json(url: &str, dialect: &str, seeds: u64, played: &Sequences) -> Value {
    let count = |count: Count| json!({"all": count.all, "same": count.same});
    let unlike = played.unlike.iter().map(|u| {
        json!({
            "asked": u.asked,
            "core": u.core,
            "here": u.real,
            "there": u.model,
            "times": u.times,
            "seed": u.first.0,
            "request": u.first.1,
        })
    });
    json!({
        "version": VERSION,
        "url": url,
        "dialect": dialect,
        "seeds": seeds,
        "core": count(played.core),
        "whole": count(played.whole),
        "unlike": unlike.collect::<Vec<_>>(),
        "broken_off": played.broken_off,
    })
}
