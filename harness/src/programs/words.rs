//! A client as a command line, e.g. `node mine.mjs`.

use std::path::Path;

use stalemate_clients::{Program, Speaks};

use super::place::shown;

/// The driver that a command line starts. It is split at spaces, but for those between quotes or behind a backslash; a word
/// that names a file here means that file, wherever the program runs.
///
/// # Errors
/// A quote without its other one, or nothing at all.
pub fn from_words(line: &str) -> Result<Program, String> {
    let words = split(line)?;
    if words.is_empty() {
        return Err("the command is empty".to_owned());
    }
    let word = |word: String| {
        let path = Path::new(&word);
        let is_file = path.is_relative() && path.is_file();
        match std::path::absolute(path) {
            Ok(whole) if is_file => shown(&whole),
            _ => word,
        }
    };
    Ok(Program {
        command: words.into_iter().map(word).collect(),
        speaks: Speaks::Driver,
        needs: None,
    })
}

fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(chars.next()),
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    if let Some(quote) = quote {
        return Err(format!("a quote ({quote}) has no end"));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_would() {
        let words = |line: &str| split(line);
        let of = |list: &[&str]| Ok(list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
        assert_eq!(words("node mine.mjs"), of(&["node", "mine.mjs"]));
        assert_eq!(
            words(r#"a "b c" 'd "e' f\ g """#),
            of(&["a", "b c", "d \"e", "f g", ""])
        );
        assert!(words("a 'b").is_err());
        assert!(from_words("  ").is_err());
    }
}
