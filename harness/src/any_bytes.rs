//! What must hold of any bytes at all, wherever bytes come from outside: a scenario file, a stream, a connection, a driver, a
//! log. Each function panics where it does not hold. Properties of `cargo test` and the targets of `harness/fuzz` call them.

use std::path::Path;
use std::sync::OnceLock;

use stalemate_wire::sse::Decoder;

use crate::diagnose::{Fingerprint, Log, LogFormat, findings, fingerprints, har, untold};
use crate::journal::{Message, Record};
use crate::process::framer::{Direction, Framer, Unit};
use crate::registry::Registry;
use crate::scenario::{self, Vocabulary};
use crate::sim;

/// A scenario file is read or refused with its places, and what was read is written so that it is read as the same.
pub fn scenario(bytes: &[u8]) {
    static VOCABULARY: OnceLock<Vocabulary> = OnceLock::new();
    let vocabulary = VOCABULARY.get_or_init(|| Registry::builtin().vocabulary());
    let text = String::from_utf8_lossy(bytes);
    let file = Path::new("any/bytes.yaml");
    let load = |text: &str| scenario::load_text("any/bytes", file, text, vocabulary);
    match load(&text) {
        Ok(read) => {
            let written = scenario::write(&read);
            let again = load(&written);
            let again = again.unwrap_or_else(|e| panic!("what was written is refused: {e}"));
            assert_eq!(scenario::write(&again), written);
        }
        Err(diagnostics) => {
            assert!(diagnostics.count() > 0);
            assert!(!diagnostics.render(true).is_empty());
        }
    }
}

/// Of a stream no byte is lost or made up, and its events do not depend on how it arrives.
pub fn events(bytes: &[u8]) {
    let read = |chunk: usize| {
        let (mut decoder, mut events, mut raw) = (Decoder::new(), Vec::new(), Vec::new());
        for part in bytes.chunks(chunk) {
            decoder.push(part);
            while let Some((event, of)) = decoder.next_event() {
                events.push(event);
                raw.extend(of);
            }
        }
        raw.extend(decoder.take_rest());
        (events, raw)
    };
    let whole = read(bytes.len().max(1));
    assert_eq!(whole.1, bytes);
    assert!(read(1) == whole && read(chunk(bytes)) == whole);
    for event in whole.0 {
        let mut decoder = Decoder::new();
        decoder.push(&event.encode());
        let again = decoder.next_event().map(|(event, _)| event);
        assert_eq!(again, Some(event));
    }
}

/// Of a connection no byte is lost or made up, and its messages do not depend on how it arrives.
pub fn connection(bytes: &[u8]) {
    for direction in [Direction::Requests, Direction::Responses] {
        let read = |chunk: usize| {
            let mut framer = Framer::new(direction);
            let (mut raw, mut messages) = (Vec::new(), Vec::<Message>::new());
            let mut take = |unit: Unit| {
                raw.extend_from_slice(&unit.bytes);
                messages.extend(unit.messages);
            };
            for part in bytes.chunks(chunk) {
                framer.pending().extend_from_slice(part);
                while let Some(unit) = framer.next_unit() {
                    take(unit);
                }
            }
            framer.finish().into_iter().for_each(&mut take);
            (raw, messages)
        };
        let whole = read(bytes.len().max(1));
        assert_eq!(whole.0, bytes);
        assert_eq!(read(1), whole);
        assert_eq!(read(chunk(bytes)), whole);
    }
}

/// What a program says is understood, or refused in words that are no longer than they need to be.
pub fn driver(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines() {
        for refused in sim::refusals(line) {
            assert!(
                !refused.is_empty() && refused.chars().count() < 1_000,
                "{refused}"
            );
        }
    }
}

/// A log of any format is read to its end, and something can be said of it; so it is of a HAR file and of a record.
pub fn log(bytes: &[u8]) {
    static KNOWN: OnceLock<Vec<Fingerprint>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| fingerprints(Registry::builtin().dialects()));
    let lines = || bytes.split(|byte| *byte == b'\n');
    let first = lines().next().unwrap_or_default();
    let own = LogFormat::parse(&String::from_utf8_lossy(first)).ok();
    for format in [None, own] {
        let mut log = Log::new(format);
        let mut count = 0;
        for line in lines() {
            log.line(line);
            count += 1;
        }
        assert_eq!(log.lines(), count);
        let _ = untold(log.told());
        let _ = findings(&log.ledger, known);
    }
    let _ = har::read(bytes, |_, _| {});
    let _ = Record::read(bytes);
}

/// A length of parts that differs from input to input.
fn chunk(bytes: &[u8]) -> usize {
    2 + usize::from(bytes.first().copied().unwrap_or_default() % 13)
}
