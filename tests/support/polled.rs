//! A server that probes ask, and the probes that ask it.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

/// What the server tells each time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// The same each time.
    TheSame,
    /// Another number each time.
    Counts,
    /// It is well and not well in turn.
    Flaps,
}

/// Serves what the probes ask until the program ends; gives its port.
pub fn serve(tells: Tells) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream, tells));
        }
    });
    port
}

/// Answers one connection as long as it asks.
fn answer(mut stream: TcpStream, tells: Tells) -> Option<()> {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    let mut number: u64 = 0;
    loop {
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).ok()?;
            request.push(byte[0]);
        }
        if tells != Tells::TheSame {
            number = ASKED.fetch_add(1, Ordering::Relaxed);
        }
        let role = if tells == Tells::Flaps && number.is_multiple_of(3) { "down" } else { "up" };
        let body = format!("{{\"role\":\"{role}\",\"seen\":{number}}}");
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
        stream.write_all(format!("{head}{}\r\n\r\n{body}", body.len()).as_bytes()).ok()?;
    }
}

/// So many probes of that server as a part of a runbook, each asked every second: each is a pane of its own.
pub fn probes(count: usize, port: u16) -> String {
    (1..=count).fold(String::new(), |mut text, number| {
        let _ = write!(
            text,
            "\n[[health]]\nid = \"pane-{number}\"\ntitle = \"Pane {number}\"\nevery = \"1s\"\ntimeout = \"1s\"\n\
             http = {{ url = \"http://127.0.0.1:{port}/{number}\" }}\n\
             fields = {{ role = \".body.role\", seen = \".body.seen\" }}\nok = '.role == \"up\"'\n"
        );
        text
    })
}
