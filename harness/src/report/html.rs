//! The results as one HTML file, which needs neither network nor anything built: the matrix, and for each cell its diagram,
//! the details of every row and the record itself. What comes from a wire is data there and never markup, and the page's own
//! policy lets nothing run or load but its own script.

mod table;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::journal::Record;
use crate::report::diagram::{Drawn, STYLE, draw};
use crate::report::markup::escape;
use crate::runner::CellResult;

const PAGE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// What the page shows of one cell, compressed. It is made as soon as the cell has run, so that no record is kept until all
/// have.
#[derive(Clone, Debug)]
pub struct PackedCell {
    summary: String,
    packed: String,
}

/// What is compressed.
#[derive(Serialize)]
struct Content {
    drawn: Drawn,
    record: String,
}

impl PackedCell {
    /// Of a judged record.
    #[must_use]
    pub fn of(result: &CellResult, record: &Record) -> Self {
        let content = Content {
            drawn: draw(result, record),
            record: record.to_json_lines(),
        };
        Self {
            summary: record.cast.summary.clone(),
            packed: pack(&serde_json::to_vec(&content).expect("plain data")),
        }
    }
}

fn pack(bytes: &[u8]) -> String {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).expect("memory takes everything");
    BASE64_STANDARD.encode(packer.finish().expect("memory takes everything"))
}

/// The whole file. `clients` says what each client is.
#[must_use]
pub fn html(cells: &[(&CellResult, &PackedCell)], clients: &BTreeMap<String, String>) -> String {
    let script = hash(SCRIPT);
    let styles = [hash(PAGE), hash(STYLE)].join(" ");
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {script}; style-src {styles}; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Stalemate: {}</title>\n<style>{PAGE}</style>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        escape(&table::headline(cells)),
    );
    out.push_str(&table::body(cells, clients));
    for (n, (_, cell)) in cells.iter().enumerate() {
        let _ = writeln!(
            out,
            "<script type=\"text/plain\" id=\"packed-{n}\">{}</script>",
            cell.packed
        );
    }
    let _ = write!(out, "<script>{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

/// A source of the policy: the text that may stand in a script or style.
fn hash(text: &str) -> String {
    let digest = BASE64_STANDARD.encode(Sha256::digest(text));
    format!("'sha256-{digest}'")
}
