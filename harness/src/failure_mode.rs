//! The ways in which the recovery of a session fails in the field: a short id, a sentence, and public threads in which
//! people met it. What a run did is not judged here (see `invariant`); a mode is a word to speak of it.

/// One way in which recovery fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureMode {
    /// Its id, `F1` to `F25`.
    pub id: &'static str,
    /// A few words for tables.
    pub name: &'static str,
    /// What goes wrong, in one sentence.
    pub what: &'static str,
    /// Public threads that report it, as `owner/repository#number` on GitHub; at least one, at most four.
    pub seen_in: &'static [&'static str],
    /// The invariants that catch it; at least one.
    pub caught_by: &'static [&'static str],
}

macro_rules! modes {
    ($($id:literal $name:literal: $what:literal: [$($thread:literal),*] caught_by [$($invariant:literal),*];)*) => {
        &[$(FailureMode {
            id: $id,
            name: $name,
            what: $what,
            seen_in: &[$($thread),*],
            caught_by: &[$($invariant),*],
        }),*]
    };
}

/// Every mode, by number.
pub static ALL: &[FailureMode] = modes! {
    "F1" "404 ignored":
        "The server says 404, as it must, and the client goes on with the dead id.":
        ["anthropics/claude-code#60949", "modelcontextprotocol/typescript-sdk#1708",
         "modelcontextprotocol/python-sdk#3556", "microsoft/vscode#253854"]
        caught_by ["cli-reinit-on-404", "cli-no-stale-id"];
    "F2" "wrong status":
        "The server answers a dead id with 400, 401, 410, 500 or 503, so that even a client that does all it must is stuck.":
        ["anthropics/claude-code#48557", "supercorp-ai/supergateway#123", "punkpeye/mcp-proxy#14"]
        caught_by ["srv-dead-session-is-404"];
    "F3" "id outlives the connection":
        "The id survives disconnect, delete and re-add, or a client that resumes with it leaves initialize out.":
        ["anthropics/claude-code#48557", "cloudflare/agents#1923", "zai-org/feedback#204"]
        caught_by ["app-disconnect-clears", "app-delete-clears", "app-incognito-is-first-contact"];
    "F4" "initialize with a stale id":
        "The client does initialize again, but with the dead id still attached, and is refused once more.":
        ["diegosouzapw/OmniRoute#5957", "modelcontextprotocol/typescript-sdk#2466"]
        caught_by ["cli-initialize-without-id"];
    "F5" "looks connected":
        "The page says connected and lists tools from a cache while every call fails.":
        ["anthropics/claude-code#48557", "anthropics/claude-code#60949", "lobehub/lobehub#11892"]
        caught_by ["app-shows-the-truth"];
    "F6" "error without an address":
        "The refusal names no request (a null id, an id of its own, a page of HTML), so the call hangs or seems to time out.":
        ["anthropics/claude-code#83404", "punkpeye/mcp-proxy#14"]
        caught_by ["cli-every-call-resolves"];
    "F7" "response lost":
        "The stream ends, breaks or falls silent before the response, and nobody notices.":
        ["modelcontextprotocol/python-sdk#3441", "modelcontextprotocol/typescript-sdk#1883"]
        caught_by ["cli-every-call-resolves"];
    "F8" "reconnect storm":
        "The client connects again and again, without a pause or without an end.":
        ["modelcontextprotocol/python-sdk#3257", "malloydata/malloyyo#134", "n8n-io/n8n#17821"]
        caught_by ["cli-no-reinit-storm", "cli-respects-retry"];
    "F9" "notifications gone":
        "The GET stream is not opened again, or is refused because the old one is half open, and notifications stop unnoticed.":
        ["danny-avila/LibreChat#14816", "render-oss/render-mcp-server#26", "modelcontextprotocol/kotlin-sdk#715"]
        caught_by ["cli-stream-restored"];
    "F10" "server kills the healthy":
        "The server destroys sessions that are well: a harmless refusal ends one, or one client that goes away ends all.":
        ["supercorp-ai/supergateway#126", "supercorp-ai/supergateway#122"]
        caught_by ["srv-survives-its-clients", "srv-live-session-is-served"];
    "F11" "done twice":
        "A call whose outcome is unknown is sent again after a re-initialize, a reconnect or a time-out, and takes effect twice.":
        ["NousResearch/hermes-agent#88821", "mcheemaa/mistri#26", "tya5/reyn#2600"]
        caught_by ["cli-at-most-once"];
    "F12" "resume fails":
        "A stream cannot be resumed, because its events went with the session, were cleared too soon or kept elsewhere.":
        ["cloudflare/agents#1607", "modelcontextprotocol/python-sdk#2570"]
        caught_by ["cli-resume-cursor", "srv-replay-same-stream"];
    "F13" "recoveries race":
        "Several calls recover at once: sessions are made twice, or a late error tears down the new one.":
        ["mastra-ai/mastra#20526", "Kuadrant/mcp-gateway#976"]
        caught_by ["cli-single-flight-reinit"];
    "F14" "recovery gives up half-way":
        "The recovery itself fails and is not tried again, or leaves state half cleared.":
        ["Cocoanetics/SwiftMCP#127", "anthropics/claude-code#82124"]
        caught_by ["cli-recovers", "cli-id-on-everything", "cli-full-handshake-again"];
    "F15" "wrong replica":
        "A balancer, a rolling deployment or a recycled function sends the request where the session was never known.":
        ["modelcontextprotocol/python-sdk#1180", "stacklok/toolhive#5738", "anthropics/claude-code#50450"]
        caught_by ["hop-session-affinity"];
    "F16" "proxy in between":
        "A proxy cuts what is idle, holds bytes back, puts its own page over an error, or ends a broken stream as if it were whole.":
        ["robhunter/agentdeals#1098", "cloudflare/cloudflared#1496", "open-webui/open-webui#30068"]
        caught_by ["hop-status-transparent", "hop-end-to-end", "hop-delivers-messages"];
    "F17" "sessions leak":
        "Sessions are never ended and pile up with their processes, or the reaper of idle ones ends live work.":
        ["danny-avila/LibreChat#14248", "augmentcode/auggie#162", "modelcontextprotocol/python-sdk#2455"]
        caught_by ["cli-delete-on-close", "cli-ends-what-it-gives-up", "app-ends-old-conversations", "srv-idle-means-idle"];
    "F18" "header lost":
        "The session header does not arrive: CORS hides it, a proxy drops it, or two services of one client do not share it.":
        ["modelcontextprotocol/python-sdk#1135", "anthropics/claude-ai-mcp#99"]
        caught_by ["hop-end-to-end", "cli-id-on-everything"];
    "F19" "session and login together":
        "The token expires along with the session, or a dead session is answered 401 and starts a login that cannot help.":
        ["modelcontextprotocol/rust-sdk#559", "MikkoParkkola/mcp-gateway#247", "anthropics/claude-ai-mcp#228"]
        caught_by ["srv-dead-session-is-404"];
    "F20" "ambiguous signal":
        "One code means several things: a dead session, a time-out, a wrong path, or success with an error inside.":
        ["anthropics/claude-code#83404", "danny-avila/LibreChat#11868", "modelcontextprotocol/typescript-sdk#2125"]
        caught_by ["srv-get-is-stream-or-405", "srv-dead-session-is-404"];
    "F21" "error brings an id":
        "The response that refuses a request carries another session id or none, and the client takes that over.":
        ["modelcontextprotocol/typescript-sdk#2466", "Cocoanetics/SwiftMCP#125"]
        caught_by ["cli-no-stale-id"];
    "F22" "one error ends everything":
        "A connection error of one call breaks the whole client object, and every later call with it.":
        ["OpenHands/software-agent-sdk#3928", "OpenHands/software-agent-sdk#4837"]
        caught_by ["cli-recovers", "cli-stream-trouble-spares-calls"];
    "F23" "loss told to the model":
        "The loss is handed to the model as a tool's result, so that nobody who could recover the session hears of it.":
        ["anthropics/claude-code#83655", "sandialabs/atlas-ui-3#540"]
        caught_by ["cli-failure-is-shown"];
    "F24" "state lost in silence":
        "The client re-initializes unseen, and subscriptions, log level and other state of the old session are not restored.":
        ["Cocoanetics/SwiftMCP#179"]
        caught_by ["cli-restores-subscriptions"];
    "F25" "eras do not meet":
        "One side speaks the sessionless revision and the other knows sessions only, and the refusal is not understood.":
        ["modelcontextprotocol/rust-sdk#1133", "modelcontextprotocol/python-sdk#2950", "laravel/mcp#341"]
        caught_by ["cli-version-is-negotiated"];
};

/// The mode of that id, spelt exactly so.
#[must_use]
pub fn get(id: &str) -> Option<&'static FailureMode> {
    ALL.iter().find(|m| m.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_numbered_without_a_gap() {
        let ids: Vec<&str> = ALL.iter().map(|m| m.id).collect();
        let expected: Vec<String> = (1..=25).map(|n| format!("F{n}")).collect();
        assert_eq!(ids, expected);
    }

    #[test]
    fn names_differ_and_each_says_one_sentence() {
        for (n, mode) in ALL.iter().enumerate() {
            let first = ALL.iter().position(|m| m.name == mode.name);
            assert_eq!(first, Some(n), "{}", mode.id);
            assert!(
                mode.what.ends_with('.') && !mode.what.contains(". "),
                "{}",
                mode.id
            );
        }
    }

    #[test]
    fn invariants_catch_them() {
        for mode in ALL {
            assert!(!mode.caught_by.is_empty(), "{}", mode.id);
            for id in mode.caught_by {
                assert!(crate::invariant::get(id).is_some(), "{}: {id}", mode.id);
            }
        }
    }

    #[test]
    fn threads_are_whole_references() {
        for mode in ALL {
            assert!((1..=4).contains(&mode.seen_in.len()), "{}", mode.id);
            for thread in mode.seen_in {
                let (repository, number) = thread.split_once('#').expect(thread);
                assert!(number.parse::<u32>().is_ok(), "{thread}");
                assert_eq!(repository.split('/').count(), 2, "{thread}");
                assert!(repository.split('/').all(|part| !part.is_empty()));
            }
        }
    }

    #[test]
    fn the_incident_shows_three_of_them() {
        let incident = "anthropics/claude-code#48557";
        let shown: Vec<&str> = ALL
            .iter()
            .filter(|m| m.seen_in.contains(&incident))
            .map(|m| m.id)
            .collect();
        assert_eq!(shown, ["F2", "F3", "F5"]);
        assert_eq!(get("F26"), None);
    }
}
