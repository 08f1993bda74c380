//! A sweep that is ended before its end loses nothing, and goes on from there; a run that panics is one of its findings.

use std::io::Cursor;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use stalemate::registry::Registry;
use stalemate::runner::{Cell, Runner};
use stalemate::search::{Base, Before, Came, Done, Part, Sweep, SweptLine, SweptRun, Watch};

use crate::cell;

const SMALL: &str = "\
summary: One call.
servers: {memory: {dialect: spec}}
clients: [connector/stale-cache]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
";
const PAIRS: Option<usize> = Some(40);

/// Keeps what it is told, as lines of a file, and ends the sweep after so many runs.
struct Until {
    most: usize,
    begun: AtomicUsize,
    kept: Mutex<Vec<SweptRun>>,
}

impl Until {
    fn new(most: usize) -> Self {
        Self {
            most,
            begun: AtomicUsize::new(0),
            kept: Mutex::default(),
        }
    }

    fn lines(self, cell: &Cell, id: &str) -> String {
        let kept = self.kept.into_inner().expect("no panic").into_iter();
        let id = id.to_owned();
        let ran = kept.map(|ran| SweptLine::Ran {
            id: id.clone(),
            ran,
        });
        let lines = [SweptLine::head(cell, &id)].into_iter().chain(ran);
        lines
            .map(|line| serde_json::to_string(&line).expect("plain data") + "\n")
            .collect()
    }
}

impl Watch for Until {
    fn begins(&self, _: Part, _: usize) {}

    fn ran(&self, ran: &SweptRun) {
        self.kept.lock().expect("no panic").push(ran.clone());
    }

    fn stops(&self) -> bool {
        self.begun.fetch_add(1, Ordering::Relaxed) >= self.most
    }
}

fn same(one: &Sweep, other: &Sweep) {
    assert_eq!(one.rows, other.rows);
    assert_eq!(one.findings, other.findings);
    assert_eq!((one.pairs, one.runs), (other.pairs, other.runs));
}

fn done(text: &str, cell: &Cell, id: &str) -> Done {
    let before = Before::read(Cursor::new(text)).unwrap_or_else(|e| panic!("{e}"));
    before.of(cell, id).expect("it is the same sweep")
}

#[test]
fn a_sweep_goes_on_where_it_was_ended() {
    let runner = Runner::new(Registry::builtin());
    let cell = cell(SMALL, "connector/stale-cache", &runner);
    let base = Base::of(&cell, &runner).expect("the run ends");
    let id = base.id();
    let whole = base
        .clone()
        .sweep(&runner, PAIRS, &Done::default(), &Until::new(usize::MAX));
    assert!(whole.is_whole);
    assert_eq!(whole.pairs.expect("they were asked for").run, 40);
    let (mut text, mut times) = (String::new(), 0);
    let last = loop {
        times += 1;
        assert!(times < 20, "it never ends");
        let until = Until::new(150);
        let done = done(&text, &cell, &id);
        let swept = base.clone().sweep(&runner, PAIRS, &done, &until);
        text += &until.lines(&cell, &id);
        if swept.is_whole {
            break swept;
        }
        let open = |came: &&Came| **came == Came::NotRun;
        let open = swept.rows.iter().flat_map(|r| &r.came).filter(open).count();
        assert!(swept.pairs.is_none() || open == 0, "pairs come last");
    };
    assert!(times > 2, "{times} times");
    same(&last, &whole);
    // All is done: nothing runs again.
    let until = Until::new(usize::MAX);
    let done = done(&text, &cell, &id);
    same(&base.sweep(&runner, PAIRS, &done, &until), &whole);
    assert_eq!(until.kept.into_inner().expect("no panic"), []);
}

#[test]
fn results_of_another_sweep_are_not_taken_for_this_one() {
    let runner = Runner::new(Registry::builtin());
    let one = cell(SMALL, "connector/stale-cache", &runner);
    let other = cell(
        &SMALL.replace("create_entities", "search_nodes"),
        "connector/stale-cache",
        &runner,
    );
    let id = |cell: &Cell| Base::of(cell, &runner).expect("the run ends").id();
    let text = Until::new(0).lines(&one, &id(&one));
    let before = Before::read(Cursor::new(&text)).expect("it can be read");
    let error = before.of(&other, &id(&other)).expect_err("another one");
    assert!(error.contains("cannot resume"), "{error}");
    // Of a client that is not in the file nothing is done.
    let client = Cell {
        client: "connector/recovering".to_owned(),
        ..one
    };
    assert_eq!(before.of(&client, &id(&client)), Ok(Done::default()));
    let cut_off = &text[..text.len() - 5];
    let cut_off = Before::read(Cursor::new(cut_off)).expect("the last line is left out");
    assert_eq!(cut_off, Before::default());
    let error = Before::read(Cursor::new(format!("{{}}\n{text}"))).expect_err("no result");
    assert!(error.to_string().contains("of a sweep"), "{error}");
}
