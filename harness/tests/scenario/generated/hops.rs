//! The hops of a generated scenario, with their settings, and ways over some of them.

use stalemate::proxy::edits::REDIRECTS;
use stalemate::proxy::gateway::LostSession;
use stalemate::proxy::upstreams::Fails;
use stalemate::proxy::{BalancePolicy, Edits, HeaderEdits, HopKind, Redirect, RedirectTo};
use stalemate::scenario::Hop;

use super::{Tape, strings};

/// Some hops, each of a name of its own.
pub(super) fn path(tape: &mut Tape) -> Vec<Hop> {
    let mut kinds = tape.some(&HopKind::ALL);
    // One of a kind again, under a name of its own.
    let again = tape.maybe(|tape| *tape.one(&HopKind::ALL));
    kinds.splice(0..0, again);
    let twice = kinds.iter().skip(1).any(|kind| Some(*kind) == again);
    let named = if twice || tape.is() { kinds.len() } else { 0 };
    let hop = |(n, kind): (usize, HopKind)| {
        let mut hop = Hop::new(kind);
        if n == 0 && named > 0 {
            hop.name = "outer-2".to_owned();
        }
        hop.read_timeout_ms = tape.maybe(Tape::ms);
        hop.edits = edits(tape);
        match kind {
            HopKind::Cloudflare => {}
            HopKind::Nginx => {
                (hop.http10, hop.buffering, hop.keepalive) = (tape.is(), tape.is(), tape.is());
                hop.max_body_bytes = tape.below(1 << 30) as u64;
                hop.worker_shutdown_ms = tape.maybe(Tape::ms);
            }
            HopKind::Gateway => {
                hop.lost_session = *tape.one(&LostSession::ALL);
                hop.collects = tape.is();
            }
            HopKind::Balancer => {
                (hop.policy, hop.keepalive) = (*tape.one(&BalancePolicy::ALL), tape.is());
                hop.fails = Fails {
                    max: u32::try_from(tape.below(1000)).expect("small"),
                    timeout_ms: tape.ms(),
                };
            }
        }
        hop
    };
    kinds.into_iter().enumerate().map(hop).collect()
}

/// Some of the hops by name, the last one among them for a server that needs it.
pub(super) fn way(tape: &mut Tape, path: &[Hop], needs_last: bool) -> Vec<String> {
    let names = strings(path.iter().map(|hop| &hop.name));
    let mut way = tape.some(&names);
    if let Some(last) = names
        .last()
        .filter(|last| needs_last && !way.contains(last))
    {
        way.push(last.clone());
    }
    way
}

fn edits(tape: &mut Tape) -> Edits {
    let status = |tape: &mut Tape| u16::try_from(400 + tape.below(200)).expect("small");
    let paths = ["/v2/mcp", "/", "/a,b:c"].map(|path| RedirectTo::Path(path.to_owned()));
    Edits {
        request: header_edits(tape),
        response: header_edits(tape),
        statuses: (0..tape.below(3))
            .map(|_| (status(tape), status(tape)))
            .collect(),
        redirect: tape.maybe(|tape| Redirect {
            status: *tape.one(&REDIRECTS),
            to: tape
                .one(&[&paths[..], &[RedirectTo::Slash]].concat())
                .clone(),
        }),
    }
}

fn header_edits(tape: &mut Tape) -> HeaderEdits {
    let mut edits = HeaderEdits::default();
    for name in tape.some(&["mcp-session-id", "X-Old", "null", "1e3", "~"]) {
        let value = tape.one(&["a", "X-New", "no", "-1"]);
        match tape.below(3) {
            0 => edits.hide.push(name.to_owned()),
            1 => drop(edits.rename.insert(name.to_owned(), (*value).to_owned())),
            _ => drop(
                edits
                    .add
                    .insert(name.to_owned(), format!("{value}: #\"{value}\"")),
            ),
        }
    }
    edits
}
