//! Opening connections: the socket and its security are made here, the driver does what the server wants to know of whom it
//! talks to, and then hands the stream back.

use super::{
    error,
    line::{Greeting, Line},
    settings::Settings,
};
use lenslet_core::error::Error;
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::{TcpSocket, TcpStream},
};
use tokio_postgres::{
    config::{SslMode, SslNegotiation},
    tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream},
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What asks a server for TLS, and what asks it to stop a statement.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
const CANCEL_REQUEST: [u8; 4] = [4, 210, 22, 46];

/// A way to a server.
pub(super) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

/// A way to a server, as it is used.
pub(super) enum Stream {
    Plain(Socket),
    Tls(Box<<MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>),
}

/// What bytes go through, of whatever kind.
trait Pipe: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Pipe for T {}

impl Socket {
    fn pipe(self: Pin<&mut Self>) -> Pin<&mut dyn Pipe> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream),
            #[cfg(unix)]
            Socket::Unix(stream) => Pin::new(stream),
        }
    }
}

impl Stream {
    fn pipe(self: Pin<&mut Self>) -> Pin<&mut dyn Pipe> {
        match self.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).pipe(),
            Stream::Tls(stream) => Pin::new(stream),
        }
    }
}

macro_rules! stream {
    ($kind:ty) => {
        impl AsyncRead for $kind {
            fn poll_read(
                self: Pin<&mut Self>,
                context: &mut Context<'_>,
                into: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                self.pipe().poll_read(context, into)
            }
        }

        impl AsyncWrite for $kind {
            fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
                self.pipe().poll_write(context, bytes)
            }

            fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.pipe().poll_flush(context)
            }

            fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.pipe().poll_shutdown(context)
            }
        }
    };
}

stream!(Socket);
stream!(Stream);

/// Where a server is, and how it is talked to.
#[derive(Clone)]
pub(super) struct Address {
    host: String,
    port: u16,
    mode: SslMode,
    tls: MakeRustlsConnect,
}

impl Address {
    pub(super) fn of(settings: &Settings, tls: &MakeRustlsConnect) -> Address {
        // Nobody can listen in on a socket of the file system.
        let mode = if is_path(&settings.host) { SslMode::Disable } else { settings.config.get_ssl_mode() };
        Address { host: settings.host.clone(), port: settings.port, mode, tls: tls.clone() }
    }

    async fn socket(&self) -> io::Result<Socket> {
        #[cfg(unix)]
        if is_path(&self.host) {
            let path = format!("{}/.s.PGSQL.{}", self.host, self.port);
            return tokio::net::UnixStream::connect(path).await.map(Socket::Unix);
        }
        let mut failed = None;
        for address in tokio::net::lookup_host((self.host.as_str(), self.port)).await? {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            socket.set_keepalive(true)?;
            match socket.connect(address).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(Socket::Tcp(stream));
                }
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the host has no address")))
    }

    async fn secured(mut self, mut socket: Socket) -> io::Result<Stream> {
        if self.mode == SslMode::Disable {
            return Ok(Stream::Plain(socket));
        }
        socket.write_all(&TLS_REQUEST).await?;
        if socket.read_u8().await? != b'S' {
            return match self.mode {
                SslMode::Require => Err(io::Error::other("server does not support TLS")),
                _ => Ok(Stream::Plain(socket)),
            };
        }
        let tls = MakeTlsConnect::<Socket>::make_tls_connect(&mut self.tls, &self.host).map_err(io::Error::other)?;
        Ok(Stream::Tls(Box::new(tls.connect(socket).await?)))
    }

    /// Opens a connection: to its server, and as far as the server being ready for statements.
    pub(super) async fn open(&self, settings: &Settings) -> Result<(Line, Vec<u8>), Error> {
        let socket = self.socket().await.map_err(|error| error::unreachable(settings, &error.to_string()))?;
        let mut config = settings.config.clone();
        // The request for TLS is made here, whose answer is not a message yet.
        config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
        let greeting = OnceLock::new();
        let opened = config.connect_raw(socket, Introduction { address: self.clone(), greeting: &greeting }).await;
        // The driver's halves have nothing more to say.
        drop(opened.map_err(|error| error::opening(&error, settings))?);
        let greeting = greeting.into_inner().and_then(Arc::into_inner).and_then(|it| it.into_inner().ok());
        greeting.map(Greeting::finish).ok_or_else(|| error::closed("before it was open"))
    }

    /// Asks the server to stop the statement that runs on the connection with that key.
    pub(super) async fn cancel(&self, key: &[u8]) -> io::Result<()> {
        let mut stream = self.clone().secured(self.socket().await?).await?;
        let mut request = (key.len() as u32 + 8).to_be_bytes().to_vec();
        request.extend_from_slice(&CANCEL_REQUEST);
        request.extend_from_slice(key);
        stream.write_all(&request).await?;
        stream.flush().await?;
        stream.shutdown().await
    }
}

fn is_path(host: &str) -> bool {
    cfg!(unix) && host.starts_with('/')
}

/// Makes the stream on which the driver introduces itself, and keeps hold of it.
struct Introduction<'a> {
    address: Address,
    greeting: &'a OnceLock<Arc<Mutex<Greeting>>>,
}

impl<'a> TlsConnect<Socket> for Introduction<'a> {
    type Stream = Shared;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Shared>> + Send + 'a>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let stream = self.address.secured(socket).await?;
            let greeting = self.greeting.get_or_init(|| Arc::new(Mutex::new(Greeting::new(stream))));
            Ok(Shared(Arc::clone(greeting)))
        })
    }
}

/// The stream of a connection that is being opened.
struct Shared(Arc<Mutex<Greeting>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Greeting> {
        // Nothing in here can be left half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for Shared {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.lock().poll_read(context, into)
    }
}

impl AsyncWrite for Shared {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.lock().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lock().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

impl TlsStream for Shared {
    fn channel_binding(&self) -> ChannelBinding {
        match self.lock().stream() {
            Stream::Plain(_) => ChannelBinding::none(),
            Stream::Tls(stream) => stream.channel_binding(),
        }
    }
}
