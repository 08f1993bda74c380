//! The ways through a world: the hops' addresses and settings, the route to each server, the path that a client is given.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::seed::Generator;
use crate::app::user::{PATIENCE_AFTER_MS, PATIENCE_MS};
use crate::journal::ServerName;
use crate::process::hop_shell::Behind;
use crate::process::net::{Routes, Target};
use crate::process::recorder::Recorder;
use crate::process::tokens::UserTokens;
use crate::proxy::{self, HopKind, HopOptions, RedirectTo};
use crate::scenario::{self, Scenario, Server};

/// The path of every server's endpoint.
pub const ENDPOINT: &str = "/mcp";

/// The path that a client is given for each server.
pub type Paths = BTreeMap<ServerName, Arc<str>>;

/// The servers that a hop leads to; none if it leads to all.
#[must_use]
pub fn leads_to(scenario: &Scenario, hop: &scenario::Hop) -> Vec<ServerName> {
    let behind = servers_behind(scenario, hop);
    if behind.len() == scenario.servers.len() {
        return Vec::new();
    }
    let names = behind.into_iter().map(|(server, _)| server.name.as_str());
    names.map(Arc::from).collect()
}

/// The servers behind a hop, each with the hop's position on the way to it.
fn servers_behind<'s>(scenario: &'s Scenario, hop: &scenario::Hop) -> Vec<(&'s Server, usize)> {
    let place = |server: &'s Server| {
        let way = scenario.way_to(server);
        Some((server, way.iter().position(|h| h.name == hop.name)?))
    };
    scenario.servers.iter().filter_map(place).collect()
}

/// What a hop's software is told of the servers behind it, whose clients are given those paths.
#[must_use]
pub fn behind(
    scenario: &Scenario,
    hop: &scenario::Hop,
    paths: &Paths,
) -> BTreeMap<ServerName, Behind> {
    let of = |(server, position): (&Server, usize)| {
        let mut options = options(hop, server.port);
        options.location = Some(location(scenario, hop, server, paths));
        let core = proxy::hop(hop.kind, &options);
        let next = position + 1;
        (Arc::from(server.name.as_str()), Behind { core, next })
    };
    servers_behind(scenario, hop).into_iter().map(of).collect()
}

/// How long a user waits for a call whose tool takes no time, in milliseconds: longer than any hop on the path waits for
/// those behind it.
#[must_use]
pub fn patience_ms(scenario: &Scenario) -> u64 {
    let replicas = scenario.servers.iter().map(|s| s.processes().len()).max();
    let waits = scenario.path.iter().map(|hop| {
        let upstream = proxy::hop(hop.kind, &options(hop, 0)).upstream();
        // A balancer may try each replica in turn.
        let dials = if hop.kind == HopKind::Balancer {
            replicas.unwrap_or(1) as u64
        } else {
            1
        };
        (upstream.connect_timeout_ms * dials).max(upstream.read_timeout_ms)
    });
    waits.max().unwrap_or(0).max(PATIENCE_MS) + PATIENCE_AFTER_MS
}

/// What is chosen of a hop whose upstream listens on that port.
fn options(hop: &scenario::Hop, port: u16) -> HopOptions {
    HopOptions {
        upstream_path: Some(ENDPOINT.to_owned()),
        read_timeout_ms: hop.read_timeout_ms,
        http10: hop.http10,
        buffering: hop.buffering,
        keepalive: hop.keepalive,
        collects: hop.collects,
        max_body_bytes: hop.max_body_bytes,
        edits: hop.edits.clone(),
        ..HopOptions::new(format!("localhost:{port}"))
    }
}

/// The path under which a hop is asked for a server: the client's own, until a hop before it has led on to the endpoint.
fn location(scenario: &Scenario, hop: &scenario::Hop, server: &Server, paths: &Paths) -> String {
    let way = scenario.way_to(server);
    let leads_on = |h: &&scenario::Hop| {
        let redirect = h.edits.redirect.as_ref();
        h.kind == HopKind::Nginx || redirect.is_some_and(|r| matches!(r.to, RedirectTo::Path(_)))
    };
    let mut before = way.into_iter().take_while(|h| h.name != hop.name);
    match before.find(leads_on) {
        Some(_) => ENDPOINT.to_owned(),
        None => paths[server.name.as_str()].to_string(),
    }
}

/// The way to each server, where a hop listens at those addresses, and a process of a server at that one.
#[must_use]
pub fn routes(
    scenario: &Scenario,
    of_hop: impl Fn(&scenario::Hop) -> Vec<SocketAddr>,
    of_process: impl Fn(&Server, &str) -> SocketAddr,
) -> Routes {
    let hop = |hop: &scenario::Hop| {
        vec![Target {
            process: Arc::from(hop.name.as_str()),
            addresses: of_hop(hop),
        }]
    };
    let route = |server: &Server| {
        let hops: Vec<Vec<Target>> = scenario.way_to(server).into_iter().map(hop).collect();
        let processes = server.processes().into_iter().map(|process| Target {
            addresses: vec![of_process(server, &process)],
            process: Arc::from(process),
        });
        let processes: Vec<Target> = processes.collect();
        hops.into_iter().chain([processes]).collect()
    };
    scenario
        .servers
        .iter()
        .map(|server| (Arc::from(server.name.as_str()), route(server)))
        .collect()
}

/// The path that a client is given for each server. Behind nginx it is secret, and shown as the report shows it.
#[must_use]
pub fn endpoint_paths(scenario: &Scenario) -> Paths {
    let is_secret = |server: &Server| {
        let way = scenario.way_to(server);
        way.iter().any(|hop| hop.kind == HopKind::Nginx)
    };
    let path = |position: usize, server: &Server| match (is_secret(server), position) {
        (false, _) => ENDPOINT.to_owned(),
        (true, 0) => "/[secret-path]".to_owned(),
        (true, _) => format!("/[secret-path-of-{}]", server.name),
    };
    scenario
        .servers
        .iter()
        .enumerate()
        .map(|(position, server)| {
            (
                Arc::from(server.name.as_str()),
                Arc::from(path(position, server)),
            )
        })
        .collect()
}

/// The user's tokens for those servers that ask for any.
#[must_use]
pub fn tokens(
    recorder: &Recorder,
    scenario: &Scenario,
    seed: u64,
) -> BTreeMap<ServerName, Arc<UserTokens>> {
    let asking = scenario.servers.iter().filter_map(|server| {
        let asked = server.kind.dialect()?.tokens.as_ref()?;
        let name: ServerName = Arc::from(server.name.as_str());
        let mut drawn = Generator::new(seed, &format!("tokens of {name}"));
        let secrets = Box::new(move || drawn.uuid());
        let tokens = UserTokens::new(recorder.clone(), name.clone(), asked.lifetime_ms, secrets);
        Some((name, Arc::new(tokens)))
    });
    asking.collect()
}
