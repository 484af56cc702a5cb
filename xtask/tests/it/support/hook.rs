//! The other side of a notification: a webhook on loopback that keeps what it gets, and answers as the test wants.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long a request may take to come before the test has failed.
const PATIENCE: Duration = Duration::from_secs(90);

/// A webhook. Its thread ends with the test's process.
pub struct Hook {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
    arrived: Receiver<()>,
    release: Sender<()>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its first line and its headers.
    pub head: String,
    /// What was posted.
    pub body: String,
}

impl Request {
    /// What was posted, as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }

    /// All text of a message for Slack.
    #[track_caller]
    pub fn text(&self) -> String {
        let message = self.json();
        let blocks = message["blocks"].as_array().expect("there are blocks").clone();
        let texts = blocks.iter().map(|block| {
            assert_eq!((&block["type"], &block["text"]["type"]), (&"section".into(), &"mrkdwn".into()));
            block["text"]["text"].as_str().expect("a text").to_owned()
        });
        texts.collect::<Vec<_>>().join("\n")
    }
}

impl Hook {
    /// A webhook that gives these answers, one a request, and the last of them to all further ones. An answer is a
    /// status with its word, and headers behind it.
    pub fn answers(answers: &[&str]) -> Self {
        Self::start(answers, false)
    }

    /// One that answers only when it is told to.
    pub fn held(answer: &str) -> Self {
        Self::start(&[answer], true)
    }

    /// One that takes everything.
    pub fn ok() -> Self {
        Self::answers(&["200 OK"])
    }

    fn start(answers: &[&str], held: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (arrive, arrived) = channel();
        let (release, released) = channel();
        let kept = Arc::clone(&requests);
        let mut answers: Vec<String> = answers.iter().rev().map(|&answer| answer.to_owned()).collect();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(request) = read(&stream) else { continue };
                // A server that shows what it was asked for is nothing unusual.
                let echo = format!("cannot {}", request.head.lines().next().unwrap_or_default());
                kept.lock().expect("nobody panics").push(request);
                let _ = arrive.send(());
                if held && released.recv().is_err() {
                    return;
                }
                let answer = if answers.len() > 1 { answers.pop() } else { answers.last().cloned() };
                let answer = answer.expect("there is an answer");
                let length = echo.len();
                let _ =
                    write!(&stream, "HTTP/1.1 {answer}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{echo}");
            }
        });
        Self { port, requests, arrived, release }
    }

    /// Its address with this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Waits until a request has come.
    #[track_caller]
    pub fn until_asked(&self) -> &Self {
        self.arrived.recv_timeout(PATIENCE).expect("a request comes");
        self
    }

    /// Lets one that is held answer.
    pub fn release(&self) {
        self.release.send(()).expect("it waits");
    }

    /// Everything that has come.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("nobody panics").clone()
    }

    /// The only request that has come.
    #[track_caller]
    pub fn request(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }
}

/// An address where nobody listens.
pub fn nobody(path: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    format!("http://127.0.0.1:{port}{path}")
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Request { head, body: String::from_utf8(body).ok()? })
}
