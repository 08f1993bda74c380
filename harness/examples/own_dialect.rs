//! How to make a server known that answers in its own way. Scenarios can name it then, and `explain my-server` shows it.
//! Try `cargo run --example own_dialect -- explain my-server`. Without Rust, `--dialects DIR` does the same.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use stalemate::Registry;
use stalemate::dialect::{self, Dialect};

/// Like a gateway, but it answers 410 where the specification demands 404, and ends a session after 30 minutes.
const MINE: &str = "\
- name: my-server
  like: supergateway-4.0.0
  summary: our server
  answers:
    post-unknown-session: {status: 410, body: gone}
  sessions: {lifetime: 30m}
";

fn main() -> ExitCode {
    let registry = Registry::builtin();
    match dialect::read_several(Path::new("my-server.yaml"), MINE, registry.dialects()) {
        Ok(mine) => {
            let add = |all: Registry, one: &Arc<Dialect>| all.dialect(Dialect::clone(one));
            stalemate::main(&mine.iter().fold(registry, add))
        }
        Err(wrong) => {
            eprintln!("{wrong}");
            ExitCode::from(2)
        }
    }
}
