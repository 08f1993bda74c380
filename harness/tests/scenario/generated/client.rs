//! Clients that a scenario describes itself, with any knob set to anything that can stand beside the others.

use std::collections::BTreeMap;
use std::time::Duration;

use stalemate::app::{AppPolicy, Deletes, Disconnects, Lists, Model, SessionKey, Status};
use stalemate::scenario::{LONGEST_MS, OwnClient, Vocabulary};
use stalemate_clients::model::{
    Anew, Answerless, Backoff, BelievedId, FailedReinit, Fault, Killed, LostShown, LostSignal,
    Policy, Reinit, Reopen, Reopening, Resume, SessionPer, TokenRenewal, VersionHeader,
};
use stalemate_wire::Revision;

use super::Tape;

const FAULTS: [Fault; 5] = [
    Fault::OtherStatus,
    Fault::Refused,
    Fault::Reset,
    Fault::Silence,
    Fault::CutJson,
];
const ANSWERLESS: [Answerless; 3] = [
    Answerless::Fails,
    Answerless::Waits,
    Answerless::WaitsForEver,
];

/// Up to two clients, the second of which may be like the first.
pub(super) fn own_clients(tape: &mut Tape, vocabulary: &Vocabulary) -> BTreeMap<String, OwnClient> {
    let mut own: BTreeMap<String, OwnClient> = BTreeMap::new();
    for name in ["my/client-1", "x.2"].iter().take(tape.below(3)) {
        let mut bases: Vec<(String, Model)> = vocabulary.models.clone().into_iter().collect();
        bases.extend(own.iter().map(|(n, c)| (n.clone(), c.model.clone())));
        let (like, base) = tape.one(&bases).clone();
        let mut model = base.clone();
        client(tape, &mut model.client);
        stream(tape, &mut model.client);
        model.application = application(tape, model.application);
        own.insert((*name).to_owned(), OwnClient { like, base, model });
    }
    own
}

fn time(tape: &mut Tape) -> Duration {
    Duration::from_millis(tape.ms())
}

fn waits(tape: &mut Tape) -> Backoff {
    let first = tape.ms();
    Backoff {
        growth: 100 + u32::try_from(tape.below(9_900)).expect("small"),
        ..Backoff::ms(first, (first + tape.below(100_000) as u64).min(LONGEST_MS))
    }
}

fn bound(tape: &mut Tape) -> Option<u32> {
    tape.maybe(|tape| u32::try_from(tape.below(1_000_000)).expect("small"))
}

fn signal(tape: &mut Tape) -> LostSignal {
    let status = *tape.one(&[100, 200, 400, 404, 503, 599]);
    let code = tape.maybe(|tape| *tape.one(&[-32_001, 0, i64::MIN]));
    LostSignal {
        status,
        code: code.or((status == 200).then_some(1)),
        says: tape.maybe(Tape::text),
    }
}

fn client(tape: &mut Tape, policy: &mut Policy) {
    policy.revision = *tape.one(&Revision::ALL);
    policy.request_timeout = tape.maybe(time);
    policy.connect_timeout = time(tape);
    policy.silence = tape.maybe(time);
    policy.ignore_unattributed = tape.is();
    policy.answerless = *tape.one(&ANSWERLESS);
    policy.cut_json = *tape.one(&ANSWERLESS);
    policy.fatal = tape.some(&FAULTS);
    if !policy.fatal.is_empty() {
        policy.killed = *tape.one(&[Killed::UntilConnect, Killed::ForGood]);
        policy.killed_calls = *tape.one(&ANSWERLESS);
    }
    policy.lost_session = (0..tape.below(4)).map(|_| signal(tape)).collect();
    policy.lost_shown = *tape.one(&[LostShown::Error, LostShown::ToolError, LostShown::Result]);
    policy.reinit = *tape.one(&[Reinit::Never, Reinit::ThenFail, Reinit::ThenResend]);
    if policy.reinit != Reinit::Never {
        policy.failed_reinit =
            *tape.one(&[FailedReinit::TriedAgain, FailedReinit::GoesOnWithoutId]);
        policy.recovers_calls_only = tape.is();
        policy.single_flight = tape.is();
        policy.reinit_carries_id = tape.is();
        policy.skip_initialized = tape.is();
        policy.drop_id_on_loss = tape.is();
        policy.reinit_bounds.max_attempts = bound(tape);
        policy.reinit_bounds.backoff = waits(tape);
        policy.reinit_bounds.max_resends = bound(tape);
    }
    policy.ignore_refused_initialized = tape.is();
    policy.reinit_bounds.per_10s = bound(tape);
    policy.session_per = *tape.one(&[SessionPer::Connection, SessionPer::Batch]);
    policy.believed_id = *tape.one(&[BelievedId::Initialize, BelievedId::Success, BelievedId::Any]);
    policy.resend_unknown = tape.is();
    policy.retry_unsent = tape.maybe(waits);
    policy.version_header = tape
        .one(&[
            VersionHeader::Negotiated,
            VersionHeader::Missing,
            VersionHeader::Always("2026-07-28".to_owned()),
        ])
        .clone();
    policy.list_again = tape.is();
    policy.ignore_server_requests = tape.is();
    policy.delete_on_disconnect = tape.is();
    policy.token_renewal = *tape.one(&[
        TokenRenewal::OnConnect,
        TokenRenewal::OnRefusal,
        TokenRenewal::OnExpiry,
    ]);
    policy.resume = *tape.one(&[Resume::Initializes, Resume::OpensStream, Resume::Silent]);
}

fn stream(tape: &mut Tape, policy: &mut Policy) {
    policy.open_stream = tape.is();
    policy.ignore_cursor = tape.is();
    policy.ignore_retry = tape.is();
    policy.reopen_stream = match tape.is() {
        false => Reopen::Never,
        true => Reopen::After(Reopening {
            backoff: waits(tape),
            attempts: bound(tape),
            anew: *tape.one(&[Anew::Lasted, Anew::Opened, Anew::EndedWell]),
            first_too: tape.is(),
        }),
    };
    if policy.open_stream {
        policy.await_stream = tape.is();
        policy.stream_after_202 = tape.is();
        policy.stream_needs_id = tape.is();
        policy.stream_failure_fails_calls = tape.is();
        policy.stream_ignores_loss = tape.is();
        policy.ignore_405 = tape.is();
        policy.any_body_is_stream = tape.is();
        policy.stream_head_timeout = time(tape);
        policy.omit_id_on_get = tape.is();
    }
}

fn application(tape: &mut Tape, base: Option<AppPolicy>) -> Option<AppPolicy> {
    let mut app = base.unwrap_or(AppPolicy::SOUND);
    if tape.below(3) == 0 {
        return None;
    }
    let keys = [
        SessionKey::Conversation,
        SessionKey::Connector,
        SessionKey::AccountAndUrl,
        SessionKey::Account,
    ];
    app.key = *tape.one(&keys);
    app.disconnects = *tape.one(&[Disconnects::Commits, Disconnects::OnlyDrawn]);
    app.deletes = *tape.one(&[Deletes::Purges, Deletes::Keeps]);
    app.lists = *tape.one(&[Lists::PerConversation, Lists::Once, Lists::Never]);
    app.list_kept = match app.lists {
        Lists::Never => base.is_some_and(|base| base.list_kept),
        Lists::PerConversation | Lists::Once => tape.is(),
    };
    app.ends_conversations = match app.key {
        SessionKey::Conversation => tape.is(),
        _ => base.is_none_or(|base| base.ends_conversations),
    };
    app.status = *tape.one(&[Status::Stored, Status::LastExchange]);
    Some(app)
}
