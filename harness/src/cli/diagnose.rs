//! `stalemate diagnose`: logs are opened and read, and what they say is shown.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use memchr::memchr;

use crate::cli::args::Format;
use crate::cli::bad;
use crate::cli::out;
use crate::cli::outside::DiagnoseOptions;
use crate::diagnose::{Broken, Ledger, Log, LogFormat, Told, fingerprints, har, record};
use crate::input;
use crate::journal::Record;
use crate::registry::Registry;
use crate::report::{self, Diagnosis};

/// Exit code where something is wrong.
const WRONG: u8 = 1;
/// The largest HAR file or record, in bytes: they are read whole.
const LARGEST: u64 = 1024 * 1024 * 1024;
/// The longest line that is one, in bytes. nginx's own limit for a request's head is far below.
const LONGEST_LINE: usize = 1024 * 1024;
/// How much is read at once, in bytes.
const CHUNK: usize = 256 * 1024;

/// What was read of a file.
struct Contents {
    ledger: Ledger,
    broken: Broken,
    told: Told,
    lines: u64,
}

/// Reads a log and says what is wrong. The exit code is 0 if nothing is.
pub(super) fn diagnose(options: &DiagnoseOptions, registry: &Registry) -> u8 {
    let format = match options.log_format.as_deref().map(LogFormat::parse) {
        None => None,
        Some(Ok(format)) => Some(format),
        Some(Err(why)) => return bad(&format!("--log-format: {why}")),
    };
    let shown = match options.log.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => options.log.display().to_string(),
    };
    let read = match open(&options.log).and_then(|text| read(text, &options.log, format)) {
        Ok(read) => read,
        Err(why) => return bad(&format!("`{shown}`: {why}")),
    };
    let known = fingerprints(registry.dialects());
    let diagnosis = Diagnosis::new(
        shown,
        read.ledger,
        read.broken,
        read.told,
        read.lines,
        &known,
    );
    match options.format {
        Format::Table => out::text(report::diagnosis_table(&diagnosis, options.sessions)),
        Format::Json => out::line(report::diagnosis_json(&diagnosis)),
    }
    if diagnosis.findings.is_empty() {
        0
    } else {
        WRONG
    }
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, String> {
    let raw: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(input::open(path).map_err(|why| format!("cannot read this: {why}"))?)
    };
    let mut text = BufReader::with_capacity(CHUNK, raw);
    let head = text
        .fill_buf()
        .map_err(|why| format!("cannot read this: {why}"))?;
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(
            CHUNK,
            MultiGzDecoder::new(text),
        )));
    }
    Ok(Box::new(text))
}

fn read(
    mut text: Box<dyn BufRead>,
    path: &Path,
    format: Option<LogFormat>,
) -> Result<Contents, String> {
    let cannot = |why: io::Error| format!("reading stopped: {why}");
    let head = text.fill_buf().map_err(cannot)?;
    if head.is_empty() {
        return Err("it is empty".to_owned());
    }
    let ending = |name: &str| {
        let path = path.with_extension(
            path.extension()
                .map_or_else(String::new, |e| e.to_string_lossy().replace("gz", "")),
        );
        let own = |p: &Path| p.extension().is_some_and(|e| e.eq_ignore_ascii_case(name));
        own(&path)
    };
    let first = head.iter().find(|b| !b.is_ascii_whitespace() && **b < 0x80);
    let is_object = first == Some(&b'{') && format.is_none();
    if is_object && (head.starts_with(b"{\"record\":") || ending("jsonl")) {
        let record = Record::read(text.take(LARGEST)).map_err(|why| {
            format!("this is no record: {why}; `stalemate trace SCENARIO --format json` writes one")
        })?;
        let mut ledger = Ledger::default();
        record::read(&record, |line, hit| ledger.enter(line, hit));
        return Ok(Contents {
            ledger,
            broken: Broken::default(),
            told: Told::ALL,
            lines: record.entries.len() as u64 + 1,
        });
    }
    if is_object
        && (ending("har")
            || memchr::memmem::find(head, b"\"entries\"").is_some()
            || memchr::memmem::find(head, b"\"log\"").is_some())
    {
        let mut whole = Vec::new();
        text.take(LARGEST).read_to_end(&mut whole).map_err(cannot)?;
        let (mut ledger, mut broken, mut lines) = (Ledger::default(), Broken::default(), 0);
        har::read(&whole, |number, hit| {
            lines = number;
            match hit {
                Ok(hit) => ledger.enter(number, &hit),
                Err(why) => broken.note(number, &why),
            }
        })?;
        return Ok(Contents {
            ledger,
            broken,
            told: Told::ALL,
            lines,
        });
    }
    let mut log = Log::new(format);
    let stopped = each_line(&mut *text, |line| log.line(line));
    if let Err(why) = stopped {
        // What came before is worth as much as it was.
        log.broken.note(log.lines() + 1, &cannot(why));
    }
    if !log.is_known() {
        let example = log
            .broken
            .first
            .first()
            .map_or_else(String::new, |(_, line)| {
                format!("; its first line is: {line}")
            });
        return Err(format!(
            "no line of it has a known format; give the one that stands in nginx's configuration with --log-format '…'{example}"
        ));
    }
    Ok(Contents {
        told: log.told(),
        lines: log.lines(),
        ledger: log.ledger,
        broken: log.broken,
    })
}

/// Hands on each line, without copying those that stand in the buffer whole. One that is too long is handed on in parts.
fn each_line(text: &mut dyn BufRead, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut begun: Vec<u8> = Vec::new();
    loop {
        let buffer = match text.fill_buf() {
            Ok(buffer) => buffer,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
            Err(why) => return Err(why),
        };
        if buffer.is_empty() {
            if !begun.is_empty() {
                each(&begun);
            }
            return Ok(());
        }
        let mut rest = buffer;
        while let Some(end) = memchr(b'\n', rest) {
            if begun.is_empty() {
                each(&rest[..end]);
            } else {
                begun.extend_from_slice(&rest[..end]);
                each(&begun);
                begun.clear();
            }
            rest = &rest[end + 1..];
        }
        begun.extend_from_slice(rest);
        if begun.len() > LONGEST_LINE {
            each(&begun);
            begun.clear();
        }
        let length = buffer.len();
        text.consume(length);
    }
}
