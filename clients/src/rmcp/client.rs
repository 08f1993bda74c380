//! rmcp's client behind the [`Client`] trait: connecting, calling and closing as rmcp documents it, with its default
//! configuration. Resuming a stored session is not here because rmcp does not offer it: its transport always begins with
//! an `initialize` without an id, and its configuration has no place for one.

use std::sync::{Arc, Mutex, PoisonError};

use ::rmcp::ServiceExt;
use ::rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientConfig, ClientResult,
    GetPromptResponse, ProtocolVersion, ReadResourceResponse, ServerNotification, ServerRequest,
};
use ::rmcp::service::{
    ClientInitializeError, NotificationContext, Peer, QuitReason, RequestContext, RoleClient,
    RunningService, Service, ServiceError,
};
use ::rmcp::transport::StreamableHttpClientTransport;
use ::rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::http::HyperHttp;
use crate::{
    CallResult, Client, ClientError, ClientFactory, Dialler, Health, LocalBoxFuture,
    NotificationSink, RequestMethod, StoredSession,
};

/// Makes rmcp clients of the session era: they open with `initialize` and offer revision 2025-11-25.
#[derive(Clone, Copy, Debug, Default)]
pub struct RmcpClientFactory;

impl ClientFactory for RmcpClientFactory {
    /// `resume` is ignored: rmcp cannot resume a session.
    fn create(
        &self,
        dialler: Dialler,
        _resume: Option<StoredSession>,
        sink: NotificationSink,
    ) -> Arc<dyn Client> {
        Arc::new(RmcpClient {
            url: dialler.url(),
            http: HyperHttp::new(dialler),
            handler: Handler { sink },
            running: Mutex::new(None),
        })
    }
}

/// One object that can be connected again and again: each time, rmcp's transport and service are made anew.
struct RmcpClient {
    url: String,
    http: HyperHttp,
    handler: Handler,
    /// Never locked across an await, so that a dropped future leaves nothing half done.
    running: Mutex<Option<RunningService<RoleClient, Handler>>>,
}

impl RmcpClient {
    fn replace(
        &self,
        next: Option<RunningService<RoleClient, Handler>>,
    ) -> Option<RunningService<RoleClient, Handler>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *running, next)
    }

    fn peer(&self) -> Result<Peer<RoleClient>, ClientError> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running
            .as_ref()
            .map(|running| running.peer().clone())
            .ok_or_else(|| ClientError::new("not connected"))
    }

    fn told(&self, text: &str) -> ClientError {
        ClientError::new(self.http.redact(text))
    }

    fn failed(&self, error: &ServiceError) -> ClientError {
        // rmcp names the Rust type of the transport here, which would be ours and not the one that its users have.
        match error {
            ServiceError::TransportSend(error) => {
                self.told(&format!("Transport send error: {}", error.error))
            }
            error => self.told(&error.to_string()),
        }
    }

    fn not_connected(&self, error: &ClientInitializeError) -> ClientError {
        match error {
            ClientInitializeError::TransportError { error, context } => self.told(&format!(
                "Send message error {}, when {context}",
                error.error
            )),
            error => self.told(&error.to_string()),
        }
    }
}

impl Client for RmcpClient {
    /// Dropping the future drops rmcp's transport: its worker still waits for the answer to an `initialize` under way,
    /// then ends, and a session that this opened is left to the server.
    fn connect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        Box::pin(async move {
            // A service that was never closed ends in the background, which is what dropping one does in rmcp.
            drop(self.replace(None));
            let config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str());
            let transport = StreamableHttpClientTransport::with_client(self.http.clone(), config);
            let running = self
                .handler
                .clone()
                .serve(transport)
                .await
                .map_err(|error| self.not_connected(&error))?;
            drop(self.replace(Some(running)));
            Ok(())
        })
    }

    fn list_tools(&self) -> LocalBoxFuture<'_, Result<Vec<String>, ClientError>> {
        Box::pin(async move {
            let tools = self.peer()?.list_all_tools().await;
            let tools = tools.map_err(|error| self.failed(&error))?;
            Ok(tools
                .into_iter()
                .map(|tool| tool.name.into_owned())
                .collect())
        })
    }

    /// Dropping the future makes rmcp send `notifications/cancelled`.
    fn call_tool(&self, name: String, arguments: Value) -> LocalBoxFuture<'_, CallResult> {
        Box::pin(async move {
            let mut params = CallToolRequestParams::new(name);
            match arguments {
                Value::Object(arguments) => params.arguments = Some(arguments),
                Value::Null => {}
                _ => return Err(ClientError::new("tool arguments must be an object")),
            }
            match self.peer()?.call_tool_once(params).await {
                Ok(CallToolResponse::Complete(result)) => self.text_of(&result),
                // Both belong to revisions without sessions.
                Ok(CallToolResponse::InputRequired(_) | CallToolResponse::Task(_)) => {
                    Err(self.failed(&ServiceError::UnexpectedResponse))
                }
                Ok(_) => Err(self.failed(&ServiceError::UnexpectedResponse)),
                Err(error) => Err(self.failed(&error)),
            }
        })
    }

    /// Dropping the future makes rmcp send `notifications/cancelled`.
    fn request(&self, method: RequestMethod, params: Value) -> LocalBoxFuture<'_, CallResult> {
        Box::pin(async move {
            let peer = self.peer()?;
            let result = match method {
                RequestMethod::ReadResource => {
                    match peer.read_resource_once(typed(params)?).await {
                        Ok(ReadResourceResponse::Complete(result)) => Ok(json!(result)),
                        // To ask for input belongs to revisions without sessions.
                        Ok(_) => Err(ServiceError::UnexpectedResponse),
                        Err(error) => Err(error),
                    }
                }
                RequestMethod::GetPrompt => match peer.get_prompt_once(typed(params)?).await {
                    Ok(GetPromptResponse::Complete(result)) => Ok(json!(result)),
                    Ok(_) => Err(ServiceError::UnexpectedResponse),
                    Err(error) => Err(error),
                },
                RequestMethod::Complete => {
                    let completed = peer.complete(typed(params)?).await;
                    completed.map(|result| json!(result))
                }
                // The way of the revisions that have sessions; the newer one has none.
                #[expect(deprecated)]
                RequestMethod::Subscribe => {
                    let subscribed = peer.subscribe(typed(params)?).await;
                    subscribed.map(|()| json!({}))
                }
            };
            let result = result.map_err(|error| self.failed(&error))?;
            Ok(result.to_string())
        })
    }

    /// Ends the service, which sends DELETE and gives it 5 s. rmcp reports how that went to its log only. When the
    /// future is dropped, it goes on in the background.
    fn disconnect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        Box::pin(async move {
            let Some(running) = self.replace(None) else {
                return Ok(());
            };
            match running.cancel().await {
                Ok(QuitReason::JoinError(error)) | Err(error) => Err(self.told(&error.to_string())),
                Ok(_) => Ok(()),
            }
        })
    }

    /// rmcp knows only whether its service loop has ended.
    fn health(&self) -> Health {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match running.as_ref() {
            Some(running) if running.is_closed() || running.is_transport_closed() => {
                Health::Failing
            }
            _ => Health::Unknown,
        }
    }
}

/// Parameters as rmcp has them.
fn typed<T: DeserializeOwned>(params: Value) -> Result<T, ClientError> {
    let told = |error| ClientError::new(format!("parameters of another shape: {error}"));
    serde_json::from_value(params).map_err(told)
}

impl RmcpClient {
    fn text_of(&self, result: &CallToolResult) -> CallResult {
        let texts: Vec<&str> = result
            .content
            .iter()
            .filter_map(|block| block.as_text())
            .map(|text| text.text.as_str())
            .collect();
        let text = texts.join("\n");
        if result.is_error == Some(true) {
            return Err(self.told(&text));
        }
        Ok(text)
    }
}

/// rmcp's default handler, but for notifications, which go to the sink first.
#[derive(Clone)]
struct Handler {
    sink: NotificationSink,
}

impl Service<RoleClient> for Handler {
    async fn handle_request(
        &self,
        request: ServerRequest,
        context: RequestContext<RoleClient>,
    ) -> Result<ClientResult, ::rmcp::ErrorData> {
        Service::handle_request(&(), request, context).await
    }

    async fn handle_notification(
        &self,
        notification: ServerNotification,
        context: NotificationContext<RoleClient>,
    ) -> Result<(), ::rmcp::ErrorData> {
        // The method's name is in the type, and serializing is the one way to all of them.
        if let Ok(Value::Object(message)) = serde_json::to_value(&notification)
            && let Some(Value::String(method)) = message.get("method")
        {
            (self.sink)(method);
        }
        Service::handle_notification(&(), notification, context).await
    }

    fn get_info(&self) -> ClientConfig {
        ClientConfig::default().with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }
}
