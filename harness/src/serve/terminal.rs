//! A run on a terminal: what is asked stands there as it comes, and lines of the standard input are the answers.

use std::io::BufRead;
use std::rc::Rc;
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::report::span;
use crate::serve::guide::{Guide, News};
use crate::serve::state::{Answer, Happened, Kind, Prompt, State};

/// What stands before the lines that hang below a prompt.
const BELOW: &str = "      ";

/// What is shown before anything happens: who is under test and what is put into the application.
#[must_use]
pub fn head(state: &State) -> String {
    let mut lines = vec![
        format!("{}, with {}, in real time", state.scenario, state.client),
        state.summary.clone(),
        String::new(),
        "To be put into the application:".to_owned(),
    ];
    let width = state.addresses.iter().map(|a| a.server.len()).max();
    let width = width.unwrap_or(0);
    for address in &state.addresses {
        let way: Vec<String> = address
            .way
            .iter()
            .map(|(process, at)| format!("{process} ({at})"))
            .collect();
        lines.push(format!("  {:<width$}  {}", address.server, address.url));
        lines.push(format!("  {:<width$}    leads to {}", "", way.join(", ")));
    }
    lines.join("\n")
}

/// Something new, as it is printed; with the keys that answer, where there are any.
#[must_use]
pub fn news(news: News<'_>, has_keys: bool) -> String {
    match news {
        News::Step(number, of, step) => {
            let mark = if step.is_fault { "⚡ " } else { "" };
            format!("\n{number}/{of}  {mark}{}", step.text)
        }
        News::Asked(prompt) => asked(prompt, has_keys),
        News::Hinted(prompt) => format!("{BELOW}{}", prompt.hint),
        News::Happened(happened) => line(happened),
    }
}

fn asked(prompt: &Prompt, has_keys: bool) -> String {
    let mut text = format!("  ▶   {}", prompt.text);
    if let Some(copy) = &prompt.copy {
        text.push_str(&format!("\n{BELOW}{copy}"));
    }
    let mut below: Vec<String> = Vec::new();
    if has_keys {
        let keys = prompt.answers.iter().enumerate();
        let keys = keys.map(|(n, (answer, label))| {
            let key = match (n, answer) {
                (0, _) => "Enter",
                (_, Answer::Done) => "d",
                (_, Answer::Failed) => "f",
                (_, Answer::Nothing) => "n",
            };
            format!("{key}: {}", label.to_lowercase())
        });
        below.push(format!("[{}]", keys.collect::<Vec<_>>().join(", ")));
    }
    if !prompt.hint.is_empty() {
        below.push(prompt.hint.clone());
    }
    if !below.is_empty() {
        text.push_str(&format!("\n{BELOW}{}", below.join(" ")));
    }
    text
}

fn line(happened: &Happened) -> String {
    let mark = match happened.kind {
        Kind::Fault => "⚡",
        Kind::User => "☺",
        Kind::Phase => "──",
        Kind::Expected | Kind::Violated => "✗",
        Kind::Note => "·",
    };
    format!(
        "{BELOW}{:>10}  {mark} {}",
        span(happened.at_ms),
        happened.text
    )
}

/// The lines of the standard input, read on a thread of their own; `None` once it has ended.
#[must_use]
pub fn lines() -> UnboundedReceiver<Option<String>> {
    let (to, lines) = unbounded_channel();
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if to.send(Some(line)).is_err() {
                return;
            }
        }
        let _ = to.send(None);
    });
    lines
}

/// Takes lines for answers, until there are no more.
pub async fn answer(guide: &Rc<Guide>, lines: &mut UnboundedReceiver<Option<String>>) {
    while let Some(Some(line)) = lines.recv().await {
        match line.trim() {
            "" => drop(guide.answer_usual()),
            "d" => drop(guide.answer_first(Answer::Done)),
            "f" => drop(guide.answer_first(Answer::Failed)),
            "n" => drop(guide.answer_first(Answer::Nothing)),
            _ => {}
        }
    }
}
