//! nginx's `log_format`: what stands where in a line. A line is read by the texts between its variables, and nothing of it
//! is copied.

use std::fmt;

use memchr::memmem::Finder;

use super::hit::{Hit, Told};
use super::time;

/// The format of the incident's report.
pub const INCIDENT: &str = r#"$remote_addr - $request - status:$status body_bytes:$body_bytes_sent accept:"$http_accept" content_type:"$http_content_type" session_id:"$http_mcp_session_id" content_length:"$http_content_length""#;
/// nginx's own.
pub const COMBINED: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#;
/// One that tells all that is needed here.
pub const ADVISED: &str = r#"$time_iso8601 $remote_addr "$request" $status $body_bytes_sent in:"$http_mcp_session_id" out:"$sent_http_mcp_session_id" upstream:"$upstream_addr" upstream_status:"$upstream_status" took:$request_time accept:"$http_accept" agent:"$http_user_agent""#;

/// A variable that says something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Peer,
    Request,
    Method,
    Path,
    Status,
    Bytes,
    Session,
    Given,
    Accept,
    TimeLocal,
    TimeIso,
    Msec,
    UpstreamStatus,
    Upstream,
    /// Any other.
    Other,
}

impl Field {
    fn of(name: &str) -> Self {
        match name {
            "remote_addr" | "realip_remote_addr" => Self::Peer,
            "request" => Self::Request,
            "request_method" => Self::Method,
            "request_uri" | "uri" => Self::Path,
            "status" => Self::Status,
            "body_bytes_sent" => Self::Bytes,
            "http_mcp_session_id" => Self::Session,
            "sent_http_mcp_session_id" | "upstream_http_mcp_session_id" => Self::Given,
            "http_accept" => Self::Accept,
            "time_local" => Self::TimeLocal,
            "time_iso8601" => Self::TimeIso,
            "msec" => Self::Msec,
            "upstream_status" => Self::UpstreamStatus,
            "upstream_addr" => Self::Upstream,
            _ => Self::Other,
        }
    }
}

/// A variable and the text behind it.
struct Part {
    field: Field,
    /// Empty at the end of the line.
    then: Box<str>,
    finder: Finder<'static>,
}

/// A format.
pub struct LogFormat {
    first: Box<str>,
    parts: Vec<Part>,
}

/// Why a text is no format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFormat(String);

impl fmt::Display for BadFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadFormat {}

impl LogFormat {
    /// Reads a format: the text with its variables, or the whole directive as it stands in nginx's configuration.
    ///
    /// # Errors
    /// [`BadFormat`]: it has no variables, not those that are needed, or two of them touch.
    pub fn parse(text: &str) -> Result<Self, BadFormat> {
        let text = directive(text.trim());
        let mut pieces = text.split('$');
        let first = pieces.next().unwrap_or_default().into();
        let mut parts = Vec::new();
        for piece in pieces {
            let (name, then) = match piece
                .strip_prefix('{')
                .and_then(|rest| rest.split_once('}'))
            {
                Some(braced) => braced,
                None => {
                    let end = piece.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                    piece.split_at(end.unwrap_or(piece.len()))
                }
            };
            if name.is_empty() {
                return Err(BadFormat(
                    "a `$` stands before no name: write nginx's variables, e.g. `$status`"
                        .to_owned(),
                ));
            }
            parts.push((name.to_owned(), then.to_owned()));
        }
        for pair in parts.windows(2) {
            if pair[0].1.is_empty() {
                return Err(BadFormat(format!(
                    "nothing stands between `${}` and `${}`, so nobody can tell where one ends; log a space between them",
                    pair[0].0, pair[1].0
                )));
            }
        }
        let has = |field: Field| parts.iter().any(|(name, _)| Field::of(name) == field);
        if !has(Field::Status) {
            return Err(BadFormat(
                "the format has no `$status`, and without it a log says nothing".to_owned(),
            ));
        }
        if !has(Field::Request) && !has(Field::Method) {
            return Err(BadFormat(
                "the format has neither `$request` nor `$request_method`".to_owned(),
            ));
        }
        let parts = parts.into_iter().map(|(name, then)| Part {
            field: Field::of(&name),
            finder: Finder::new(then.as_bytes()).into_owned(),
            then: then.into(),
        });
        Ok(Self {
            first,
            parts: parts.collect(),
        })
    }

    /// What it tells of.
    #[must_use]
    pub fn told(&self) -> Told {
        let has = |fields: &[Field]| self.parts.iter().any(|p| fields.contains(&p.field));
        Told {
            time: has(&[Field::TimeLocal, Field::TimeIso, Field::Msec]),
            session: has(&[Field::Session]),
            given: has(&[Field::Given]),
            bytes: has(&[Field::Bytes]),
            upstream_status: has(&[Field::UpstreamStatus]),
            upstream: has(&[Field::Upstream]),
            rpc: false,
        }
    }

    /// What a line says; `None` if it is none of this format.
    #[must_use]
    pub fn read<'l>(&self, line: &'l str) -> Option<Hit<'l>> {
        let mut rest = line.strip_prefix(&*self.first)?;
        let mut hit = Hit::default();
        let (mut has_status, mut has_method) = (false, false);
        for part in &self.parts {
            let value = if part.then.is_empty() {
                std::mem::take(&mut rest)
            } else {
                let at = part.finder.find(rest.as_bytes())?;
                // Both ends are ends of whole texts, so of characters.
                let value = rest.get(..at)?;
                rest = rest.get(at + part.then.len()..)?;
                value
            };
            let some = (!value.is_empty() && value != "-").then_some(value);
            match part.field {
                Field::Status => {
                    hit.status = value.parse().ok().filter(|s| *s < 1_000)?;
                    has_status = true;
                }
                Field::Request => {
                    // A request that is none is logged as it came.
                    let mut words = value.splitn(3, ' ');
                    (hit.method, hit.path) = (words.next()?, words.next().unwrap_or_default());
                    has_method = true;
                }
                Field::Method => {
                    hit.method = value;
                    has_method = true;
                }
                Field::Path => hit.path = value,
                Field::Peer => hit.peer = some,
                Field::Bytes => hit.bytes = some.and_then(|v| v.parse().ok()),
                Field::Session => hit.session = some,
                Field::Given => hit.given = some,
                Field::Accept => hit.accept = some,
                Field::TimeLocal => hit.at_ms = Some(time::local(value)?),
                Field::TimeIso => hit.at_ms = Some(time::iso(value)?),
                Field::Msec => hit.at_ms = Some(time::msec(value)?),
                // Of several tries the last counts.
                Field::UpstreamStatus => {
                    let last = some.and_then(|v| v.rsplit([',', ':', ' ']).next());
                    hit.upstream_status = last.and_then(|v| v.parse().ok());
                }
                Field::Upstream => hit.upstream = some,
                Field::Other => {}
            }
        }
        (rest.is_empty() && has_status && has_method).then_some(hit)
    }
}

/// The format within a directive: `log_format name [escape=…] 'one piece' 'and another';`.
fn directive(text: &str) -> String {
    let body = match text.strip_prefix("log_format") {
        Some(rest) => rest
            .trim_start()
            .split_once(char::is_whitespace)
            .map_or("", |(_, rest)| rest),
        None => text,
    };
    let body = body.trim().trim_end_matches(';').trim();
    let body = match body.strip_prefix("escape=") {
        Some(rest) => rest
            .split_once(char::is_whitespace)
            .map_or("", |(_, rest)| rest)
            .trim(),
        None => body,
    };
    if !body.starts_with('\'') {
        return body.to_owned();
    }
    // Every second piece stands between quotes, if no quote stands in one.
    body.split('\'').skip(1).step_by(2).collect()
}
