//! Whole sessions of rmcp's transport, in which one kind of request gets a strange answer.

use std::sync::Arc;
use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::model::{CallToolRequestParams, ClientConfig, ProtocolVersion};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClient, StreamableHttpClientTransportConfig,
};
use stalemate_clients::rmcp::HyperHttp;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::answers;
use crate::server::{Script, Seen, Server, listed};
use crate::{described, dialler, difference};

/// After this long a call counts as hanging, and a request as not sent. rmcp acts at once or never, but for streams that
/// end, which it reopens after 1 s.
const LIMIT: Duration = Duration::from_secs(2);
/// A call that is not answered by then lets other sessions run.
const QUICK: Duration = Duration::from_millis(200);
/// How many sessions run at once, but for those in which a call seems to hang: enough to keep the machine busy, and few
/// enough that no call hangs for want of it.
const AT_ONCE: usize = 16;
/// Longer than rmcp's own limit for DELETE (5 s) and for draining (2 s).
const CLOSE_LIMIT: Duration = Duration::from_secs(9);

const TARGETS: &[&str] = &[
    "initialize",
    "notifications/initialized",
    "tools/call",
    "GET",
    "DELETE",
];

#[derive(Clone)]
struct Row {
    target: &'static str,
    answer: Answer,
    /// Only the first such request gets it.
    once: bool,
}

impl Row {
    fn name(&self) -> String {
        let often = if self.once { "the first " } else { "" };
        format!("{} to {often}{}", self.answer.name, self.target)
    }

    fn script(&self) -> Script {
        let row = self.clone();
        Arc::new(move |request, before| row.answer_to(request, before))
    }

    fn answer_to(&self, request: &Seen, before: &[Seen]) -> Answer {
        let kind = request.kind();
        let resumes = request.header("last-event-id").is_some();
        // A followed redirect leads away from the strange answer.
        let is_target = kind == self.target && request.path == "/mcp" && !resumes;
        let is_first = !before.iter().any(|seen| seen.kind() == kind);
        if is_target && (is_first || !self.once) {
            return self.answer.clone();
        }
        match kind.as_str() {
            "initialize" | "tools/call" => answers::result_as_stream(),
            "GET" if resumes => {
                let calls = before.iter().rev().find(|seen| seen.kind() == "tools/call");
                answers::resumed(&calls.map_or("0".into(), |call| call.message()["id"].to_string()))
            }
            "GET" => answers::open_stream(),
            "DELETE" => answers::no_content_length_zero(),
            _ => answers::accepted(),
        }
    }
}

fn count(seen: &[Seen], kind: &str) -> usize {
    seen.iter().filter(|seen| seen.kind() == kind).count()
}

/// The right to run.
struct Turn<'a> {
    all: &'a Semaphore,
    held: Option<SemaphorePermit<'a>>,
}

impl<'a> Turn<'a> {
    async fn of(all: &'a Semaphore) -> Self {
        let held = Some(all.acquire().await.expect("never closed"));
        Self { all, held }
    }

    /// What the future yields, unless it hangs.
    async fn limit<F: Future>(&mut self, future: F) -> Option<F::Output> {
        let mut future = Box::pin(future);
        if let Ok(output) = timeout(QUICK, &mut future).await {
            return Some(output);
        }
        self.held = None;
        let output = timeout(LIMIT - QUICK, &mut future).await.ok();
        self.held = Some(self.all.acquire().await.expect("never closed"));
        output
    }
}

async fn play<C: StreamableHttpClient>(
    transport: impl FnOnce(&Server) -> StreamableHttpClientTransport<C>,
    row: &Row,
    turns: &Semaphore,
) -> String {
    let mut turn = Turn::of(turns).await;
    let server = Server::start(row.script()).await;
    let mut text = String::new();
    let client = ClientConfig::default()
        .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
        .serve(transport(&server));
    match turn.limit(client).await {
        None => text += "connect: hangs\n",
        Some(Err(error)) => text += &format!("connect: {}\n", described(&error, &server.address)),
        Some(Ok(client)) => {
            text += "connect: ok\n";
            let streams = match row.answer.name {
                _ if row.target != "GET" => 1,
                "307 in a circle" => 11,
                _ if row.answer.is_stream() => 2,
                _ => 1,
            };
            turn.limit(server.wait(LIMIT, |seen| count(seen, "GET") >= streams))
                .await;
            for _ in 0..2 {
                let params = CallToolRequestParams::new("read_graph");
                let call = turn.limit(client.call_tool(params)).await;
                let cancelled = count(&server.seen(), "notifications/cancelled");
                text += &match call {
                    Some(Ok(result)) => format!("call: {result:?}\n"),
                    Some(Err(error)) => format!("call: {}\n", described(&error, &server.address)),
                    None => {
                        turn.limit(server.wait(LIMIT, |seen| {
                            count(seen, "notifications/cancelled") > cancelled
                        }))
                        .await;
                        "call: hangs\n".to_owned()
                    }
                };
            }
            // Each session that was opened has its stream.
            turn.limit(server.wait(LIMIT, |seen| {
                count(seen, "GET") >= count(seen, "notifications/initialized")
            }))
            .await;
            let closed = timeout(CLOSE_LIMIT, client.cancel()).await;
            text += &format!("close: {closed:?}\n");
        }
    }
    let mut seen = server.seen();
    // The stream's GET and the next POST are sent at the same time.
    seen.sort();
    if row.target == "GET" && row.answer.is_stream() {
        // How often it was reopened depends on how long the row took.
        seen.dedup();
    }
    text + &listed(&seen)
}

fn stock(server: &Server) -> StreamableHttpClientTransport<reqwest::Client> {
    StreamableHttpClientTransport::from_uri(server.url())
}

fn ours(server: &Server) -> StreamableHttpClientTransport<HyperHttp> {
    StreamableHttpClientTransport::with_client(
        HyperHttp::new(dialler(&server.address)),
        StreamableHttpClientTransportConfig::with_uri(server.url()),
    )
}

/// rmcp's default client reads proxies from the environment. If there are any, the test runs in a process without.
fn ran_without_proxies(test: &str) -> bool {
    let variables = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
    if variables
        .iter()
        .all(|name| std::env::var_os(name).is_none())
    {
        return false;
    }
    let mut command = std::process::Command::new(std::env::current_exe().expect("a test binary"));
    variables.iter().for_each(|name| {
        command.env_remove(name);
    });
    let status = command.args(["--exact", test, "--nocapture"]).status();
    assert!(status.expect("it starts").success(), "see above");
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_session_goes_as_with_the_stock_client() {
    if ran_without_proxies("sessions::every_session_goes_as_with_the_stock_client") {
        return;
    }
    let mut answers = answers::all();
    answers.push(answers::silence());
    let mut rows: Vec<Row> = Vec::new();
    for answer in answers {
        for (target, once) in TARGETS
            .iter()
            .map(|target| (*target, false))
            .chain([("tools/call", true)])
        {
            rows.push(Row {
                target,
                answer: answer.clone(),
                once,
            });
        }
    }

    let count = rows.len();
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for row in rows {
        let turns = turns.clone();
        running.spawn(async move {
            let (stock, ours) = tokio::join!(play(stock, &row, &turns), play(ours, &row, &turns));
            difference(&row.name(), &stock, &ours)
        });
    }
    let differences = running.join_all().await.into_iter().flatten().collect();
    crate::assert_none(differences, count);
}
