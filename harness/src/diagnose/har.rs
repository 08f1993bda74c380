//! HAR files, as browsers and proxies save them: requests and answers with their bodies.

use serde::Deserialize;
use serde_json::Value;

use super::hit::Hit;
use super::time;

/// A HAR file, as far as it matters here.
#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    started_date_time: String,
    #[serde(default)]
    time: f64,
    request: Request,
    response: Response,
    #[serde(default, rename = "serverIPAddress")]
    server: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Header>,
    #[serde(default)]
    post_data: Option<Content>,
}

#[derive(Deserialize)]
struct Response {
    status: i64,
    #[serde(default)]
    headers: Vec<Header>,
    #[serde(default)]
    content: Content,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Default, Deserialize)]
struct Content {
    #[serde(default)]
    size: Option<i64>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    encoding: Option<String>,
}

/// Reads a file, and hands on each exchange with its number, or what is wrong with it.
///
/// # Errors
/// Why the text is no HAR file.
pub fn read(text: &[u8], mut each: impl FnMut(u64, Result<Hit<'_>, String>)) -> Result<(), String> {
    let har: Har =
        serde_json::from_slice(text).map_err(|why| format!("this is no HAR file: {why}"))?;
    for (n, value) in har.log.entries.into_iter().enumerate() {
        let number = n as u64 + 1;
        let entry: Entry = match serde_json::from_value(value) {
            Ok(entry) => entry,
            Err(why) => {
                each(number, Err(why.to_string()));
                continue;
            }
        };
        // A request that was never answered has the status 0.
        let Ok(status) = u16::try_from(entry.response.status) else {
            each(
                number,
                Err(format!("a status of {}", entry.response.status)),
            );
            continue;
        };
        let find = |headers: &'_ [Header], name: &str| {
            let found = headers.iter().find(|h| h.name.eq_ignore_ascii_case(name));
            found
                .map(|h| h.value.clone())
                .filter(|value| !value.is_empty())
        };
        let session = find(&entry.request.headers, "mcp-session-id");
        let given = find(&entry.response.headers, "mcp-session-id");
        let accept = find(&entry.request.headers, "accept");
        let rpc = entry
            .request
            .post_data
            .as_ref()
            .and_then(|body| method(body.text.as_deref()?));
        let content = &entry.response.content;
        let text = content.text.as_ref().filter(|_| content.encoding.is_none());
        let bytes = text.map(|text| text.len() as u64);
        let bytes = bytes.or(content.size.and_then(|size| u64::try_from(size).ok()));
        let ended = time::iso(&entry.started_date_time);
        let ended = ended.map(|at| at + entry.time.clamp(0.0, 1e12) as i64);
        let url = entry
            .request
            .url
            .split_once("://")
            .map_or(&*entry.request.url, |(_, rest)| rest);
        let path = url.find('/').map_or("/", |at| &url[at..]);
        each(
            number,
            Ok(Hit {
                at_ms: ended,
                peer: None,
                method: &entry.request.method,
                path,
                status,
                bytes,
                session: session.as_deref(),
                given: given.as_deref(),
                accept: accept.as_deref(),
                upstream_status: Some(status),
                upstream: entry.server.as_deref(),
                rpc: rpc.as_deref(),
            }),
        );
    }
    Ok(())
}

fn method(body: &str) -> Option<String> {
    let value: Value = serde_json::from_str(body).ok()?;
    Some(value.get("method")?.as_str()?.to_owned())
}
