//! How to put an application's rules under test: what it keeps a session by, and what Disconnect and Delete do to it. The
//! client inside is a model that never lets go of its id; a factory of one's own goes in its place.
//! Try `cargo run --example own_application -- trace scenarios/restart/idle.yaml --client my-host`.

use std::process::ExitCode;
use std::sync::Arc;

use stalemate::Registry;
use stalemate::app::{AppPolicy, Disconnects, SessionKey};
use stalemate::clients::model::{ModelFactory, Policy};

/// It keeps the session by account and URL, and Disconnect only changes what the page says.
const MINE: AppPolicy = AppPolicy {
    key: SessionKey::AccountAndUrl,
    disconnects: Disconnects::OnlyDrawn,
    ..AppPolicy::SOUND
};

fn registry() -> Registry {
    let client = Arc::new(ModelFactory {
        policy: Policy::stale(),
    });
    Registry::builtin().application("my-host", "our application", MINE, client)
}

fn main() -> ExitCode {
    stalemate::main(&registry())
}
