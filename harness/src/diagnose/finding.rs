//! What the books say: whose fault it is, by which clause, and what helps. Only what the log proves is said; what it does
//! not tell is said too.

use super::dead::{is_dead, is_sent_on, products, says_otherwise};
use super::fingerprint::Fingerprint;
use super::hit::Told;
use super::ledger::{Ledger, Refusals, Session, Verb};

/// A layer of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The server, or the gateway in front of it that owns the sessions.
    Server,
    /// The client, or the application around it.
    Client,
    /// What spreads requests over several processes.
    Balancer,
    /// The proxy that wrote the log, or its limits.
    Proxy,
}

impl Layer {
    /// The name in texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server or gateway",
            Self::Client => "client",
            Self::Balancer => "load balancing",
            Self::Proxy => "proxy",
        }
    }
}

/// A fault and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whose.
    pub layer: Layer,
    /// The clause that is broken; `policy` where the specification demands nothing.
    pub clause: &'static str,
    /// What happens, in a sentence.
    pub what: String,
    /// The known products that answer so.
    pub products: Vec<String>,
    /// How many sessions it met.
    pub sessions: u64,
    /// A line that shows it.
    pub line: u64,
    /// What helps.
    pub remedy: String,
}

/// All that is found, by layer.
#[must_use]
pub fn findings(ledger: &Ledger, known: &[Fingerprint]) -> Vec<Finding> {
    let mut all = Vec::new();
    all.extend(balancer(ledger));
    // Where sessions come and go with the process that is asked, neither it nor the client is at fault for it.
    let split = !all.is_empty();
    if !split {
        all.extend(server(ledger, known));
        all.extend(client(ledger));
    }
    all.extend(looks_like(ledger, known));
    all.extend(lost_header(ledger, known));
    all.extend(proxy(ledger));
    all
}

fn server(ledger: &Ledger, known: &[Fingerprint]) -> Vec<Finding> {
    // By what is said: each is a server's way of its own.
    let mut kinds: Vec<(Vec<Refusals>, u64, u64, Vec<String>)> = Vec::new();
    for session in ledger.sessions.values().filter(|s| is_dead(s)) {
        let Some(first) = says_otherwise(session) else {
            continue;
        };
        let products = products(&session.refusals, known);
        // A request may be bad for other reasons: a single refusal that nobody is known for proves nothing.
        let is_recognized =
            !products.is_empty() && session.refusals.iter().all(|r| r.bytes.is_some());
        let others = session.refusals.iter().filter(|r| r.status != 404);
        if others.map(|r| r.count).sum::<u64>() < 2 && !is_recognized {
            continue;
        }
        let line = session.refused.map_or(0, |mark| mark.line);
        match kinds
            .iter_mut()
            .find(|(kind, ..)| kind[0].status == first.status)
        {
            Some((kind, count, _, names)) => {
                *count += 1;
                for refusal in &session.refusals {
                    if !kind.iter().any(|k| {
                        (k.method, k.status, k.bytes)
                            == (refusal.method, refusal.status, refusal.bytes)
                    }) {
                        kind.push(*refusal);
                    }
                }
                names.retain(|name| products.contains(name) || products.is_empty());
            }
            None => {
                let mut kind = session.refusals.clone();
                kind.sort_by_key(|r| r.status != first.status);
                kinds.push((kind, 1, line, products));
            }
        }
    }
    let finding = |(kind, sessions, line, products): (Vec<Refusals>, u64, u64, Vec<String>)| {
        let said: Vec<String> = kind.iter().map(words).collect();
        let status = kind[0].status;
        let remedy = remedy_of_server(status, &products);
        Finding {
            layer: Layer::Server,
            clause: "SES-07b",
            what: format!(
                "an id that is dead is answered {status} where 404 is demanded ({}), so a client that does just what it must is \
                 not told that its session is gone",
                said.join(", ")
            ),
            products,
            sessions,
            line,
            remedy,
        }
    };
    kinds.into_iter().map(finding).collect()
}

fn words(refusal: &Refusals) -> String {
    let bytes = refusal
        .bytes
        .map_or_else(String::new, |bytes| format!(" with {bytes} bytes"));
    format!("{} to {}{bytes}", refusal.status, refusal.method.as_str())
}

fn remedy_of_server(status: u16, products: &[String]) -> String {
    let is = |name: &str| products.iter().any(|p| p == name);
    if is("supergateway-3.4.3") {
        return "upgrade supergateway to 4.0.0 or newer, which answers 404; until then its clients must take this 400 for a lost \
                session"
            .to_owned();
    }
    match status {
        401 | 403 => "answer 404 to an id that is not known, and keep 401 for tokens: clients begin a new log-in at it".to_owned(),
        _ => "answer 404 to every id that is not live (SES-07b), after a restart too; or keep sessions over a restart".to_owned(),
    }
}

fn client(ledger: &Ledger) -> Option<Finding> {
    let stale: Vec<&Session> = ledger
        .sessions
        .values()
        .filter(|s| is_dead(s) && is_sent_on(s))
        .collect();
    let worst = stale.iter().max_by_key(|s| s.refused_count())?;
    let requests: u64 = stale.iter().map(|s| s.refused_count()).sum();
    let told = stale.iter().any(|s| {
        s.refusals
            .iter()
            .any(|r| r.status == 404 && r.method != Verb::Delete)
    });
    let opened = match (ledger.last_opened, worst.refused) {
        (Some(opened), Some(refused)) if opened.line > refused.line => {
            "although others open new ones"
        }
        _ => "and no new session is opened after it in this log",
    };
    let why = if told {
        "404 demands a new session, opened without the id"
    } else {
        "the refusal is not the 404 that demands a new session, but the id is never served again"
    };
    Some(Finding {
        layer: Layer::Client,
        clause: if told { "SES-08" } else { "policy" },
        what: format!("an id that was refused is sent again, {requests} requests in all, {opened}: {why}"),
        products: Vec::new(),
        sessions: stale.len() as u64,
        line: worst.last_refused.map_or(0, |mark| mark.line),
        remedy: "the client must drop the id and send `initialize` without it; one that takes the id up again after \
                 disconnecting stores it by the connector's address, and a new address (another path or query) frees its user \
                 until it is mended"
            .to_owned(),
    })
}

/// Sessions that are refused and served in turn.
fn balancer(ledger: &Ledger) -> Option<Finding> {
    let split: Vec<&Session> = ledger.sessions.values().filter(|s| s.flips >= 2).collect();
    let worst = split.iter().max_by_key(|s| s.flips)?;
    let upstreams = match worst.upstreams.len() {
        0 | 1 => String::new(),
        n => format!(" by {n} different servers"),
    };
    Some(Finding {
        layer: Layer::Balancer,
        clause: "policy",
        what: format!("one and the same id is served and refused in turn{upstreams}: its requests reach processes that do not know it"),
        products: Vec::new(),
        sessions: split.len() as u64,
        line: worst.last.map_or(0, |mark| mark.line),
        remedy: "send all requests of a session to the process that opened it (sticky by the id that the answer gave, not a hash \
                 of the request's), or run one process, or keep sessions where all of them find them"
            .to_owned(),
    })
}

/// Refusals in a log without session ids, known by their lengths: to both methods, because one length may be a chance.
fn looks_like(ledger: &Ledger, known: &[Fingerprint]) -> Option<Finding> {
    let fitting = |print: &Fingerprint, method: Verb| -> u64 {
        let fits = |r: &&Refusals| {
            let known = print.fits_dead(method.as_str(), r.status, r.bytes);
            r.method == method && r.bytes.is_some() && known == Some(true)
        };
        ledger.untold.iter().filter(fits).map(|r| r.count).sum()
    };
    let both = known.iter().filter_map(|print| {
        let (posts, gets) = (fitting(print, Verb::Post), fitting(print, Verb::Get));
        (posts > 0 && gets > 0).then_some((print, posts + gets))
    });
    let both: Vec<_> = both.collect();
    let (first, count) = both.first()?;
    let products: Vec<String> = both.iter().map(|(print, _)| print.name.clone()).collect();
    Some(Finding {
        layer: Layer::Server,
        clause: "SES-07b",
        what: format!(
            "{count} answers have the status and the length with which {} refuses ids that are dead, and the status is not the 404 \
             that is demanded; this log has no session ids, so whose they were is not told",
            first.name
        ),
        remedy: remedy_of_server(400, &products),
        products,
        sessions: 0,
        line: 0,
    })
}

/// Requests without an id that a server refuses for that.
fn lost_header(ledger: &Ledger, known: &[Fingerprint]) -> Option<Finding> {
    let posts = ledger
        .without
        .iter()
        .filter(|r| r.method == Verb::Post && r.status == 400);
    let count: u64 = posts.clone().map(|r| r.count).sum();
    // A client that forgets it now and then is none whose header is lost.
    if count < 3 || ledger.sessions.values().any(|s| s.good > 0) {
        return None;
    }
    let bytes = posts.clone().next()?.bytes;
    let names = known
        .iter()
        .filter(|print| print.fits_without("POST", 400, bytes) == Some(true));
    Some(Finding {
        layer: Layer::Proxy,
        clause: "SES-05",
        what: format!("{count} requests come without an id and are refused for it, and none comes with one"),
        products: names.map(|print| print.name.clone()).collect(),
        sessions: 0,
        line: 0,
        remedy: "the id is lost on the way: look for a hop that hides `mcp-session-id` from the answer or drops it from requests \
                 (a browser's client needs `Access-Control-Expose-Headers: mcp-session-id`), or the client does not send it"
            .to_owned(),
    })
}

fn proxy(ledger: &Ledger) -> Vec<Finding> {
    let mut all = Vec::new();
    let mut add = |statuses: &[u16], what: &str, remedy: &str| {
        let found: Vec<_> = statuses
            .iter()
            .filter_map(|s| Some((s, ledger.outages.get(s)?)))
            .collect();
        let count: u64 = found.iter().map(|(_, outage)| outage.count).sum();
        if let Some((_, first)) = found.first().filter(|_| count >= 3) {
            let said: Vec<String> = found
                .iter()
                .map(|(status, o)| format!("{status} × {}", o.count))
                .collect();
            all.push(Finding {
                layer: Layer::Proxy,
                clause: "policy",
                what: format!("{what} ({})", said.join(", ")),
                products: Vec::new(),
                sessions: 0,
                line: first.first.line,
                remedy: remedy.to_owned(),
            });
        }
    };
    add(
        &[504],
        "requests or streams are cut because the server said nothing for too long",
        "raise `proxy_read_timeout` above the longest call and set `proxy_buffering off` for this path, or let the server send \
         comments on silent streams",
    );
    add(
        &[502, 503],
        "the server was not there when it was asked",
        "see its own log for what ended it at that time, and have it started again by its supervisor",
    );
    all
}

/// What a log does not tell, and what that would be good for.
#[must_use]
pub fn untold(told: Told) -> Vec<&'static str> {
    let all = [
        (
            told.session,
            "session ids of requests, so nothing can be said of any session",
        ),
        (
            told.time,
            "times, so not how long a dead id was sent, nor whether its session was idle before",
        ),
        (
            told.given,
            "session ids of answers, so not when a session was opened, and by whom",
        ),
        (told.bytes, "lengths of answers, by which servers are known"),
        (
            told.upstream_status,
            "whether an error is the server's or the proxy's own",
        ),
        (told.upstream, "which of several servers answered"),
        (
            told.rpc,
            "JSON-RPC methods, so not which requests were tool calls and which `initialize` (no access log has them)",
        ),
    ];
    all.into_iter()
        .filter(|(is_told, _)| !is_told)
        .map(|(_, what)| what)
        .collect()
}
