//! The page of results: the matrix, what stands behind a cell, keys, links, a phone, and that nothing in it does harm.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::json;
use tempfile::TempDir;

use crate::Test;
use crate::page::Page;
use crate::picture::{shot, stalemate};

pub(crate) const TESTS: &[Test] = &[
    ("results: the matrix is searched and filtered", the_matrix),
    ("results: a cell is opened and read by keys alone", by_keys),
    (
        "results: details come by a click, without credentials",
        by_click,
    ),
    ("results: links lead to a cell and to a row", links),
    ("results: a saved record is one", saving),
    ("results: a phone shows lists", a_phone),
    ("results: what a wire says does no harm", no_harm),
];

/// What a server says in these tests: markup, a script's end, and what would tell if it ran.
const HOSTILE: &str = "</script><script>document.title='harm'</script><img src=x onerror=\"document.title='harm'\"><!--";

/// The page, made once: the incident with the models, and a server that says what no page should take for markup.
fn file() -> &'static PathBuf {
    static MADE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, file) = MADE.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a directory");
        let area = dir.path().join("area");
        fs::create_dir_all(&area).expect("made");
        let body =
            json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32000, "message": HOSTILE}});
        let body = json!(body.to_string());
        let scenario = format!(
            "summary: A call, and no more.\n\
             servers:\n  memory: {{dialect: supergateway-4.0.0, port: 3001}}\n\
             path: [nginx]\nclients: [connector/recovering]\n\
             steps:\n  - add: memory\n  - call: {{on: memory, tool: create_entities}}\n\
             inject:\n  - when: {{event: response-sent, at: memory, nth: 4}}\n    \
             then: {{replace: {{status: 400, body: {body}}}}}\n"
        );
        let hostile = area.join("hostile.yaml");
        fs::write(&hostile, scenario).expect("written");
        let file = dir.path().join("results.html");
        let args = [
            "run",
            "scenarios/incident-48557",
            hostile.to_str().expect("UTF-8"),
            "--client",
            "connector/stale-cache",
            "--client",
            "connector/spec-404",
            "--client",
            "connector/recovering",
            "--client",
            "rmcp",
            "--html",
            file.to_str().expect("UTF-8"),
        ];
        let said = stalemate(&args);
        assert!(file.is_file(), "{said}");
        (dir, file)
    });
    file
}

const INCIDENT: &str =
    "a[data-scenario='incident-48557/ten-steps'][data-client='connector/stale-cache']";

fn url(fragment: &str) -> String {
    format!("file://{}{fragment}", file().display())
}

/// How many cells match.
const MATCHING: &str =
    "[...document.querySelectorAll('td a.r:not(.off)')].filter(it => it.offsetParent).length";

fn the_matrix() {
    let mut page = Page::open(&url(""));
    let all = page.eval(MATCHING).as_u64().expect("a number");
    assert!(all >= 8, "{all}");
    shot(&mut page, "matrix", false);
    page.dark(true);
    shot(&mut page, "matrix-dark", false);
    page.key("/");
    page.type_text("ten-steps stale");
    page.until(&format!("{MATCHING} === 1"));
    assert_eq!(
        page.text("document.querySelector('td a.r:not(.off)').textContent"),
        "never"
    );
    assert!(
        page.text("document.getElementById('headline').textContent")
            .starts_with("1 of ")
    );
    page.key("Escape");
    page.until(&format!("{MATCHING} === {all}"));
    page.eval("(() => { const it = document.getElementById('rung'); it.value = 'reconnect'; it.dispatchEvent(new Event('input')); })()");
    let found = page.eval("[...new Set([...document.querySelectorAll('td a.r:not(.off)')].map(it => it.dataset.rung))]");
    assert_eq!(found, json!(["reconnect"]));
    page.key("/");
    page.type_text("no such thing");
    page.until("!document.getElementById('nothing').hidden");
    page.is_clean(&[]);
}

fn by_keys() {
    let mut page = Page::open(&url(""));
    // To the first cell that matches, on to the next one, and in.
    page.key("/");
    page.type_text("incident");
    page.key("Enter");
    page.until("document.activeElement.dataset.client");
    let scenario_now = "document.activeElement.dataset.scenario";
    let first = page.text(scenario_now);
    page.key("ArrowDown");
    page.key("ArrowDown");
    let scenario = page.text(scenario_now);
    assert_ne!(first, scenario);
    let client = page.text("document.activeElement.dataset.client");
    page.key("ArrowRight");
    assert_ne!(client, page.text("document.activeElement.dataset.client"));
    assert_eq!(scenario, page.text(scenario_now));
    page.key("Enter");
    page.until("document.querySelectorAll('#drawing .row').length > 10");
    assert!(
        page.text("document.getElementById('cell-title').textContent")
            .starts_with(&scenario)
    );
    for _ in 0..4 {
        page.key("ArrowDown");
    }
    assert_eq!(
        page.eval("document.activeElement.classList.contains('row')"),
        json!(true)
    );
    page.key("Enter");
    page.until("!document.getElementById('details').hidden || document.querySelector('.is-folded') === null");
    page.key("Escape");
    page.until("document.getElementById('details').hidden");
    page.key("Escape");
    page.until(
        "document.getElementById('cell').hidden && !document.getElementById('matrix').hidden",
    );
    // Back where one came from.
    assert_eq!(
        page.text("document.activeElement.dataset.scenario"),
        scenario
    );
    page.is_clean(&[]);
}

fn by_click() {
    let mut page = Page::open(&url(""));
    page.click(INCIDENT);
    page.until("document.querySelectorAll('#drawing svg .row').length > 20");
    shot(&mut page, "cell", false);
    let rows = "document.querySelectorAll('#drawing .row').length";
    let folded = page.eval(rows).as_u64();
    page.click("#cell-violations li:nth-child(2) button");
    page.until("!document.getElementById('details').hidden");
    let said = page.text("document.getElementById('details').textContent");
    assert!(
        said.contains("demands") && said.contains("clauses"),
        "{said}"
    );
    shot(&mut page, "cell-violation", false);
    // However far down, the lanes have their names.
    page.eval("[...document.querySelectorAll('#drawing .is-violation')].at(-1).scrollIntoView()");
    page.until(
        "Math.abs(document.querySelector('#drawing .sticky').getBoundingClientRect().top) < 2",
    );
    page.click("#show-all");
    page.until(&format!("{rows} > {}", folded.expect("a number")));
    page.click("#drawing .is-refusal");
    page.until("document.getElementById('details').textContent.includes('text/html')");
    let click = "[...document.querySelectorAll('#drawing .is-message')].find(it => it.querySelector('title').textContent.includes('r12 ')).dataset.key";
    let key = page.text(click);
    page.click(&format!(".row[data-key='{key}']"));
    page.until("document.getElementById('details').textContent.includes('mcp-session-id')");
    let said = page.text("document.getElementById('details-list').innerText");
    for words in ["POST /", "S1", "tools/call", "call 3"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    shot(&mut page, "cell-details", false);
    // Its id in the report, and any part of it that would tell it from others.
    let text = page.text("document.documentElement.textContent.replace(/<script[^]*/, '') && document.body.innerText + document.getElementById('drawing').innerHTML");
    assert!(!text.contains("ead943df"), "a session id is shown");
    page.is_clean(&[]);
}

fn links() {
    let mut page = Page::open(&url(
        "#cell/incident-48557%2Ften-steps/connector%2Fstale-cache/1",
    ));
    page.until("document.querySelectorAll('#drawing .row').length > 20");
    let key = page.text("document.querySelector('#drawing .is-violation').dataset.key");
    page.click(&format!(".row[data-key='{key}']"));
    page.until("!document.getElementById('details').hidden");
    let link = page.text("location.href");
    assert!(link.ends_with(&format!("/{key}")), "{link}");
    let said = page.text("document.getElementById('details-title').textContent");
    let mut other = Page::open(&link);
    other.until("!document.getElementById('details').hidden");
    assert_eq!(
        other.text("document.getElementById('details-title').textContent"),
        said
    );
    // A row that is left out at first is there when a link leads to it.
    let hidden = "#cell/incident-48557%2Ften-steps/connector%2Fstale-cache/1/0";
    other.go(&url(""));
    other.go(&url(hidden));
    other.until("document.querySelectorAll('#drawing .row').length > 20");
    other.go(&url("#cell/no/such/1"));
    other.until("!document.getElementById('matrix').hidden && document.getElementById('status').textContent !== ''");
    other.is_clean(&[]);
    page.is_clean(&[]);
}

fn saving() {
    let mut page = Page::open(&url(
        "#cell/incident-48557%2Ften-steps/connector%2Fspec-404/1",
    ));
    let place = page.downloads();
    page.until("document.querySelectorAll('#drawing .row').length > 10");
    page.click("#save");
    let name = page.saved();
    let saved = place.join(&name);
    let direct = stalemate(&[
        "trace",
        "scenarios/incident-48557/ten-steps.yaml",
        "--client",
        "connector/spec-404",
        "--format",
        "json",
    ]);
    assert!(
        fs::read_to_string(&saved).expect("saved") == direct,
        "{name} is another record"
    );
    let drawn = stalemate(&["trace", saved.to_str().expect("UTF-8")]);
    assert!(drawn.contains("rung      reconnect"), "{drawn}");
    page.is_clean(&[]);
}

fn a_phone() {
    let mut page = Page::open(&url(""));
    page.size(390, 844);
    // Nothing has to be moved sideways to be read.
    let fits = "document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(page.eval(fits), json!(true));
    shot(&mut page, "phone-matrix", false);
    page.click(INCIDENT);
    page.until("document.querySelectorAll('#drawing ol li').length > 20");
    assert_eq!(page.eval(fits), json!(true));
    shot(&mut page, "phone-cell", false);
    page.click("#drawing li.is-violation");
    page.until("!document.getElementById('details').hidden");
    assert_eq!(page.eval(fits), json!(true));
    shot(&mut page, "phone-details", false);
    page.click("#close");
    page.click("#show-list");
    page.until("document.querySelector('#drawing svg')");
    // A picture is moved within its own frame.
    assert_eq!(page.eval(fits), json!(true));
    shot(&mut page, "phone-picture", false);
    page.is_clean(&[]);
}

fn no_harm() {
    let text = fs::read_to_string(file()).expect("it is there");
    assert!(
        !text.contains("document.title='harm'"),
        "it stands in the file as it came"
    );
    let mut page = Page::open(&url("#cell/area%2Fhostile/connector%2Frecovering/1"));
    page.until("document.querySelectorAll('#drawing .row').length > 5");
    page.click("#show-all");
    let shows =
        "document.getElementById('drawing').textContent.includes(\"document.title='harm'\")";
    page.until(shows);
    let rows = "[...document.querySelectorAll('#drawing .row')].find(it => it.querySelector('title').textContent.includes('harm')).dataset.key";
    let key = page.text(rows);
    page.click(&format!(".row[data-key='{key}']"));
    page.until("document.getElementById('details').textContent.includes('harm')");
    page.click("#show-list");
    page.until(shows);
    assert_eq!(
        page.eval("document.querySelectorAll('img').length"),
        json!(0)
    );
    assert_eq!(
        page.eval("document.querySelectorAll('#cell script').length"),
        json!(0)
    );
    assert_ne!(page.text("document.title"), "harm");
    // The policy holds even for a script that got in.
    page.eval("(() => { const it = document.createElement('script'); it.textContent = \"document.title = 'harm'\"; document.body.append(it); })()");
    assert_ne!(page.text("document.title"), "harm");
}
