//! The knobs of a client and of the application around it, by the keys that files have for them.

use std::time::Duration;

use schemars::JsonSchema;
use stalemate_clients::model::{
    Answerless, Backoff, BelievedId, FailedReinit, Fault, Killed, LostShown, LostSignal, Policy,
    Reinit, Reopen, Resume, SessionPer, TokenRenewal, VersionHeader,
};
use stalemate_wire::Revision;

use super::knob::knobs;
use crate::app::{AppPolicy, Deletes, Disconnects, Lists, Model, SessionKey, Status};
use crate::yaml::decode::{At, Decode, mismatch};
use crate::yaml::forms::words;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::Text;
use crate::yaml::source::Span;
use crate::yaml::tree::{Kind, Node};
use crate::yaml::word::One;
use crate::yaml::words::quote;
use crate::yaml::write::{Entries, Yaml};

knobs! {
    /// A client that is like a model, but for what stands here.
    OwnForm of Policy, "a client";
    required {
        /// The model that it is like, e.g. `connector/recovering`.
        "like" like: At<Text>,
        /// Its name, e.g. `my/client`.
        "name" name: At<Text>,
    }
    optional {
        /// The application around it, or `none` for a program around a bare client.
        "application" application: ApplicationForm,
    }
    knobs {
        /// The revision that `initialize` asks for.
        "revision" revision: Revision = revision,
        /// How long a request may take, its recovery included, and how long one `initialize` may (TIME-01).
        "request-timeout" request_timeout: Option<Duration> = request_timeout,
        /// How long opening a connection may take.
        "connect-timeout" connect_timeout: Duration = connect_timeout,
        /// How long a server may send nothing while an answer or a stream is awaited, before the connection is given up.
        "silence" silence: Option<Duration> = silence,
        /// Whether a refusal without the request's own id is not taken as its answer, so that the request goes on waiting (F6).
        "ignore-unattributed" ignore_unattributed: bool = ignore_unattributed,
        /// What the end of an answer's stream without the answer means: the call `fails`, `waits` for its limit, or
        /// `waits-for-ever` (F7).
        "stream-without-answer" answerless: Answerless = answerless,
        /// The same for a JSON body that broke off, where that does not end the client object.
        "cut-json" cut_json: Answerless = cut_json,
        /// Which failures of one exchange end the whole client object, all calls included (F22): `other-status` (a refusal that
        /// is not 404), `refused` (no connection), `reset` (it broke before the answer), `silence`, `cut-json`.
        "killed-by" fatal: Vec<Fault> = fatal,
        /// What it takes after that: `connect`, or `another-object`.
        "killed-until" killed: Killed = killed,
        /// What that means to the calls that run: each `fails`, `waits` for its limit, or `waits-for-ever`.
        "killed-calls" killed_calls: Answerless = killed_calls,
        /// Which answers to a request with a session id mean that the session is lost: statuses, or `{status: …, code: …,
        /// says: …}` where the body must say so.
        "lost-session" lost_session: Vec<LostSignal> = lost_session,
        /// How a lost session is shown to whoever called a tool, where it is shown: as the `error` that it is, as a `tool-error`
        /// (`isError`) while the client believes that all is well, or as a `result` like any other (F23).
        "lost-session-shown" lost_shown: LostShown = lost_shown,
        /// What a lost session leads to (SES-08): `never` to an `initialize`; to one, `then-fail` the call; or `then-resend` it.
        "reinit" reinit: Reinit = reinit,
        /// Whether it takes a `tools/call` or the stream to find that out: any other request that finds its session lost fails, and
        /// the id stays in use (against SES-08).
        "recovers-calls-only" recovers_calls_only: bool = recovers_calls_only,
        /// Whether what was subscribed to in a session is not subscribed to again in the one that takes its place (F24).
        "forgets-subscriptions" forgets_subscriptions: bool = forgets_subscriptions,
        /// What a re-initialization that failed for good leads to: the next request tries (`tried-again`), or the id is
        /// forgotten and the client `goes-on-without-id` (F14).
        "failed-reinit" failed_reinit: FailedReinit = failed_reinit,
        /// Whether calls that lost the same session share one re-initialization (F13).
        "single-flight" single_flight: bool = single_flight,
        /// Whether the `initialize` after a loss carries the lost id (F4).
        "reinit-carries-id" reinit_carries_id: bool = reinit_carries_id,
        /// Whether `notifications/initialized` is left out after a re-initialization (LIFE-04).
        "skip-initialized" skip_initialized: bool = skip_initialized,
        /// Whether a refused `notifications/initialized` is passed over.
        "ignore-refused-initialized" ignore_refused_initialized: bool = ignore_refused_initialized,
        /// Whether the lost id is given up; otherwise it is used on, whatever the new session's id.
        "drop-id-on-loss" drop_id_on_loss: bool = drop_id_on_loss,
        /// How many `initialize` one re-initialization sends while they fail in passing.
        "reinit-attempts" reinit_attempts: Option<u32> = reinit_bounds.max_attempts,
        /// The waits between them.
        "reinit-waits" reinit_waits: Backoff = reinit_bounds.backoff,
        /// How often one call is sent again after a re-initialization.
        "resends" resends: Option<u32> = reinit_bounds.max_resends,
        /// How many `initialize` and GET requests may begin in any 10 s; further ones wait (F8).
        "attempts-per-10s" per_10s: Option<u32> = reinit_bounds.per_10s,
        /// How long a session is used: per `connection`, or per `batch` of requests that run at one time (F17).
        "session-per" session_per: SessionPer = session_per,
        /// Whose word on the session's id is taken: that of the answer to `initialize`, of any `success`, or of `any` answer, a
        /// refusal too (F21).
        "believes-id-of" believed_id: BelievedId = believed_id,
        /// Whether a call whose outcome is unknown is sent again once (F11).
        "resend-unknown" resend_unknown: bool = resend_unknown,
        /// Whether a request that never left is tried again until its limit, and with which waits.
        "retry-unsent" retry_unsent: Option<Backoff> = retry_unsent,
        /// Whether a connect opens the GET stream (GET-01).
        "open-stream" open_stream: bool = open_stream,
        /// Whether nothing is asked of a session before the GET that opens its stream is answered (F16).
        "await-stream" await_stream: bool = await_stream,
        /// Whether the GET stream is opened only after 202 to `notifications/initialized`.
        "stream-after-202" stream_after_202: bool = stream_after_202,
        /// Whether the GET stream is opened only in a session with an id.
        "stream-needs-id" stream_needs_id: bool = stream_needs_id,
        /// What happens when the GET stream is over or was refused (F9): `never` again, or after which waits.
        "reopen-stream" reopen_stream: Reopen = reopen_stream,
        /// Whether calls fail without being sent while the GET stream is wanted and not open.
        "stream-failure-fails-calls" stream_failure_fails_calls: bool = stream_failure_fails_calls,
        /// Whether a GET that is refused as of a lost session is tried again with the same id (against SES-08).
        "stream-ignores-loss" stream_ignores_loss: bool = stream_ignores_loss,
        /// Whether a 405 to GET, or an answer that is no stream, is a failure like any other, and asked again (GET-03).
        "ignore-405" ignore_405: bool = ignore_405,
        /// Whether any successful answer to GET is taken for a stream, whatever its content type (F8).
        "any-body-is-stream" any_body_is_stream: bool = any_body_is_stream,
        /// How long a GET may wait for the head of its response (F16).
        "stream-head-timeout" stream_head_timeout: Duration = stream_head_timeout,
        /// Whether the GET carries no session id (SES-05).
        "omit-id-on-get" omit_id_on_get: bool = omit_id_on_get,
        /// The version header: the `negotiated` revision, `missing`, or a revision that is always sent (VER-01, VER-02, F25).
        "version-header" version_header: VersionHeader = version_header,
        /// Whether a stream that broke is opened anew without its last event id (RES-04).
        "ignore-cursor" ignore_cursor: bool = ignore_cursor,
        /// Whether the server's `retry` does not make the client wait (POLL-05).
        "ignore-retry" ignore_retry: bool = ignore_retry,
        /// Whether tools are listed again when the server says that they changed, and in a session that follows a lost one.
        "list-again" list_again: bool = list_again,
        /// Whether what the server asks is not answered: ping, roots, sampling (PING-01).
        "ignore-server-requests" ignore_server_requests: bool = ignore_server_requests,
        /// Whether a disconnect ends the session with DELETE (SES-09, F17).
        "delete-on-disconnect" delete_on_disconnect: bool = delete_on_disconnect,
        /// What becomes of a stored session: the connect `initializes` all the same, `opens-stream` in it, or is `silent` (F3).
        "resume" resume: Resume = resume,
        /// When a bearer token is renewed, at a server that asks for one: `on-connect`, `on-refusal` by a 401, after which the
        /// request is sent again once, or also `on-expiry`, before a request (AUTH-03, F19).
        "token-renewal" token_renewal: TokenRenewal = token_renewal,
    }
}

knobs! {
    /// The application around a client; what does not stand here is as it is around the model, or else sound.
    AppForm of AppPolicy, "an application";
    required {}
    optional {}
    knobs {
        /// What a session id is kept by: `conversation`, `connector`, `account-and-url` or `account` (F3).
        "key" key: SessionKey = key,
        /// What a disconnect does: it `commits`, or is `only-drawn`.
        "disconnects" disconnects: Disconnects = disconnects,
        /// What deleting a connector does to what is stored: `purges` or `keeps`.
        "deletes" deletes: Deletes = deletes,
        /// When the tools are listed: `per-conversation`, `once` (then from a cache, F5), or `never`.
        "lists" lists: Lists = lists,
        /// Whether the list from before is shown where listing fails, as if it had not (F5).
        "list-kept" list_kept: bool = list_kept,
        /// Whether a conversation's session is ended with it, where each has its own.
        "ends-conversations" ends_conversations: bool = ends_conversations,
        /// Where the settings page takes its status from: what is `stored` (F5), or the `last-exchange`.
        "status" status: Status = status,
    }
}

words! {
    /// The word for no application.
    NoApplication, "words here"; None = "none",
}

/// The application around a client, or none.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum ApplicationForm {
    /// A program around a bare client.
    None(One<NoApplication>),
    /// An application.
    Some(Box<AppForm>),
}

impl Decode for ApplicationForm {
    const WHAT: &'static str = "`none` or a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match node.kind {
            Kind::Map(_) => AppForm::decode(node, report).map(|form| Self::Some(Box::new(form))),
            Kind::Text(_) => One::decode(node, report).map(Self::None),
            _ => {
                let help = "write `none`, or a map such as `{key: account-and-url}`";
                report.add(mismatch(node, Self::WHAT).help(help));
                None
            }
        }
    }
}

/// The knobs that say how a thing is done, by the knob that says whether it is done at all.
const IDLE: [(&str, &[&str]); 3] = [
    (
        "open-stream: true",
        &[
            "await-stream",
            "stream-after-202",
            "stream-needs-id",
            "stream-failure-fails-calls",
            "stream-ignores-loss",
            "ignore-405",
            "any-body-is-stream",
            "stream-head-timeout",
            "omit-id-on-get",
        ],
    ),
    (
        "reinit: then-fail",
        &[
            "recovers-calls-only",
            "forgets-subscriptions",
            "failed-reinit",
            "single-flight",
            "reinit-carries-id",
            "skip-initialized",
            "drop-id-on-loss",
            "reinit-attempts",
            "reinit-waits",
            "resends",
        ],
    ),
    ("killed-by: [refused]", &["killed-until", "killed-calls"]),
];

impl OwnForm {
    /// The model that it means. Knobs that cannot do anything in it are reported.
    pub(super) fn model(&self, base: &Model, report: &mut Report<'_>) -> Model {
        let mut model = base.clone();
        self.apply(&mut model.client);
        match &self.application {
            None => {}
            Some(ApplicationForm::None(_)) => model.application = None,
            Some(ApplicationForm::Some(form)) => {
                form.apply(model.application.get_or_insert(AppPolicy::SOUND));
            }
        }
        let client = &model.client;
        let is_idle = [
            !client.open_stream,
            client.reinit == Reinit::Never,
            client.fatal.is_empty(),
        ];
        for (_, (needs, knobs)) in is_idle.into_iter().zip(IDLE).filter(|(idle, _)| *idle) {
            for key in knobs {
                if let Some(place) = self.place(key) {
                    report.add(idle(place, key, needs));
                }
            }
        }
        if let (Some(ApplicationForm::Some(form)), Some(app)) =
            (&self.application, model.application)
        {
            let is_idle = [
                (app.lists == Lists::Never, "list-kept", "lists: once"),
                (
                    app.key != SessionKey::Conversation,
                    "ends-conversations",
                    "key: conversation",
                ),
            ];
            for (_, key, needs) in is_idle.into_iter().filter(|(idle, ..)| *idle) {
                if let Some(place) = form.place(key) {
                    report.add(idle(place, key, needs));
                }
            }
        }
        model
    }
}

/// The error for a knob that cannot do anything.
fn idle(place: Span, key: &str, needs: &str) -> Mistake {
    let title = format!("{} has no effect", quote(key));
    let label = "nothing is done here that it could change";
    Mistake::new(place, title, label).help(format!("remove it, or add e.g. `{needs}`"))
}

/// What differs between a model and the one that it is like.
pub(super) fn written(entries: Entries, model: &Model, base: &Model) -> Entries {
    let application = match (&model.application, &base.application) {
        (None, None) => None,
        (None, Some(_)) => Some(Yaml::text("none")),
        (Some(is), was) => {
            let like = was.as_ref().unwrap_or(&AppPolicy::SOUND);
            let knobs = AppForm::differing(Entries::default(), is, like);
            (was.is_none() || is != like).then(|| knobs.map())
        }
    };
    OwnForm::differing(entries, &model.client, &base.client).with_some("application", application)
}
