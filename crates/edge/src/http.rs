//! Requests of a program of its own, on tokio: hyper with rustls.

use crate::transport::{Request, Response, Sent, Transport};
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, StatusCode, body::Bytes};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, Error as ClientError, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use lenslet_core::error::{Error, ErrorKind};
use lenslet_wire::headers;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// Sends requests over connections that are kept, with the certificates that the system trusts.
///
/// Pauses and sends again, up to three times, what cannot have been executed twice: what did not reach the pool, what it
/// refused with `retry-after`, and reads.
#[derive(Clone, Default)]
pub struct Http {
    tls: Option<ClientConfig>,
    /// Made by the first request: reading certificates takes longer than asking.
    client: Arc<OnceLock<Connections>>,
}

type Connections = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const RETRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(50);
/// A pool that wants to be left alone for longer is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Http {
    /// With the certificates that the system trusts.
    pub fn new() -> Self {
        Http::default()
    }

    /// With certificates and protocols of one's own.
    pub fn with_tls(tls: ClientConfig) -> Self {
        Http { tls: Some(tls), client: Arc::default() }
    }

    fn client(&self) -> Result<&Connections, Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let tls = match &self.tls {
            Some(tls) => tls.clone(),
            None => system_tls()?,
        };
        Ok(self.client.get_or_init(|| connections(tls)))
    }

    async fn send(&self, request: Request) -> Result<Response, Error> {
        let client = self.client()?;
        let mut pause = PAUSE;
        for left in (0..=RETRIES).rev() {
            let attempt = once(client, &request).await;
            match attempt.wait(request.repeatable).filter(|_| left > 0) {
                None => return attempt.result,
                Some(wait) => tokio::time::sleep(wait + pause.mul_f64(rand::random_range(0.5..1.5))).await,
            }
            pause *= 2;
        }
        Err(unreachable("it was asked too often"))
    }
}

fn system_tls() -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    // What the system cannot load, it does not trust: an empty store says so when the handshake fails.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(|error| unreachable(&error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn connections(tls: ClientConfig) -> Connections {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
    let mut client = Client::builder(TokioExecutor::new());
    client.pool_idle_timeout(IDLE_TIMEOUT).pool_timer(TokioTimer::new()).build(connector)
}

/// What became of sending a request once.
struct Attempt {
    result: Result<Response, Error>,
    /// How sure it is that nothing was executed.
    outcome: Outcome,
}

#[derive(Clone, Copy)]
enum Outcome {
    /// The pool answered, or answers the same again.
    Done,
    /// Nothing was executed; the pool may have said when to come back.
    Refused(Duration),
    /// Nobody knows.
    Lost,
}

impl Attempt {
    /// How long to wait before sending again, if that may be done.
    fn wait(&self, repeatable: bool) -> Option<Duration> {
        match self.outcome {
            Outcome::Refused(wait) if wait <= LONGEST_WAIT => Some(wait),
            Outcome::Lost if repeatable => Some(Duration::ZERO),
            _ => None,
        }
    }
}

async fn once(client: &Connections, request: &Request) -> Attempt {
    let mut post = hyper::Request::post(request.url.as_str());
    for (name, value) in &request.headers {
        post = post.header(*name, value.as_str());
    }
    let post = match post.body(Full::from(request.body.clone())) {
        Ok(post) => post,
        Err(error) => return Attempt { result: Err(unreachable(&error.to_string())), outcome: Outcome::Done },
    };
    match client.request(post).await {
        Ok(answer) => {
            let (head, body) = answer.into_parts();
            let outcome = outcome(head.status, &head.headers);
            match body.collect().await {
                Ok(body) => Attempt { result: response(head.status, &head.headers, body.to_bytes()), outcome },
                Err(error) => Attempt { result: Err(unreachable(&error.to_string())), outcome: Outcome::Lost },
            }
        }
        Err(error) => {
            let outcome = if error.is_connect() { Outcome::Refused(Duration::ZERO) } else { Outcome::Lost };
            Attempt { result: Err(unreachable(&cause(&error))), outcome }
        }
    }
}

fn outcome(status: StatusCode, headers: &HeaderMap) -> Outcome {
    let wait = headers.get("retry-after").map(|wait| wait.to_str().ok().and_then(|wait| wait.parse().ok()));
    match (status.as_u16(), wait) {
        (429 | 503, Some(seconds)) => Outcome::Refused(Duration::from_secs(seconds.unwrap_or(0))),
        (502 | 503, _) => Outcome::Lost,
        _ => Outcome::Done,
    }
}

fn response(status: StatusCode, given: &HeaderMap, body: Bytes) -> Result<Response, Error> {
    let body = String::from_utf8(body.into()).map_err(|_| Error::unexpected_answer("text"))?;
    let mut response = Response::new(status.as_u16(), body);
    for name in [headers::CACHE_STATUS, headers::LAST_MODIFIED, headers::REQUEST_ID] {
        if let Some(value) = given.get(name).and_then(|value| value.to_str().ok()) {
            response = response.with_header(name, value);
        }
    }
    Ok(response)
}

fn unreachable(what: &str) -> Error {
    Error::new(ErrorKind::PoolUnreachable, format!("the pool cannot be reached: {what}"))
}

/// The innermost error, which is the one that says something.
fn cause(error: &ClientError) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

impl Transport for Http {
    fn send(&self, request: Request) -> Sent {
        let transport = self.clone();
        Box::pin(async move { transport.send(request).await })
    }

    fn send_and_forget(&self, request: Request) {
        let transport = self.clone();
        // Outside of a runtime there is nobody to send it; the pool rolls back when the transaction's time is over.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { transport.send(request).await });
        }
    }
}
