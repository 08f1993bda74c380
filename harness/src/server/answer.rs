//! Answers as data: status, headers and body with `${variables}`, and what the server does to itself on giving one. When
//! an answer is given is not here (see `admit`).

use serde_json::Value;
use stalemate_wire::{Headers, Response, header};

/// How the body of a complete response is framed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// By `content-length`.
    #[default]
    Length,
    /// By chunks; an empty body is the last chunk alone.
    Chunked,
}

/// What the server does besides answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The session that the request named dies of the refusal: gone before the answer, its streams end after it.
    KillSession,
    /// The session that the request named is closed as the client asked, streams first, and then the answer is given.
    EndSession,
    /// A session is opened that nobody asked for; `${session}` is its id.
    MintSession,
    /// As `mint-session`, but that session has ended before the answer is given.
    MintDeadSession,
    /// The process exits with status 1 after the answer.
    ExitProcess,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers besides those of every answer and the framing; values may hold variables.
    pub headers: HeaderList,
    /// The body; may hold variables. `${method}`, `${path}`, `${version}`, `${versions}` and `${session}` are escaped as
    /// the content type demands; `${id}` is the JSON-RPC id of the refused request, or `null`.
    pub body: String,
    /// How the body is framed.
    pub framing: Framing,
    /// What else happens.
    pub then: Option<Then>,
}

/// Headers in the order and spelling of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderList(pub Vec<(String, String)>);

impl HeaderList {
    /// Appends these headers to `headers`, their variables filled in as they are. One that would name a session is left
    /// out where there is none.
    pub(super) fn fill_into(&self, headers: &mut Headers, vars: &Vars<'_>) {
        let anonymous = vars.contains(&("session", ""));
        for (name, value) in &self.0 {
            if anonymous && value.contains("${session}") {
                continue;
            }
            headers.push(name, fill(value, vars, Escape::None));
        }
    }
}

impl Answer {
    /// The response, with `every` in front of its own headers.
    pub(super) fn response(&self, every: &HeaderList, vars: &Vars<'_>) -> Response {
        let mut headers = Headers::new();
        every.fill_into(&mut headers, vars);
        self.headers.fill_into(&mut headers, vars);
        let escape = match headers.get(header::CONTENT_TYPE) {
            Some(t) if t.contains("html") => Escape::Html,
            Some(t) if t.contains("json") => Escape::Json,
            _ => Escape::None,
        };
        Response {
            status: self.status,
            headers,
            body: fill(&self.body, vars, escape).into_bytes(),
        }
    }
}

/// The variables of one answer or message, by name.
pub(super) type Vars<'a> = [(&'static str, &'a str)];

/// How a variable's value is made harmless for the body that it goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    None,
    Html,
    Json,
}

/// Variables whose value is a piece of JSON already.
const RAW: [&str; 5] = ["id", "result", "code", "message", "data"];

/// The names of the variables in a template.
pub(super) fn variables(template: &str) -> impl Iterator<Item = &str> {
    template
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

/// Fills a template in one pass, so that a value that looks like a variable stays as it is. A variable without a value
/// becomes nothing.
pub(super) fn fill(template: &str, vars: &Vars<'_>, escape: Escape) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            out.push_str("${");
            rest = after;
            continue;
        };
        let value = vars.iter().find(|(n, _)| *n == name).map_or("", |v| v.1);
        match escape {
            Escape::Html => out.push_str(&html(value)),
            Escape::Json if !RAW.contains(&name) => out.push_str(&json_inner(value)),
            _ => out.push_str(value),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// The text as it stands between the quotes of a JSON string.
fn json_inner(text: &str) -> String {
    let quoted = Value::String(text.to_owned()).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_not_read_as_a_template() {
        let vars = [("a", "${b}"), ("b", "no")];
        assert_eq!(fill("x${a}y${c}z${", &vars, Escape::None), "x${b}yz${");
        assert_eq!(variables("x${a}y${c}z${").collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn values_are_escaped_as_the_content_type_demands() {
        let answer = |content_type: &str| Answer {
            status: 400,
            headers: HeaderList(vec![("Content-Type".into(), content_type.into())]),
            body: "${path} ${id}".into(),
            framing: Framing::Length,
            then: None,
        };
        let vars = [("path", "/<a>\"'&"), ("id", "\"q\"")];
        let body = |t: &str| {
            String::from_utf8(answer(t).response(&HeaderList::default(), &vars).body).unwrap()
        };
        assert_eq!(
            body("text/html"),
            "/&lt;a&gt;&quot;&#39;&amp; &quot;q&quot;"
        );
        assert_eq!(body("application/json"), "/<a>\\\"'& \"q\"");
        assert_eq!(body("text/plain"), "/<a>\"'& \"q\"");
    }
}
