//! Clients over HTTP: each a connection that asks, waits for the answer, and asks again. No more of HTTP than that takes, so
//! that what is measured is who answers.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    Result,
    work::{Measured, Query},
};

/// Who is asked.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// The first lines of a request, each with its end.
    pub(crate) head: String,
    /// What the request says.
    pub(crate) body: fn(&Query) -> String,
    /// How the body of an answer begins.
    pub(crate) answer: &'static [u8],
}

struct Client {
    stream: TcpStream,
    target: Target,
    buffer: Vec<u8>,
}

impl Client {
    async fn connect(target: &Target) -> Result<Client> {
        let stream = TcpStream::connect(target.address).await?;
        stream.set_nodelay(true)?;
        Ok(Client { stream, target: target.clone(), buffer: Vec::new() })
    }

    /// Asks, and says whether the answer holds rows.
    async fn ask(&mut self, query: &Query) -> Result<bool> {
        let Target { head: lines, body, answer, .. } = &self.target;
        let body = body(query);
        let request = format!("{lines}content-length: {}\r\n\r\n{body}", body.len());
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the connection was closed".into());
            }
            if let Some((head, length)) = head(&self.buffer)
                && self.buffer.len() >= head + length
            {
                let (head, body) = self.buffer.split_at(head);
                return Ok(head.starts_with(b"HTTP/1.1 200") && body.starts_with(answer));
            }
        }
    }
}

/// How long head and body of an answer are, once the head is there.
fn head(answer: &[u8]) -> Option<(usize, usize)> {
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(answer.get(..end)?).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    Some((end, line.parse().ok()?))
}

/// Clients that ask for that long.
pub(crate) async fn measure(
    target: &Target,
    query: &'static Query,
    clients: usize,
    round: Duration,
) -> Result<Measured> {
    let mut asking = JoinSet::new();
    let mut connected = Vec::with_capacity(clients);
    for _ in 0..clients {
        connected.push(Client::connect(target).await?);
    }
    let end = Instant::now() + round;
    for mut client in connected {
        asking.spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < end {
                let began = Instant::now();
                if !client.ask(query).await? {
                    return Err(String::from_utf8_lossy(&client.buffer).into_owned().into());
                }
                times.push(began.elapsed());
            }
            Ok::<_, crate::Failed>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = asking.join_next().await {
        times.extend(done??);
    }
    Ok(Measured::of(times, round))
}

/// As many clients at once, each with some requests: how many were answered, how many were not, and how long it took.
pub(crate) async fn crowd(
    target: &Target,
    query: &'static Query,
    clients: usize,
    each: usize,
) -> Result<(usize, usize, Duration)> {
    let began = Instant::now();
    let mut connected = JoinSet::new();
    for _ in 0..clients {
        let connecting = Client::connect(target);
        let mut client = connecting.await?;
        connected.spawn(async move {
            let mut answered = 0;
            for _ in 0..each {
                match client.ask(query).await {
                    Ok(true) => answered += 1,
                    Ok(false) => {}
                    Err(_) => break,
                }
            }
            answered
        });
    }
    let mut answered = 0;
    while let Some(done) = connected.join_next().await {
        answered += done?;
    }
    Ok((answered, clients * each - answered, began.elapsed()))
}
