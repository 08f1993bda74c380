//! The fenced blocks of a page.

/// A fenced block.
pub(super) struct Block<'a> {
    /// The first word behind the fence.
    pub(super) kind: &'a str,
    /// What stands in it.
    pub(super) text: &'a str,
    /// The line of the page at which it begins, from 1.
    pub(super) line: usize,
}

/// The blocks in order.
pub(super) fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, usize, usize)> = None;
    let mut at = 0;
    for (line, text) in page.split_inclusive('\n').enumerate() {
        let end = at + text.len();
        if let Some(kind) = text.trim().strip_prefix("```") {
            open = match open {
                None => Some((kind.split(' ').next().unwrap_or(""), end, line + 2)),
                Some((kind, from, line)) => {
                    let text = &page[from..at];
                    blocks.push(Block { kind, text, line });
                    None
                }
            };
        }
        at = end;
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// A command of a `console` block, and what it prints.
pub(super) struct Shown<'a> {
    /// The words behind the `$`.
    pub(super) command: &'a str,
    /// The output.
    pub(super) output: &'a str,
}

/// The commands of a `console` block.
pub(super) fn shown(text: &str) -> Vec<Shown<'_>> {
    let mut starts: Vec<usize> = text.match_indices("$ ").map(|(at, _)| at).collect();
    starts.retain(|at| *at == 0 || text[..*at].ends_with('\n'));
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let of = |(from, to): (usize, usize)| {
        let (command, output) = text[from + 2..to]
            .split_once('\n')
            .unwrap_or((&text[from + 2..to], ""));
        Shown { command, output }
    };
    starts.iter().copied().zip(ends).map(of).collect()
}

/// Whether an output is as shown: a line `⋮` stands for any number of lines, ` …` at the end of a line for its rest.
pub(super) fn is_as_shown(printed: &str, shown: &str) -> Result<(), String> {
    let mut printed = printed.lines().map(str::trim_end).peekable();
    let mut may_skip = false;
    for line in shown.lines().map(str::trim_end) {
        if line.trim() == "⋮" {
            may_skip = true;
            continue;
        }
        let is_it = |is: &str| match line.strip_suffix(" …") {
            Some(begin) => is.starts_with(begin),
            None => is == line,
        };
        if may_skip {
            while printed.peek().is_some_and(|is| !is_it(is)) {
                printed.next();
            }
            may_skip = false;
        }
        match printed.next() {
            Some(is) if is_it(is) => {}
            Some(is) => return Err(format!("shown:   {line}\nprinted: {is}")),
            None => return Err(format!("shown, and not printed: {line}")),
        }
    }
    match printed.next() {
        Some(more) if !may_skip => Err(format!("printed, and not shown: {more}")),
        _ => Ok(()),
    }
}

#[test]
fn what_is_left_out_is_marked() {
    let printed = "one\ntwo\nthree\nfour and more\n";
    for (shown, fits) in [
        (printed, true),
        ("one\n  ⋮\nfour …\n", true),
        ("one\n⋮\n", true),
        ("⋮\nthree\nfour and more\n", true),
        ("one\nthree\n⋮\n", false),
        ("one\ntwo\n", false),
        ("one\n⋮\nfour\n", false),
        ("one\ntwo\nthree\nfour and more\nfive\n", false),
    ] {
        assert_eq!(is_as_shown(printed, shown).is_ok(), fits, "{shown}");
    }
}

#[test]
fn blocks_and_commands_are_found() {
    let page = "text\n```console\n$ a b\n1\n2\n$ c\n```\nmore\n```yaml\nx: 1\n```\n";
    let all = blocks(page);
    let kinds: Vec<_> = all.iter().map(|b| (b.kind, b.line)).collect();
    assert_eq!(kinds, [("console", 3), ("yaml", 10)]);
    let shown: Vec<_> = shown(all[0].text)
        .iter()
        .map(|s| (s.command, s.output))
        .collect();
    assert_eq!(shown, [("a b", "1\n2\n"), ("c", "")]);
}
