//! Waits until a server can be used, or will never be.

use super::client::Client;
use super::context::{Context, PAUSE};
use super::place::Place;
use super::spec::{Ready, ServerSpec};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use xtask_core::error::Result;
use xtask_process::process::awake;

/// How long one connection may take: enough for a distant server, and nothing waits longer.
const CONNECTION: Duration = Duration::from_secs(3);

/// Why a server is not usable.
#[derive(Debug)]
pub(super) enum Unusable {
    /// It has ended; how, as a predicate.
    Ended(String),
    /// It timed out; the result of the last check.
    Late(String),
}

/// Waits until the server at the client's place can be used. `ended` returns how its process ended, once it has.
/// The deadline is on the clock of [`awake`].
///
/// # Errors
///
/// When the run is being stopped.
pub(super) fn wait(
    context: &Context,
    spec: &ServerSpec,
    client: &Client,
    deadline: Duration,
    mut ended: impl FnMut() -> Result<Option<String>>,
) -> Result<Result<(), Unusable>> {
    loop {
        context.check()?;
        let last = match look(context, spec, client)? {
            // Something else may have taken the port and answered: the server itself must be running too.
            Ok(()) => return Ok(ended()?.map_or(Ok(()), |how| Err(Unusable::Ended(how)))),
            Err(why) => why,
        };
        if let Some(how) = ended()? {
            return Ok(Err(Unusable::Ended(how)));
        }
        if awake() >= deadline {
            return Ok(Err(Unusable::Late(last)));
        }
        context.pause()?;
    }
}

fn look(context: &Context, spec: &ServerSpec, client: &Client) -> Result<Result<(), String>> {
    match &spec.ready {
        Ready::Command(words) => client.run(context, spec, words, ""),
        Ready::Redis if client.is_plain() => connect(context, &client.outside, ping),
        Ready::Tcp | Ready::Redis => connect(context, &client.outside, |_, _| Ok(())),
    }
}

/// Connects and talks on a separate thread, because neither resolving a name nor connecting can be interrupted, and
/// a stop request must be noticed meanwhile.
pub(super) fn connect(context: &Context, place: &Place, talk: Talk) -> Result<Result<(), String>> {
    let (sender, answer) = mpsc::channel();
    let place = place.clone();
    thread::spawn(move || {
        let _ = sender.send(open(&place.host, place.port).and_then(|stream| talk(stream, &place)));
    });
    let deadline = awake() + CONNECTION;
    loop {
        context.check()?;
        match answer.recv_timeout(PAUSE) {
            Ok(answer) => return Ok(answer),
            Err(_) if awake() < deadline => {}
            Err(_) => return Ok(Err("no answer to a connection".to_owned())),
        }
    }
}

/// The exchange on a fresh connection.
type Talk = fn(TcpStream, &Place) -> Result<(), String>;

pub(super) fn open(host: &str, port: u16) -> Result<TcpStream, String> {
    let addresses = (host, port).to_socket_addrs().map_err(|error| error.to_string())?;
    let mut last = "the name has no address".to_owned();
    for address in addresses {
        match TcpStream::connect_timeout(&address, CONNECTION) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error.to_string(),
        }
    }
    Err(last)
}

/// PING, with the password first where there is one.
fn ping(mut stream: TcpStream, place: &Place) -> Result<(), String> {
    let mut words = Vec::new();
    if !place.password.is_empty() {
        let user = (!place.user.is_empty()).then_some(place.user.as_str());
        words.push(["AUTH"].into_iter().chain(user).chain([place.password.as_str()]).collect::<Vec<_>>());
    }
    words.push(vec!["PING"]);
    let failed = |error: std::io::Error| error.to_string();
    stream.set_read_timeout(Some(CONNECTION)).map_err(failed)?;
    let count = words.len();
    stream.write_all(words.iter().map(|words| resp(words)).collect::<String>().as_bytes()).map_err(failed)?;
    let mut answer = Vec::new();
    let mut chunk = [0; 512];
    while answer.split(|byte| *byte == b'\n').count() <= count && answer.len() < 4096 {
        match stream.read(&mut chunk).map_err(failed)? {
            0 => break,
            length => answer.extend_from_slice(&chunk[..length]),
        }
    }
    let answer = String::from_utf8_lossy(&answer);
    match answer.lines().find(|line| line.starts_with('-')) {
        Some(refusal) => Err(refusal.trim_start_matches('-').to_owned()),
        None if answer.contains("+PONG") => Ok(()),
        None => Err("the answer to PING is not PONG".to_owned()),
    }
}

/// A command in the Redis protocol: lengths before words, so that no character of a password is special.
fn resp(words: &[&str]) -> String {
    let words = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
    format!("*{}\r\n{}", words.len(), words.collect::<String>())
}
