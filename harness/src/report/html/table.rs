//! What the page shows before anything is unpacked: the headline, the filters, the matrix and what the clients are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::PackedCell;
use crate::journal::Rung;
use crate::report::markup::{escape, percent};
use crate::report::table::rung;
use crate::runner::{CellResult, Outcome, Said};

const OUTCOMES: [Outcome; 5] = [
    Outcome::Kept,
    Outcome::Vacuous,
    Outcome::NoProgress,
    Outcome::Broken,
    Outcome::NotDeterministic,
];

/// How many cells there are and how they came out.
pub(super) fn headline(cells: &[(&CellResult, &PackedCell)]) -> String {
    let of = |outcome| cells.iter().filter(|(r, _)| r.outcome == outcome).count();
    let parts = OUTCOMES.into_iter().filter(|o| of(*o) > 0);
    let parts: Vec<String> = parts.map(|o| format!("{} {}", of(o), o.as_str())).collect();
    let noun = if cells.len() == 1 { "cell" } else { "cells" };
    format!("{} {noun}: {}", cells.len(), parts.join(", "))
}

/// Everything in the body but the data.
pub(super) fn body(
    cells: &[(&CellResult, &PackedCell)],
    clients: &BTreeMap<String, String>,
) -> String {
    let mut out = format!(
        "<div id=\"matrix\">\n<header><h1>Stalemate</h1><p id=\"headline\">{}</p>\n",
        escape(&headline(cells))
    );
    out.push_str(&filters(cells));
    out.push_str("<noscript><p>What stands behind the cells needs JavaScript.</p></noscript>\n");
    out.push_str("</header>\n<main>\n");
    out.push_str(&matrix(cells));
    out.push_str("<p id=\"nothing\" hidden>No cell matches.</p>\n");
    out.push_str(&about(clients));
    out.push_str("</main>\n</div>\n");
    out.push_str(CELL);
    out
}

/// Where a cell is shown; the script fills it.
const CELL: &str = r##"<div id="cell" hidden>
<header>
<nav><a id="back" href="#">← All cells</a><span><button id="previous" type="button">‹ Previous</button><button id="next" type="button">Next ›</button></span></nav>
<h1 id="cell-title"></h1><p id="cell-summary"></p><p id="cell-badges"></p>
<ul id="cell-problems"></ul><ul id="cell-violations" aria-label="What was violated"></ul>
<div class="tools"><button id="show-all" type="button" aria-pressed="false">Show all rows</button><button id="show-list" type="button" aria-pressed="false">As a list</button><button id="save" type="button">Save the record</button><span class="hint">↑ ↓ a row · Enter its details · Esc back</span></div>
</header>
<main id="drawing" tabindex="-1"></main>
<aside id="details" hidden aria-label="Details of the row"><header><h2 id="details-title"></h2><button id="close" type="button" aria-label="Close">✕</button></header><dl id="details-list"></dl><p><a id="details-link">Link to this row</a></p></aside>
</div>
<p id="status" role="status" aria-live="polite"></p>
"##;

fn filters(cells: &[(&CellResult, &PackedCell)]) -> String {
    let mut out = "<div class=\"tools\"><label>Search <input id=\"search\" type=\"search\" \
                   placeholder=\"scenario, client, clause …\" autocomplete=\"off\"></label>\n"
        .to_owned();
    let rungs: BTreeSet<&str> = cells.iter().map(|(r, _)| rung(r)).collect();
    let in_order = Rung::ALL.iter().map(|r| r.as_str());
    let in_order = in_order
        .chain(["no progress", "-"])
        .filter(|r| rungs.contains(r));
    select(&mut out, "rung", "Rung", in_order);
    let there = |o: &Outcome| cells.iter().any(|(r, _)| r.outcome == *o);
    let outcomes = OUTCOMES.into_iter().filter(there).map(Outcome::as_str);
    select(&mut out, "outcome", "Outcome", outcomes);
    out.push_str(
        "<span class=\"hint\">/ to search, arrow keys to move, Enter to open</span></div>\n",
    );
    out
}

fn select<'a>(out: &mut String, id: &str, label: &str, options: impl Iterator<Item = &'a str>) {
    let _ = write!(
        out,
        "<label>{label} <select id=\"{id}\"><option value=\"\">any</option>"
    );
    for option in options {
        let _ = write!(out, "<option>{option}</option>");
    }
    out.push_str("</select></label>\n");
}

/// A row a scenario, a column a client, and in each cell what it took.
fn matrix(cells: &[(&CellResult, &PackedCell)]) -> String {
    let mut clients: Vec<&str> = Vec::new();
    let mut rows: Vec<(&str, &str)> = Vec::new();
    let mut places: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (n, (result, data)) in cells.iter().enumerate() {
        if !clients.contains(&result.client.as_str()) {
            clients.push(&result.client);
        }
        if !rows
            .iter()
            .any(|(scenario, _)| *scenario == result.scenario)
        {
            rows.push((&result.scenario, &data.summary));
        }
        let place = (result.scenario.as_str(), result.client.as_str());
        places.entry(place).or_default().push(n);
    }
    let mut out =
        "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">scenario</th>".to_owned();
    for client in &clients {
        // A long name may be broken where it has a slash.
        let name = escape(client).replace('/', "/<wbr>");
        let _ = write!(out, "<th scope=\"col\">{name}</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (scenario, summary) in rows {
        let _ = write!(
            out,
            "<tr><th scope=\"row\" title=\"{1}\">{0}<small>{1}</small></th>",
            escape(scenario),
            escape(summary)
        );
        for client in &clients {
            out.push_str("<td>");
            for n in places.get(&(scenario, *client)).into_iter().flatten() {
                cell(&mut out, *n, cells[*n].0);
            }
            out.push_str("</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    out
}

fn cell(out: &mut String, n: usize, result: &CellResult) {
    let rung = rung(result);
    let class = match rung {
        "no progress" => "none",
        "-" => "nobody",
        rung => rung,
    };
    let violated: Vec<&str> = result
        .invariants
        .iter()
        .filter(|j| j.verdict == Said::Violated)
        .map(|j| j.id.as_str())
        .collect();
    let seed = match result.seed {
        1 => String::new(),
        seed => format!("<small>seed {seed}</small>"),
    };
    let outcome = result.outcome.as_str();
    let (broken, mark) = match result.outcome {
        Outcome::Kept => (String::new(), ""),
        _ => (format!("<b>{outcome}</b>"), " is-not-kept"),
    };
    let _ = write!(
        out,
        "<a class=\"r r-{class}{mark}\" href=\"#cell/{}/{}/{}\" data-n=\"{n}\" data-scenario=\"{}\" data-client=\"{}\" data-seed=\"{}\" \
         data-rung=\"{rung}\" data-outcome=\"{outcome}\" data-violated=\"{}\" data-problems=\"{}\">{rung}{broken}{seed}</a>",
        percent(&result.scenario),
        percent(&result.client),
        result.seed,
        escape(&result.scenario),
        escape(&result.client),
        result.seed,
        escape(&violated.join(" ")),
        escape(&serde_json::json!(result.problems).to_string()),
    );
}

/// What each client is.
fn about(clients: &BTreeMap<String, String>) -> String {
    let mut out = "<details><summary>What the words mean</summary><dl>\n".to_owned();
    for rung in Rung::ALL {
        let _ = write!(
            out,
            "<dt><span class=\"r r-{0}\">{0}</span></dt><dd>{1}</dd>",
            rung.as_str(),
            meaning(rung)
        );
    }
    out.push_str(
        "<dt><span class=\"r r-none\">no progress</span></dt><dd>no client can work behind that path or server</dd>\
         </dl></details>\n<details><summary>The clients</summary><dl>\n",
    );
    for (client, what) in clients {
        let _ = write!(out, "<dt>{}</dt><dd>{}</dd>", escape(client), escape(what));
    }
    out.push_str("</dl></details>\n");
    out
}

/// What the user did when it worked again.
fn meaning(rung: Rung) -> &'static str {
    match rung {
        Rung::Transparent => "nothing: no error was shown",
        Rung::Retry => "the same call again, 30 s later",
        Rung::NewConversation => "a new conversation",
        Rung::Reconnect => "disconnect, reload the page, connect",
        Rung::ReAdd => "delete the connector and add it again",
        Rung::Incognito => "a private window, same account",
        Rung::Never => "nothing helped",
    }
}
