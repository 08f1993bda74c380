//! rmcp's server over any byte stream: its streamable HTTP service and its local session manager behind hyper, offering
//! the memory server's tools. What the tools do is a [`ToolBackend`]'s business, and listening is the caller's.

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams, CompleteResult,
    CompletionInfo, ContentBlock, GetPromptRequestParams, GetPromptResponse, GetPromptResult,
    Implementation, JsonObject, ListToolsResult, PaginatedRequestParams, PromptMessage,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ResourceContents, Role,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, SessionConfig};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, ServerHandler};
use serde_json::{Value, json};

use stalemate_clients::BoxIo;

/// Runs the tools of a server.
pub trait ToolBackend: Send + Sync {
    /// Runs one tool with its arguments (an object, or null when the caller sent none) and returns the text of its
    /// result.
    ///
    /// # Errors
    /// The text of a tool error, which reaches the caller as a result with `isError`.
    fn call(
        &self,
        tool: &str,
        arguments: Value,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

    /// What the resource of that URI says; `None` if there is none.
    fn read(&self, uri: &str) -> Option<String> {
        let _ = uri;
        None
    }

    /// The prompt of that name, filled in with the value of its argument; `None` if there is none.
    fn fill_in(&self, prompt: &str, value: &str) -> Option<String> {
        let _ = (prompt, value);
        None
    }

    /// How the value of a prompt's argument can go on; at most 100 values.
    fn completions(&self, begun: &str) -> Vec<String> {
        let _ = begun;
        Vec::new()
    }
}

/// What of the server can be set. The default is rmcp's own, except that idle connections stay open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RmcpServerOptions {
    /// A session without a message for this long ends. rmcp's default is 5 minutes; `None` keeps sessions for ever.
    pub session_timeout: Option<Duration>,
    /// The `retry` of the priming event that opens each stream. rmcp's default is 3 s; `None` sends no such event.
    pub sse_retry: Option<Duration>,
    /// A connection that sends no request head for this long is closed. `None`, the default, keeps it open, as axum
    /// does.
    pub head_timeout: Option<Duration>,
}

impl Default for RmcpServerOptions {
    fn default() -> Self {
        Self {
            session_timeout: Some(SessionConfig::DEFAULT_KEEP_ALIVE),
            sse_retry: Some(SessionConfig::DEFAULT_SSE_RETRY),
            head_timeout: None,
        }
    }
}

/// One server process: sessions live as long as it does and are shared by its connections. Dropping it with its
/// connections ends them all, so a restarted process is a new one.
///
/// Its keep-alive comments are off, because rmcp times them by the machine's clock. It spawns on the current tokio
/// runtime and draws session ids from the operating system.
#[derive(Clone)]
pub struct RmcpServer {
    service: StreamableHttpService<Memory, LocalSessionManager>,
    head_timeout: Option<Duration>,
}

impl RmcpServer {
    /// A server without sessions yet. It answers at any path and for any `Host`.
    #[must_use]
    pub fn new(tools: Arc<dyn ToolBackend>, options: &RmcpServerOptions) -> Self {
        let mut session = SessionConfig::default();
        session.keep_alive = options.session_timeout;
        session.sse_retry = options.sse_retry;
        let mut manager = LocalSessionManager::default();
        manager.session_config = session;
        let config = StreamableHttpServerConfig::default()
            .disable_allowed_hosts()
            .with_sse_keep_alive(None)
            .with_sse_retry(options.sse_retry);
        let memory = Memory { tools };
        Self {
            service: StreamableHttpService::new(
                move || Ok(memory.clone()),
                Arc::new(manager),
                config,
            ),
            head_timeout: options.head_timeout,
        }
    }

    /// Serves HTTP/1.1 on one connection until it ends.
    ///
    /// # Errors
    /// What hyper reports when the peer sends no HTTP or the connection breaks during a message.
    pub fn serve_connection(
        &self,
        io: BoxIo,
    ) -> impl Future<Output = Result<(), hyper::Error>> + Send + 'static {
        let service = self.service.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            let service = service.clone();
            async move { Ok::<_, Infallible>(service.handle(request).await) }
        });
        http1::Builder::new()
            .auto_date_header(false)
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_timeout)
            .serve_connection(TokioIo::new(io), answer)
    }
}

#[derive(Clone)]
struct Memory {
    tools: Arc<dyn ToolBackend>,
}

impl ServerHandler for Memory {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_prompts()
            .enable_completions()
            .build();
        ServerConfig::new(capabilities).with_server_info(Implementation::new(
            "memory-server",
            env!("CARGO_PKG_VERSION"),
        ))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tool_list()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let Some(text) = self.tools.read(&request.uri) else {
            return Err(ErrorData::resource_not_found("resource not found", None));
        };
        let contents = vec![ResourceContents::text(text, request.uri)];
        Ok(ReadResourceResponse::Complete(ReadResourceResult::new(
            contents,
        )))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let values = request.arguments.unwrap_or_default();
        let value = values.values().find_map(Value::as_str).unwrap_or_default();
        let Some(text) = self.tools.fill_in(&request.name, value) else {
            return Err(ErrorData::invalid_params("prompt not found", None));
        };
        let messages = vec![PromptMessage::new_text(Role::User, text)];
        Ok(GetPromptResponse::Complete(GetPromptResult::new(messages)))
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let values = self.tools.completions(&request.argument.value);
        let values = CompletionInfo::new(values);
        let values = values.map_err(|error| ErrorData::internal_error(error, None))?;
        Ok(CompleteResult::new(values))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if !tool_list().iter().any(|tool| tool.name == request.name) {
            return Err(ErrorData::invalid_params("tool not found", None));
        }
        let arguments = request.arguments.map_or(Value::Null, Value::Object);
        let result = match self.tools.call(&request.name, arguments).await {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Err(text) => CallToolResult::error(vec![ContentBlock::text(text)]),
        };
        Ok(result.into())
    }
}

fn tool_list() -> Vec<Tool> {
    let entity = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "entityType": {"type": "string"},
            "observations": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["name", "entityType", "observations"],
    });
    vec![
        tool(
            "create_entities",
            "Creates entities in the knowledge graph.",
            json!({"entities": {"type": "array", "items": entity}}),
            &["entities"],
        ),
        tool(
            "search_nodes",
            "Finds the entities that match a query.",
            json!({"query": {"type": "string"}}),
            &["query"],
        ),
        tool(
            "read_graph",
            "Reads the whole knowledge graph.",
            json!({}),
            &[],
        ),
        tool("slow", "Writes at once and answers late.", json!({}), &[]),
    ]
}

fn tool(
    name: &'static str,
    description: &'static str,
    properties: Value,
    required: &[&str],
) -> Tool {
    let schema = JsonObject::from_iter([
        ("type".to_owned(), json!("object")),
        ("properties".to_owned(), properties),
        ("required".to_owned(), json!(required)),
    ]);
    Tool::new(Cow::Borrowed(name), Cow::Borrowed(description), schema)
}
