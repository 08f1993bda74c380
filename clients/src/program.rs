//! A client that is a program of its own, in whatever language: how it is started and what it speaks. It runs only inside of
//! a simulation, which starts it and stands between it and the world; nothing here starts anything.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    CallResult, Client, ClientError, ClientFactory, Dialler, LocalBoxFuture, NotificationSink,
    StoredSession,
};

/// What stands in a command for the URL of the endpoint.
pub const URL: &str = "{url}";

/// What a program speaks on its standard input and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speaks {
    /// The driver protocol: it is told what to do with its client.
    Driver,
    /// MCP itself: it passes on what is asked of it, as a proxy for hosts that start programs.
    McpStdio,
}

/// A program that is a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The command and its arguments; [`URL`] stands for the endpoint.
    pub command: Vec<String>,
    /// What it speaks.
    pub speaks: Speaks,
    /// The file without which it cannot run, and what to do where that is missing.
    pub needs: Option<(String, String)>,
}

impl Program {
    /// What to do before it can run; `None` if it can.
    #[must_use]
    pub fn missing(&self) -> Option<&str> {
        let (file, remedy) = self.needs.as_ref()?;
        (!std::path::Path::new(file).exists()).then_some(remedy)
    }
}

/// Stands for a program where clients are named. What it makes outside of a simulation connects to nothing.
#[derive(Clone, Debug)]
pub struct ProgramFactory {
    /// The program.
    pub program: Program,
}

impl ClientFactory for ProgramFactory {
    fn create(
        &self,
        _dialler: Dialler,
        _resume: Option<StoredSession>,
        _sink: NotificationSink,
    ) -> Arc<dyn Client> {
        Arc::new(Nowhere)
    }

    fn program(&self) -> Option<&Program> {
        Some(&self.program)
    }
}

/// A program's client where there is no simulation.
struct Nowhere;

fn nowhere<T: 'static>() -> LocalBoxFuture<'static, Result<T, ClientError>> {
    let why = "a client that is a program of its own runs only in a simulation";
    Box::pin(std::future::ready(Err(ClientError::new(why))))
}

impl Client for Nowhere {
    fn connect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        nowhere()
    }

    fn list_tools(&self) -> LocalBoxFuture<'_, Result<Vec<String>, ClientError>> {
        nowhere()
    }

    fn call_tool(&self, _name: String, _arguments: Value) -> LocalBoxFuture<'_, CallResult> {
        nowhere()
    }

    fn disconnect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        nowhere()
    }
}
