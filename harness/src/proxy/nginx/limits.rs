//! What nginx refuses before it asks its upstream: a body above `client_max_body_size`, and a head that does not fit into
//! its buffers. Measured; see the capture that the tests replay.

use stalemate_wire::marks::took;
use stalemate_wire::{Request, Response};

use super::{error_page, page};

/// The buffer that a head is read into first, in bytes (`client_header_buffer_size`).
const FIRST_BUFFER: usize = 1024;
/// How many larger buffers there are, and how large each is, in bytes (`large_client_header_buffers`). A line is never
/// split over two.
const LARGE_BUFFERS: (usize, usize) = (4, 8192);

/// The refusal of a request that is too large; a limit of 0 bytes is none.
pub(super) fn refusal(request: &Request, max_body_bytes: u64) -> Option<Response> {
    let Request {
        method,
        path,
        headers,
        body,
    } = request;
    let first = format!("{} {path} HTTP/1.1\r\n", method.as_str()).len();
    let lines = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n").len());
    if first > LARGE_BUFFERS.1 {
        took("hop", "nginx refuses a line that is too long");
        return Some(error_page(414));
    }
    if !fits([first].into_iter().chain(lines)) {
        took("hop", "nginx refuses headers that are too large");
        let title = "400 Request Header Or Cookie Too Large";
        let more = "<center>Request Header Or Cookie Too Large</center>\r\n";
        return Some(page(400, title, "400 Bad Request", more));
    }
    let too_large = max_body_bytes > 0 && body.len() as u64 > max_body_bytes;
    too_large.then(|| {
        took("hop", "nginx refuses a body that is too large");
        error_page(413)
    })
}

/// Whether lines of these lengths fit into the buffers, in order.
fn fits(lines: impl Iterator<Item = usize>) -> bool {
    let (buffers, size) = LARGE_BUFFERS;
    let (mut left, mut used) = (FIRST_BUFFER, 0);
    for line in lines {
        if line > left {
            used += 1;
            if used > buffers || line > size {
                return false;
            }
            left = size;
        }
        left -= line;
    }
    true
}

#[cfg(test)]
mod tests;
