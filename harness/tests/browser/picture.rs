//! The picture of a trace: that every text stands where it can be read, in light and in dark.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use serde_json::json;

use crate::Test;
use crate::page::Page;

pub(crate) const TESTS: &[Test] = &[
    ("picture: no text meets another one", no_text_meets_another),
    ("picture: dark where the reader likes it dark", it_is_dark),
];

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What the command prints.
pub(crate) fn stalemate(args: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_stalemate"))
        .args(args)
        .current_dir(ROOT)
        .output()
        .expect("it runs");
    String::from_utf8(done.stdout).expect("UTF-8")
}

/// Where screenshots are kept for whoever wants to look at them; nowhere unless `STALEMATE_SCREENSHOTS` names a directory.
pub(crate) fn shot(page: &mut Page, name: &str, whole: bool) {
    if let Some(dir) = env::var_os("STALEMATE_SCREENSHOTS") {
        page.screenshot(&Path::new(&dir).join(format!("{name}.png")), whole);
    }
}

/// The picture of a trace, in a page.
fn picture(args: &[&str]) -> (tempfile::TempDir, Page) {
    let svg = stalemate(&[&["trace"], args, &["--format", "svg"]].concat());
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("it.svg");
    fs::write(&file, svg).expect("written");
    let page = Page::open_file(&file);
    (dir, page)
}

/// Pairs of texts whose boxes meet, and texts that leave the picture.
const MEETING: &str = "(() => {
    const texts = [...document.querySelectorAll('text')].map(it => ({said: it.textContent, box: it.getBoundingClientRect()}));
    const all = document.documentElement.viewBox.baseVal;
    const wrong = [];
    texts.forEach((a, n) => {
        if (a.box.x < 0 || a.box.x + a.box.width > all.width + 0.5) wrong.push(['outside', a.said]);
        for (const b of texts.slice(n + 1)) {
            const wide = Math.min(a.box.x + a.box.width, b.box.x + b.box.width) - Math.max(a.box.x, b.box.x);
            const tall = Math.min(a.box.y + a.box.height, b.box.y + b.box.height) - Math.max(a.box.y, b.box.y);
            if (wide > 0.5 && tall > 2) wrong.push([a.said, b.said]);
        }
    });
    return wrong;
})()";

fn no_text_meets_another() {
    for (name, args) in [
        ("incident", &["scenarios/incident-48557/ten-steps.yaml"][..]),
        (
            "full",
            &["scenarios/incident-48557/ten-steps.yaml", "--full"],
        ),
        ("replicas", &["scenarios/topology/rolling-deploy.yaml"]),
        ("kinds", &["scenarios/requests/all-kinds.yaml"]),
        ("no progress", &["scenarios/capacity/full-for-good.yaml"]),
        ("long waits", &["scenarios/expiry/lifetime.yaml"]),
        (
            "streams",
            &["scenarios/reconnect/other-streams-replayed.yaml", "--full"],
        ),
    ] {
        let (_dir, mut page) = picture(args);
        let texts = page.eval("document.querySelectorAll('text').length");
        assert!(texts.as_u64() > Some(30), "{name}: {texts} texts");
        shot(&mut page, name, true);
        assert_eq!(page.eval(MEETING), json!([]), "{name}");
        page.is_clean(&[]);
    }
}

fn it_is_dark() {
    let (_dir, mut page) = picture(&["scenarios/incident-48557/ten-steps.yaml"]);
    let colour = "getComputedStyle(document.querySelector('.bg')).fill";
    let light = page.text(colour);
    page.dark(true);
    let dark = page.text(colour);
    assert_eq!(
        (light.as_str(), dark.as_str()),
        ("rgb(255, 255, 255)", "rgb(13, 17, 23)")
    );
    shot(&mut page, "incident-dark", true);
}
