//! What a hop must pass on, and what excuses it, as journals made by hand.

use stalemate::invariant::Verdict;
use stalemate::journal::{Event, Fate, ResponseSummary, Side};

use crate::made::{Made, changed, named, response};

/// What keeps a message with a hop: nothing, or something that is no fault of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kept {
    ByItself,
    /// The plan keeps back what was sent before it.
    ByThePlan,
    /// A process was out, and is still.
    WhileOut,
    /// A process dies a second later.
    UntilDeath,
    /// The record ends.
    AtTheEnd,
}

#[test]
fn a_hop_keeps_no_message_back_of_its_own_accord() {
    const ID: &str = "hop-delivers-messages";
    for kept in [
        Kept::ByItself,
        Kept::ByThePlan,
        Kept::WhileOut,
        Kept::UntilDeath,
        Kept::AtTheEnd,
    ] {
        let mut made = Made::default();
        let dies = |made: &mut Made| {
            let (process, cause) = (made.server(), "crashed".to_owned());
            made.note(Event::ProcessDown { process, cause });
        };
        let asked = || named("GET", Some("S"));
        let head = || ResponseSummary {
            stream: true,
            ..response(200, None, b"")
        };
        let (outer, inner) = made.relays([asked(), asked()], [head(), head()]);
        made.hop_sees(inner, Side::Received, &changed());
        let sent = made.hop_sees(outer, Side::Sent, &changed());
        if kept == Kept::ByThePlan {
            made.entries[sent].fate = Fate::Park;
        }
        if kept == Kept::WhileOut {
            dies(&mut made);
        }
        made.wait(10);
        let came = made.hop_sees(inner, Side::Received, &changed());
        if kept == Kept::UntilDeath {
            made.wait(1_000);
            dies(&mut made);
        }
        made.wait(if kept == Kept::AtTheEnd {
            1_000
        } else {
            10_000
        });
        made.exchange("tools/list", Some("S"), 200);
        match kept {
            Kept::ByItself => made.breaks(ID, came),
            _ => assert!(
                !matches!(made.verdict(ID), Verdict::Violated { .. }),
                "{kept:?}"
            ),
        }
    }
}
