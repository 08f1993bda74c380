//! What a person looks at, in a real browser: headless Chromium, found on the path as `chromium` or `chromium-browser`, or
//! where `STALEMATE_BROWSER` says. Without one these tests are left out. Nothing here reaches the network.

mod chromium;
mod mermaid;
mod page;
mod picture;
mod results;
mod served;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// A test with its name.
type Test = (&'static str, fn());

/// What some tests need: whether it is there, or why it is not.
type Needs = fn() -> Result<(), String>;

fn main() -> ExitCode {
    let a_browser: Needs = || chromium::find().map(drop);
    let mermaid: Needs = || chromium::find().and_then(|_| mermaid::find()).map(drop);
    let groups = [
        ("of pictures", a_browser, picture::TESTS),
        ("of the page of results", a_browser, results::TESTS),
        ("of the page of a run", a_browser, served::TESTS),
        ("of Mermaid's text", mermaid, mermaid::TESTS),
    ];
    let mut trials = Vec::new();
    for (what, needs, tests) in groups {
        let is_there = needs();
        if let Err(why) = &is_there {
            eprintln!("left out: the tests {what}: {why}");
        }
        trials.extend(tests.iter().map(|(name, test)| {
            let run = move || std::panic::catch_unwind(test).map_err(|panic| told(&*panic));
            Trial::test(*name, run).with_ignored_flag(is_there.is_err())
        }));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// What a panic said.
fn told(panic: &(dyn std::any::Any + Send)) -> Failed {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
    Failed::from(text.unwrap_or_default())
}
