//! What a person looks at, in a real browser: headless Chromium, found on the path as `chromium` or `chromium-browser`, or
//! where `STALEMATE_BROWSER` says. Without one these tests are left out. Nothing here reaches the network.

mod chromium;
mod page;
mod picture;
mod results;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// A test with its name.
type Test = (&'static str, fn());

fn main() -> ExitCode {
    let is_there = match chromium::find() {
        Ok(_) => true,
        Err(why) => {
            eprintln!("left out: the tests in a browser: {why}");
            false
        }
    };
    let tests: Vec<Test> = [picture::TESTS, results::TESTS].concat();
    let trials = tests.into_iter().map(|(name, test)| {
        let run = move || {
            std::panic::catch_unwind(test).map_err(|panic| {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
                Failed::from(text.unwrap_or_default())
            })
        };
        Trial::test(name, run).with_ignored_flag(!is_there)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
