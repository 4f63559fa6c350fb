//! A loopback server that gives each node's answers exactly as they are written down.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An answer over HTTP, as the real system gives it.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The status.
    pub status: u16,
    /// The media type.
    pub media: &'static str,
    /// The body.
    pub body: &'static str,
    /// A header that follows the body.
    pub trailer: Option<(&'static str, &'static str)>,
}

impl Shape {
    /// JSON with that status.
    pub const fn json(status: u16, body: &'static str) -> Self {
        Self { status, media: "application/json", body, trailer: None }
    }

    /// Text with that status.
    pub const fn text(status: u16, body: &'static str) -> Self {
        Self { status, media: "text/plain; charset=utf-8", body, trailer: None }
    }

    fn written(&self) -> Vec<u8> {
        let Self { status, media, body, trailer } = self;
        let head = format!("HTTP/1.1 {status} So\r\nContent-Type: {media}\r\nConnection: close\r\n");
        let text = match trailer {
            // As Go writes it: the body in chunks, what went wrong behind the last one.
            Some((name, value)) => {
                let chunk = format!("{:x}\r\n{body}\r\n0\r\n", body.len());
                format!("{head}Trailer: {name}\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{name}: {value}\r\n\r\n")
            }
            None if *status == 204 => head + "\r\n",
            None => format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()),
        };
        text.into_bytes()
    }
}

/// The answers by path, `/node/what/is/asked`.
pub type Answers = HashMap<String, Shape>;

/// Serves them until the test ends; gives the server's `http://` address. What is not written down gets no answer.
pub async fn serve(answers: Answers) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let answers = Arc::new(answers);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, answers.clone()));
        }
    });
    address
}

async fn answer(mut stream: TcpStream, answers: Arc<Answers>) -> Option<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.ok()?);
    }
    let request = String::from_utf8(request).ok()?;
    let shape = answers.get(request.split(' ').nth(1)?)?;
    stream.write_all(&shape.written()).await.ok()
}
