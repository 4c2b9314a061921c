//! A client: a connection over which it asks, byte by byte if need be.

use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

pub(crate) struct Client(pub(crate) TcpStream);

/// A status and a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// Whether the rows are there.
    pub(crate) fn is_ok(&self) -> bool {
        self.status == 200 && !self.body.contains("\"errors\"")
    }
}

/// A request as it is sent.
pub(crate) fn request(method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: pool\r\naccept: application/vnd.lenslet.rows+json\r\nlenslet-protocol: 1\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Client(stream))
    }

    pub(crate) async fn post(&mut self, path: &str, body: &str) -> io::Result<Answer> {
        self.send(request("POST", path, body).as_bytes()).await?;
        self.answer().await
    }

    /// One query, outside of a transaction.
    pub(crate) async fn query(&mut self, body: &str) -> io::Result<Answer> {
        self.post("/1/1/graphql", body).await
    }

    /// Begins an interactive transaction, and answers its path.
    pub(crate) async fn begin(&mut self, timeout_ms: u32) -> io::Result<String> {
        let body = format!(r#"{{"max_wait":5000,"timeout":{timeout_ms}}}"#);
        let begun = self.post("/1/1/transaction/start", &body).await?;
        let id = begun.body.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next());
        id.map(|id| format!("/1/1/itx/{id}")).ok_or_else(|| io::Error::other(begun.body))
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await
    }

    pub(crate) async fn answer(&mut self) -> io::Result<Answer> {
        let mut answer = Vec::new();
        loop {
            if self.0.read_buf(&mut answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let text = String::from_utf8_lossy(&answer);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|it| it.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                let status = head.split(' ').nth(1).and_then(|it| it.parse().ok());
                return Ok(Answer { status: status.unwrap_or(0), body: body.to_owned() });
            }
        }
    }
}

/// SQL of one's own.
pub(crate) fn sql(text: &str) -> String {
    format!(
        r#"{{"action":"queryRaw","query":{{"arguments":{{"query":"{text}","parameters":"[]"}},"selection":{{}}}}}}"#
    )
}
