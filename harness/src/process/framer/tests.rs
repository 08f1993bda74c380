//! How bytes become units.

use super::*;

const STREAM: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n\
    9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n0\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno";

fn push(framer: &mut Framer, bytes: &[u8]) -> Vec<Unit> {
    framer.pending().extend_from_slice(bytes);
    std::iter::from_fn(|| framer.next_unit()).collect()
}

fn bytes(units: &[Unit]) -> Vec<u8> {
    units.iter().flat_map(|u| u.bytes.clone()).collect()
}

fn kinds(units: &[Unit]) -> Vec<String> {
    let name = |m: &Message| match m {
        Message::Request(r) => format!("{} {}", r.method.as_str(), r.bytes),
        Message::Response(r) if r.stream => format!("{} stream", r.status),
        Message::Response(r) => format!("{} {}", r.status, r.bytes),
        Message::Sse(e) => format!("event {}", e.bytes),
        Message::End { clean, .. } => format!("end {clean}"),
    };
    units
        .iter()
        .flat_map(|u| u.messages.iter().map(name))
        .collect()
}

#[test]
fn units_do_not_depend_on_how_bytes_arrive() {
    let whole = push(&mut Framer::new(Direction::Responses), STREAM);
    let mut framer = Framer::new(Direction::Responses);
    let single: Vec<Unit> = STREAM
        .iter()
        .flat_map(|b| push(&mut framer, &[*b]))
        .collect();
    assert_eq!(
        kinds(&whole),
        ["200 stream", "event 1", "event 1", "end true", "404 2"]
    );
    assert_eq!(kinds(&single), kinds(&whole));
    assert_eq!(
        (bytes(&single), bytes(&whole)),
        (STREAM.to_vec(), STREAM.to_vec())
    );
    assert_eq!(single.last().map(|u| u.ordinal), Some(1));
}

#[test]
fn a_request_is_one_unit() {
    let text =
        b"POST /mcp HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\nabcdGET /mcp HTTP/1.1\r\n\r\n";
    let units = push(&mut Framer::new(Direction::Requests), text);
    assert_eq!(kinds(&units), ["POST 4", "GET 0"]);
    assert_eq!(bytes(&units), text);
}

#[test]
fn a_stream_that_stops_short_ends_unclean() {
    let mut framer = Framer::new(Direction::Responses);
    let cut = STREAM.len() - 60;
    let mut units = push(&mut framer, &STREAM[..cut]);
    units.extend(framer.finish());
    assert_eq!(kinds(&units).last().map(String::as_str), Some("end false"));
    assert_eq!(bytes(&units), &STREAM[..cut]);
}

#[test]
fn a_response_without_length_ends_with_the_connection() {
    let mut framer = Framer::new(Direction::Responses);
    assert!(push(&mut framer, b"HTTP/1.0 200 OK\r\n\r\nhello").is_empty());
    let unit = framer.finish().unwrap();
    assert_eq!(
        (kinds(&[unit]), framer.finished()),
        (vec!["200 5".into()], 1)
    );
    let mut framer = Framer::new(Direction::Responses);
    let stream = b"HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: a\n\ndata";
    let mut units = push(&mut framer, stream);
    units.extend(framer.finish());
    assert_eq!(kinds(&units), ["200 stream", "event 1", "end true"]);
    assert_eq!(bytes(&units), stream);
    assert_eq!((framer.finished(), framer.in_message()), (1, false));
}

#[test]
fn what_is_no_http_passes_unseen() {
    let mut framer = Framer::new(Direction::Responses);
    let units = push(&mut framer, b"SSH-2.0-x\r\n");
    assert_eq!(
        (bytes(&units), kinds(&units).len()),
        (b"SSH-2.0-x\r\n".to_vec(), 0)
    );
}

#[test]
fn events_that_arrive_together_are_units_of_their_own() {
    let units = push(&mut Framer::new(Direction::Responses), STREAM);
    let sizes: Vec<usize> = units.iter().map(|u| u.messages.len()).collect();
    assert_eq!(sizes, [1, 1, 1, 1, 1]);
    assert_eq!(&units[1].bytes[..], b"9\r\ndata: a\n\n\r\n");
    assert_eq!(&units[3].bytes[..], b"0\r\n\r\n");
}
