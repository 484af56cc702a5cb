//! A real terminal for xtask: a pseudo-terminal that a test types into, and reads.

use crate::support::sandbox::{Output, Sandbox};
use indicatif::{InMemoryTerm, TermLike as _};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;

const ROWS: u16 = 40;
const COLUMNS: u16 = 80;

/// Runs xtask with a terminal as its stderr, and as its stdin when somebody has `typed` something there. Returns how it
/// ended, and all that the terminal was sent.
pub fn on_a_terminal(sandbox: &Sandbox, args: &[&str], typed: Option<&str>) -> (Output, String) {
    let (mut master, slave) = terminal();
    let mut command = sandbox.command(args);
    if let Some(typed) = typed {
        command.stdin(Stdio::from(slave.try_clone().expect("another handle")));
        master.write_all(typed.as_bytes()).expect("it waits there to be read");
    }
    let child = command.stderr(Stdio::from(slave)).spawn().expect("xtask starts");
    // The terminal hangs up when nobody has its other end open any more, this process included.
    drop(command);
    let sent = read_until(&mut master, |_| false);
    (sandbox.wait(child), sent)
}

/// Runs xtask with a terminal as its stdin and stderr, and types what `answer` returns once `question` is shown.
#[track_caller]
pub fn answer_on_a_terminal(
    sandbox: &Sandbox,
    args: &[&str],
    question: &str,
    answer: impl FnOnce() -> &'static str,
) -> (Output, String) {
    let (mut master, slave) = terminal();
    let mut command = sandbox.command(args);
    command.stdin(Stdio::from(slave.try_clone().expect("another handle")));
    let child = command.stderr(Stdio::from(slave)).spawn().expect("xtask starts");
    drop(command);
    let asked = read_until(&mut master, |sent| sent.contains(question));
    assert!(asked.contains(question), "{question:?} is missing: {asked}");
    master.write_all(answer().as_bytes()).expect("xtask reads it");
    let sent = asked + &read_until(&mut master, |_| false);
    (sandbox.wait(child), sent)
}

/// A terminal: the end that a person has, and the one that programs have.
fn terminal() -> (File, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&master).expect("it is ours");
    unlockpt(&master).expect("it can be opened");
    tcsetwinsize(&master, Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 })
        .expect("it has a size");
    let name = ptsname(&master, Vec::new()).expect("it has a name");
    let slave = OpenOptions::new().read(true).write(true).open(std::ffi::OsStr::from_bytes(name.as_bytes()));
    (File::from(master), slave.expect("its other end"))
}

/// Reads what a terminal is sent until that is `enough`, or until all programs have closed it.
fn read_until(master: &mut File, enough: impl Fn(&str) -> bool) -> String {
    let mut sent = Vec::new();
    let mut chunk = [0; 4096];
    while !enough(&String::from_utf8_lossy(&sent)) {
        let Ok(length @ 1..) = master.read(&mut chunk) else { break };
        sent.extend_from_slice(&chunk[..length]);
    }
    String::from_utf8_lossy(&sent).into_owned()
}

/// What is left on a screen that was sent this.
pub fn screen(sent: &str) -> String {
    let terminal = InMemoryTerm::new(ROWS, COLUMNS);
    terminal.write_str(sent).expect("memory");
    terminal.contents()
}
