//! The bytes between a client and its server, message by message.
//!
//! A connection has no task of its own: whoever waits for an answer sends and reads, on the thread it is on. That saves two
//! changes of threads an answer, and a connection that lies in the pool costs nothing. Rows are read where they arrived.

use super::{connection::Fault, stream::Stream};
use crate::parts::Parts;
use bytes::BytesMut;
use std::{
    future::poll_fn,
    io,
    ops::Range,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much is read at once, at first and at most. A message that is longer gets the room that it needs, for as long as it
/// is there.
const ROOM: usize = 16 * 1024;
const MOST_ROOM: usize = 256 * 1024;
/// A tag, and the length of the rest.
const HEAD: usize = 5;

/// What the server says by itself: notices, changed parameters, notifications.
const UNASKED: [u8; 3] = *b"NSA";
/// It has answered, and waits.
const READY: u8 = b'Z';
/// It waits for the data of `COPY … FROM STDIN`, of which there are none: that is said, and that this ends the flight.
const COPY_IN: u8 = b'G';
const NO_DATA: &[u8] = b"f\0\0\0\x05\0S\0\0\0\x04";
/// What a request to stop a statement must hold.
const KEY: u8 = b'K';

/// The server's end of a stream.
pub(crate) struct Line {
    stream: Stream,
    /// What was read; messages that nobody has seen yet are in `start..end`.
    read: Vec<u8>,
    start: usize,
    end: usize,
    /// What is to be sent, without what was sent already.
    pub(super) out: BytesMut,
    /// Whether something that was handed over may still be on its way out.
    unflushed: bool,
    /// How often the server will say that it waits for more.
    owed: usize,
}

impl Line {
    pub(super) fn new(stream: Stream) -> Line {
        Line { stream, read: vec![0; ROOM], start: 0, end: 0, out: BytesMut::new(), unflushed: false, owed: 0 }
    }

    /// Ends what is to be answered at once: where a part of it fails, the rest is not executed.
    pub(super) fn sync(&mut self) {
        self.out.extend_from_slice(b"S\0\0\0\x04");
        self.owed += 1;
    }

    /// Sends what was written, and hands over the answers to it, up to the end of the last. Says in which state the server is
    /// then. What answers something that nobody waits for any more is left out.
    ///
    /// Nothing is waited for as long as there are parts to be taken.
    pub(super) async fn answer(&mut self, parts: Option<&Parts>, mut hear: impl FnMut(u8, &[u8])) -> Result<u8, Fault> {
        poll_fn(|context| {
            let mut sent = self.poll_send(context);
            loop {
                if !self.has_message() && parts.is_some_and(|it| !it.is_empty()) {
                    return Poll::Pending;
                }
                let (tag, body) = match (self.poll_message(context), &sent) {
                    (Poll::Ready(Ok((tag, body))), _) => (tag, &self.read[body]),
                    (Poll::Ready(Err(error)), _) => return Poll::Ready(Err(Fault::Broken(error))),
                    // What the server said before it went has been heard.
                    (Poll::Pending, Poll::Ready(Err(error))) => {
                        return Poll::Ready(Err(Fault::Broken(io::Error::from(error.kind()))));
                    }
                    (Poll::Pending, _) => return Poll::Pending,
                };
                if tag == READY {
                    let state = body.first().copied().unwrap_or(b'I');
                    self.owed = self.owed.saturating_sub(1);
                    if self.owed == 0 {
                        return Poll::Ready(Ok(state));
                    }
                } else if tag == COPY_IN {
                    // The end of the flight was taken for data.
                    self.out.extend_from_slice(NO_DATA);
                    sent = self.poll_send(context);
                } else if self.owed <= 1 && !UNASKED.contains(&tag) {
                    hear(tag, body);
                }
            }
        })
        .await
    }

    /// Whether the stream is open, as far as can be seen without waiting.
    pub(super) fn is_open(&mut self) -> bool {
        let mut context = Context::from_waker(std::task::Waker::noop());
        loop {
            match self.poll_message(&mut context) {
                Poll::Pending => return true,
                Poll::Ready(Ok((tag, _))) if UNASKED.contains(&tag) => {}
                // A farewell, or something that nobody asked for.
                Poll::Ready(_) => return false,
            }
        }
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(context, &self.out))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            bytes::Buf::advance(&mut self.out, sent);
            self.unflushed = true;
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Whether a message has come whole.
    fn has_message(&self) -> bool {
        let unseen = &self.read[self.start..self.end];
        unseen.first_chunk::<HEAD>().is_some_and(|[_, length @ ..]| unseen.len() > u32::from_be_bytes(*length) as usize)
    }

    /// The next message: its tag, and where its body is.
    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<io::Result<(u8, Range<usize>)>> {
        loop {
            let mut wanted = HEAD;
            if let Some([tag, length @ ..]) = self.read[self.start..self.end].first_chunk::<HEAD>() {
                let length = u32::from_be_bytes(*length) as usize;
                if length < 4 {
                    return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
                }
                wanted = length + 1;
                if self.end - self.start >= wanted {
                    let body = self.start + HEAD..self.start + wanted;
                    self.start = body.end;
                    return Poll::Ready(Ok((*tag, body)));
                }
            }
            self.make_room(wanted);
            let mut into = ReadBuf::new(&mut self.read[self.end..]);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut into))?;
            match into.filled().len() {
                0 => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                length => self.end += length,
            }
        }
    }

    /// Makes room for the rest of a message of that size, beginning at `start`.
    fn make_room(&mut self, size: usize) {
        let filled = self.end == self.read.len();
        // The parts of a long message are not moved each time that one more arrives.
        if self.start > 0 {
            self.read.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let room = self.read.len();
        if self.end == room {
            // A server that announces more than it sends gets no more than twice the room that it fills.
            self.read.resize(size.next_multiple_of(ROOM).min(room * 2), 0);
        } else if self.end == 0 && room > MOST_ROOM {
            self.read = vec![0; MOST_ROOM];
        } else if filled && room < MOST_ROOM {
            // There was more to read than there was room.
            self.read.resize((room * 2).min(MOST_ROOM), 0);
        }
    }
}

/// The bytes of a connection that is being opened, as the driver gets them: one message at a time, and none that comes after the
/// server is ready for the first statement.
pub(super) struct Greeting {
    line: Line,
    /// What of a message was not handed over yet.
    left: Range<usize>,
    /// The number of the process that serves the connection, and the secret by which its statements can be stopped.
    key: Vec<u8>,
}

impl Greeting {
    pub(super) fn new(stream: Stream) -> Greeting {
        Greeting { line: Line::new(stream), left: 0..0, key: Vec::new() }
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.line.stream
    }

    /// The connection once it is open, and its key.
    pub(super) fn finish(self) -> (Line, Vec<u8>) {
        (self.line, self.key)
    }

    pub(super) fn poll_read(&mut self, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left.is_empty() {
            match ready!(self.line.poll_message(context)) {
                Ok((tag, body)) => {
                    if tag == KEY {
                        self.key = self.line.read[body.clone()].to_vec();
                    }
                    self.left = body.start - HEAD..body.end;
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Poll::Ready(Ok(())),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let length = self.left.len().min(into.remaining());
        into.put_slice(&self.line.read[self.left.start..self.left.start + length]);
        self.left.start += length;
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.line.stream).poll_write(context, bytes)
    }

    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line.stream).poll_flush(context)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::stream::Socket, *};
    use tokio::{io::AsyncWriteExt, net::TcpListener, net::TcpStream};

    /// A line, and the server's end of it.
    async fn line() -> (Line, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
        (Line::new(Stream::Plain(Socket::Tcp(client.expect("listening")))), server.expect("connected").0)
    }

    #[tokio::test]
    async fn long_messages_arrive_whole() {
        let (mut line, mut server) = line().await;
        let bodies: Vec<Vec<u8>> = [3, 70_000, 0, 1_500_000, 16_379, 5].map(|length| vec![length as u8; length]).into();
        let mut sent = Vec::new();
        for body in &bodies {
            sent.push(b'D');
            sent.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
            sent.extend_from_slice(body);
        }
        sent.extend_from_slice(b"Z\0\0\0\x05T");
        let mut heard = Vec::new();
        line.sync();
        let (state, written) =
            tokio::join!(line.answer(None, |tag, body| heard.push((tag, body.to_vec()))), server.write_all(&sent));
        written.expect("read");
        assert_eq!(state.expect("whole"), b'T');
        assert_eq!(heard, bodies.into_iter().map(|body| (b'D', body)).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_is_announced_takes_no_room_before_it_comes() {
        let (mut line, mut server) = line().await;
        let mut sent = b"D\x7f\xff\xff\xff".to_vec();
        sent.resize(100_000, 0);
        server.write_all(&sent).await.expect("open");
        drop(server);
        line.sync();
        assert!(line.answer(None, |_, _| ()).await.is_err());
        assert!(line.read.len() <= 2 * sent.len().next_multiple_of(ROOM), "{}", line.read.len());
    }
}
