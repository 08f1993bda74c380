//! The page of a run on loopback: a click on each button, keys alone, the diagram as it grows, the end, the dark, a phone.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::Test;
use crate::page::Page;
use crate::picture::shot;

pub(crate) const TESTS: &[Test] = &[
    ("serve: a run is led by a click on each button", by_clicks),
    ("serve: a run is led by keys alone", by_keys),
    ("serve: the end says what to report", the_end),
    ("serve: a phone", a_phone),
];

const SCENARIO: &str = "scenarios/incident-48557/ten-steps.yaml";

/// A run that is led on its page alone.
struct Run {
    child: Child,
    url: String,
}

impl Run {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stalemate"))
            .args(["serve", SCENARIO, "--page", "0", "--pace", "1000"])
            .args(args)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut out = BufReader::new(child.stdout.take().expect("piped")).lines();
        let url = out.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, url) = line.split_once("The same with buttons: ")?;
            Some(url.to_owned())
        });
        // What else it says is read by nobody, and must not block it.
        std::thread::spawn(move || out.for_each(drop));
        let url = url.expect("it says where its page is");
        Self { child, url }
    }

    fn page(&self) -> Page {
        Page::open(&self.url)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether that is asked now.
fn asked(text: &str) -> String {
    format!(
        "[...document.querySelectorAll('.prompt .text')].some(it => it.textContent.includes({text:?}))"
    )
}

/// Whether that has happened.
fn happened(text: &str) -> String {
    format!("document.getElementById('happened').textContent.includes({text:?})")
}

fn answer(page: &mut Page, prompt: &str, answer: &str) {
    page.until(&asked(prompt));
    page.click(&format!(".prompt button[data-answer={answer}]"));
}

fn by_clicks() {
    let run = Run::start(&[]);
    let mut page = run.page();
    page.until("document.querySelectorAll('#addresses code').length === 2");
    page.until(&asked("Add memory to your application"));
    shot(&mut page, "serve-begin", false);
    page.click(".prompt .copy button");
    page.until("['Copied', 'Selected'].includes(document.querySelector('.prompt .copy button').textContent)");
    answer(&mut page, "Add memory", "failed");
    page.until(&happened("add failed: the application showed an error"));
    answer(&mut page, "Add bluesky", "done");
    answer(&mut page, "create_entities of memory", "nothing");
    page.until(&happened("the user gave up after"));
    answer(&mut page, "create_entities of bluesky", "failed");
    page.until(&asked("memory, bluesky restarted"));
    let now = "document.querySelector('#steps [aria-current=step]').textContent";
    assert_eq!(page.text(now), "⚡ memory, bluesky restarted");
    assert_eq!(
        page.eval("document.querySelectorAll('#steps .over').length"),
        4
    );
    page.until("document.querySelector('#picture svg')");
    shot(&mut page, "serve-fault", false);
    page.dark(true);
    shot(&mut page, "serve-fault-dark", false);
    answer(&mut page, "memory, bluesky restarted", "done");
    page.until(&happened("over: restart of memory, bluesky"));
    answer(&mut page, "Open a new conversation", "done");
    page.until("document.getElementById('picture').textContent.includes('memory is up')");
    page.is_clean(&[&run.url]);
}

/// Enter is all that it takes: the usual button has the focus whenever something is asked.
fn by_keys() {
    let run = Run::start(&[]);
    let mut page = run.page();
    for prompt in [
        "Add memory",
        "Add bluesky",
        "create_entities of memory",
        "create_entities of bluesky",
        "memory, bluesky restarted",
        "Open a new conversation",
    ] {
        page.until(&asked(prompt));
        page.until("document.activeElement.matches('.prompt button.usual')");
        page.key("Enter");
        page.until(&format!("!({})", asked(prompt)));
    }
    // The other buttons are a Tab away.
    page.until(&asked("search_nodes of memory"));
    page.key("Tab");
    page.until("document.activeElement.dataset.answer === 'failed'");
    page.key("Enter");
    page.until(&happened("call 3 (search_nodes on memory): an error"));
    page.is_clean(&[&run.url]);
}

fn the_end() {
    let run = Run::start(&["--for", "4s"]);
    let mut page = run.page();
    answer(&mut page, "Add memory", "done");
    answer(&mut page, "Add bluesky", "done");
    answer(&mut page, "create_entities of memory", "failed");
    page.until("!document.getElementById('end').hidden");
    let report = page.text("document.getElementById('report').textContent");
    assert!(
        report.contains("the time was over before the scenario was"),
        "{report}"
    );
    assert!(page.eval("document.activeElement.id === 'h-end'") == true);
    assert!(page.eval("document.getElementById('asked').hidden") == true);
    shot(&mut page, "serve-end", true);
    // The command has ended, and that is no news.
    page.until("document.getElementById('lost').hidden");
    page.is_clean(&[&run.url]);
}

fn a_phone() {
    let run = Run::start(&[]);
    let mut page = run.page();
    page.size(390, 844);
    page.until(&asked("Add memory"));
    answer(&mut page, "Add memory", "done");
    answer(&mut page, "Add bluesky", "done");
    page.until(&asked("create_entities of memory"));
    page.until("document.querySelector('#picture svg')");
    shot(&mut page, "serve-phone", true);
    page.dark(true);
    shot(&mut page, "serve-phone-dark", false);
    // What is asked comes first, and nothing makes the page wider than the window.
    assert_eq!(
        page.eval("document.documentElement.scrollWidth <= document.documentElement.clientWidth"),
        true
    );
    assert_eq!(
        page.eval("document.getElementById('asked').getBoundingClientRect().top < document.getElementById('addresses').getBoundingClientRect().top"),
        true
    );
    let small = "[...document.querySelectorAll('.prompt .answers button')].filter(it => it.getBoundingClientRect().height < 36).length";
    assert_eq!(page.eval(small), 0, "buttons for fingers");
    page.is_clean(&[&run.url]);
}
