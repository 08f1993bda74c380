//! The HTTP client that stands beneath rmcp here, against the stock one of rmcp: the same answers on loopback, and what
//! comes of them must be equal, call by call and session by session. And the real client against the real server.

mod answer;
mod answers;
mod calls;
mod server;
mod sessions;
mod smoke;

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use stalemate_clients::{BoxIo, Dial, Dialler};
use tokio::net::TcpStream;

/// Dials a loopback address.
struct Loopback(String);

impl Dial for Loopback {
    fn dial(&self) -> Pin<Box<dyn Future<Output = io::Result<BoxIo>> + Send>> {
        let address = self.0.clone();
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as BoxIo)
        })
    }
}

/// A dialler to the endpoint `/mcp` at that address.
fn dialler(address: &str) -> Dialler {
    Dialler::new(address, "/mcp", Arc::new(Loopback(address.to_owned())))
}

/// An error as a comparable text: its variant, its message and those of its sources, without the names of the Rust types
/// in which the two clients must differ, and with the server's address replaced.
fn described(error: &(dyn Error + 'static), address: &str) -> String {
    let variant: String = format!("{error:?}")
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    let mut text = format!("{variant}: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(" <- {error}");
        source = error.source();
    }
    while let Some((before, rest)) = text.split_once("Transport [") {
        let (_, after) = rest.split_once("] error").expect("rmcp closes the bracket");
        text = format!("{before}transport error{after}");
    }
    text.replace(address, "host")
}

/// The lines that two descriptions of one row do not share, if any.
fn difference(row: &str, stock: &str, ours: &str) -> Option<String> {
    let only = |these: &str, others: &str, mark: &str| -> String {
        let mut others: Vec<&str> = others.lines().collect();
        let mut text = String::new();
        for line in these.lines() {
            match others.iter().position(|other| *other == line) {
                Some(at) => drop(others.remove(at)),
                None => text += &format!("\n{mark} {line}"),
            }
        }
        text
    };
    (stock != ours).then(|| {
        format!(
            "=== {row}{}{}",
            only(stock, ours, "stock:"),
            only(ours, stock, "ours: ")
        )
    })
}

fn assert_none(differences: Vec<String>, rows: usize) {
    assert!(
        differences.is_empty(),
        "{} of {rows} rows differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
