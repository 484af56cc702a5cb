//! A service as a process of its own, as it runs in a cluster.

use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// A running service. It is killed when the test lets go of it.
pub(super) struct Process {
    child: Child,
    address: SocketAddr,
    log: JoinHandle<Vec<Value>>,
}

/// An answer: the status, and everything behind the empty line.
pub(super) type Answered = (u16, String);

impl Process {
    /// Starts a program with these variables, and waits until it listens.
    pub(super) async fn start(program: &str, variables: &[(&str, String)]) -> Self {
        let mut command = Command::new(program);
        command.env("LISTEN", "127.0.0.1:0").env("LOG", "info").envs(variables.iter().cloned());
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut log = Vec::new();
        let address = loop {
            let line =
                lines.next_line().await.expect("its log is text").expect("it says that it listens before it ends");
            let line: Value = serde_json::from_str(&line).expect("each line of the log is JSON");
            let fields = &line["fields"];
            if fields["message"] == "listening" {
                break fields["address"].as_str().and_then(|address| address.parse().ok()).expect("an address");
            }
            log.push(line);
        };
        let log = tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                log.push(serde_json::from_str(&line).expect("each line of the log is JSON"));
            }
            log
        });
        Self { child, address, log }
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks for a path.
    pub(super) async fn get(&self, path: &str) -> Answered {
        get(self.address, path).await.expect("a connection").expect("a whole answer")
    }

    /// SIGTERM.
    pub(super) fn terminate(&self) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it runs");
        kill_process(pid, Signal::TERM).expect("it is ours");
    }

    /// How it ended, and its log.
    pub(super) async fn ended(mut self) -> (ExitStatus, Vec<Value>) {
        let status = self.child.wait().await.expect("it is ours");
        (status, self.log.await.expect("its log can be read"))
    }
}

/// Asks for a path over a connection of its own. Nothing when the connection ends before the answer begins, and an
/// error when there is no connection.
///
/// # Panics
///
/// When the answer breaks off.
pub(super) async fn get(address: SocketAddr, path: &str) -> std::io::Result<Option<Answered>> {
    let mut connection = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let sent = connection.write_all(request.as_bytes()).await;
    Ok(answer(connection, sent).await)
}

async fn answer(mut connection: TcpStream, sent: std::io::Result<()>) -> Option<Answered> {
    let mut answer = String::new();
    let read = connection.read_to_string(&mut answer).await;
    if answer.is_empty() {
        return None;
    }
    sent.and(read).expect("the answer does not break off");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    if let Some(length) = length {
        assert_eq!(length.parse(), Ok(body.len()), "the answer is whole");
    }
    Some((status, body.to_owned()))
}

/// A request that the service has begun to read, and that it cannot answer yet.
pub(super) struct InFlight(TcpStream);

impl InFlight {
    /// Asks for a path, and keeps the end of the request back.
    pub(super) async fn get(address: SocketAddr, path: &str) -> std::io::Result<Self> {
        const BEGUN: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
        let mut connection = TcpStream::connect(address).await?;
        let end = "connection: close\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n";
        connection.write_all(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n{end}").as_bytes()).await?;
        let mut begun = [0; BEGUN.len()];
        connection.read_exact(&mut begun).await?;
        assert_eq!(begun, BEGUN, "the service reads on");
        Ok(Self(connection))
    }

    /// Sends the end, and reads the answer: nothing when there is none.
    pub(super) async fn finish(mut self) -> Option<Answered> {
        let sent = self.0.write_all(b"{}").await;
        answer(self.0, sent).await
    }
}
