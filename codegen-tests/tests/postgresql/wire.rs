//! A wire between a client and a server that counts round trips.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// Forwards connections to a port.
pub(crate) struct Wire {
    port: u16,
    counter: Arc<Counter>,
}

#[derive(Default)]
struct Counter {
    trips: AtomicUsize,
    /// Whether the client spoke last: what it says then belongs to the same trip.
    asked: AtomicBool,
}

impl Wire {
    pub(crate) fn to(server: u16) -> Wire {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let counter = Arc::new(Counter::default());
        let counting = Arc::clone(&counter);
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else { return };
                let (up, down) = (Arc::clone(&counting), Arc::clone(&counting));
                let (from, into) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || {
                    forward(from, into, || {
                        if !up.asked.swap(true, Ordering::SeqCst) {
                            up.trips.fetch_add(1, Ordering::SeqCst);
                        }
                    });
                });
                thread::spawn(move || {
                    forward(server, client, || {
                        // The distance: whatever the client sends without an answer is under way by then.
                        thread::sleep(Duration::from_millis(5));
                        down.asked.store(false, Ordering::SeqCst);
                    });
                });
            }
        });
        Wire { port, counter }
    }

    pub(crate) fn url(&self, options: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/postgres?sslmode=disable&{options}", self.port)
    }

    /// How many round trips there were since this was asked last.
    pub(crate) fn trips(&self) -> usize {
        self.counter.trips.swap(0, Ordering::SeqCst)
    }
}

fn forward(mut from: TcpStream, mut into: TcpStream, mut seen: impl FnMut()) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        seen();
        if into.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = into.shutdown(Shutdown::Both);
}
