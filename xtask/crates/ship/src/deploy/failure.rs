//! Why a call has failed, and whether a retry makes sense.

use xtask_core::command::Command;
use xtask_core::error::Error;

/// A call that has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind of failure.
    pub kind: Kind,
    /// The command, as it would be typed.
    pub command: String,
    /// The tool's error message.
    pub text: String,
}

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Transient: too many requests, a server that is busy or unreachable, a connection that broke off.
    Transient,
    /// The cluster does not recognise the caller.
    Unauthorized,
    /// The cluster recognises the caller, and denies the request.
    Forbidden,
    /// The object does not exist.
    NotFound,
    /// Another client was faster, or owns a field.
    Conflict,
    /// The requested data is too old to be available.
    Expired,
    /// The request itself is wrong.
    Invalid,
    /// The run was stopped.
    Stopped,
    /// The tool itself: it is missing, crashed, or printed an unknown message.
    Tool,
}

/// Messages of kubectl and of the servers that it talks to, and their meanings; the first match counts.
const WORDS: [(&str, Kind); 30] = [
    ("(Conflict)", Kind::Conflict),
    ("(AlreadyExists)", Kind::Conflict),
    ("conflicts with", Kind::Conflict),
    ("Operation cannot be fulfilled", Kind::Conflict),
    // `kubectl apply --server-side` prints this for every conflict, whatever its cause.
    ("Please review the fields above", Kind::Conflict),
    ("(NotFound)", Kind::NotFound),
    ("(Forbidden)", Kind::Forbidden),
    ("(Unauthorized)", Kind::Unauthorized),
    ("must be logged in", Kind::Unauthorized),
    ("asked for the client to provide credentials", Kind::Unauthorized),
    ("(Expired)", Kind::Expired),
    ("(Gone)", Kind::Expired),
    ("too old resource version", Kind::Expired),
    ("(TooManyRequests)", Kind::Transient),
    ("(InternalError)", Kind::Transient),
    ("(ServiceUnavailable)", Kind::Transient),
    ("(Timeout)", Kind::Transient),
    ("(ServerTimeout)", Kind::Transient),
    ("currently unable to handle the request", Kind::Transient),
    ("connection refused", Kind::Transient),
    ("connection reset", Kind::Transient),
    ("was refused", Kind::Transient),
    ("i/o timeout", Kind::Transient),
    ("TLS handshake timeout", Kind::Transient),
    ("context deadline exceeded", Kind::Transient),
    ("Client.Timeout exceeded", Kind::Transient),
    ("EOF", Kind::Transient),
    ("(Invalid)", Kind::Invalid),
    ("(BadRequest)", Kind::Invalid),
    ("is invalid", Kind::Invalid),
];

impl Kind {
    /// The kind of failure that a tool's error message means.
    pub fn of(text: &str) -> Self {
        WORDS.iter().find(|(words, _)| text.contains(words)).map_or(Self::Tool, |(_, kind)| *kind)
    }

    /// The hint for this kind of failure.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Transient => {
                "the cluster was busy or unreachable for too long: check it, then run the same command again"
            }
            Self::Unauthorized => "log in; for AWS, `aws sts get-caller-identity` shows the current identity",
            Self::Forbidden => "request the permission, or use credentials that have it",
            Self::NotFound => "create what is missing, or correct the environment's configuration",
            Self::Conflict => "another client changes the same objects: wait for it, then run the same command again",
            Self::Expired => "run the same command again",
            Self::Invalid => "this is a mistake in the manifests: `--render` shows them",
            Self::Stopped => "run it again with --resume",
            Self::Tool => "run the command by hand to see what is wrong; `cargo xtask doctor` lists the tools",
        }
    }
}

/// A message of kubectl without the lines of its log, `E1128 09:42:59.261186   25659 memcache.go:265] ...`, if anything else
/// is left: a failed discovery fills five of them before the message proper.
pub(super) fn without_log_lines(text: &str) -> String {
    let is_log = |line: &str| {
        let bytes = line.as_bytes();
        bytes.len() > 6 && b"IWEF".contains(&bytes[0]) && bytes[1..5].iter().all(u8::is_ascii_digit) && bytes[5] == b' '
    };
    let message: Vec<&str> = text.lines().filter(|line| !is_log(line)).collect();
    if message.is_empty() { text.to_owned() } else { message.join("\n") }
}

impl Failure {
    /// A failure of a command.
    pub fn new(kind: Kind, command: &Command, text: String) -> Self {
        Self { kind, command: command.to_string(), text }
    }

    /// Whether a retry may succeed. Every call may be made twice.
    pub fn passes(&self) -> bool {
        matches!(self.kind, Kind::Transient | Kind::Expired)
    }

    /// Whether the run was stopped.
    pub fn is_stop(&self) -> bool {
        self.kind == Kind::Stopped
    }

    /// The tool's error message, in one line.
    pub fn line(&self) -> String {
        let lines: Vec<&str> = self.text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        xtask_core::text::sanitise(&lines.join("; "))
    }

    /// Converts it to an xtask error; `what` is what was attempted.
    pub fn error(&self, what: &str) -> Error {
        let last: Vec<&str> = self.text.lines().rev().take(20).collect();
        let text: Vec<&str> = last.into_iter().rev().collect();
        Error::environment(what)
            .detail(text.join("\n"))
            .detail(format!("from `{}`", self.command))
            .hint(self.kind.remedy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubectls_words_are_understood() {
        for (text, kind) in [
            ("Error from server (NotFound): deployments.apps \"x\" not found", Kind::NotFound),
            ("Error from server (Forbidden): deployments.apps is forbidden: User \"u\" cannot list", Kind::Forbidden),
            ("error: You must be logged in to the server (Unauthorized)", Kind::Unauthorized),
            ("Error from server (TooManyRequests): retry later", Kind::Transient),
            (
                "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
                Kind::Transient,
            ),
            ("Unable to connect to the server: EOF", Kind::Transient),
            ("Error from server (Conflict): Operation cannot be fulfilled on leases", Kind::Conflict),
            ("Apply failed with 1 conflict: conflicts with \"kubectl\": .spec.replicas", Kind::Conflict),
            ("error: the server reported a conflict\nPlease review the fields above--they currently", Kind::Conflict),
            ("The Deployment \"x\" is invalid: spec.selector: field is immutable", Kind::Invalid),
            ("error: no configuration has been provided", Kind::Tool),
        ] {
            assert_eq!(Kind::of(text), kind, "{text}");
        }
    }

    #[test]
    fn a_log_is_no_message_unless_there_is_nothing_else() {
        let log = "E1128 09:42:59.261186   25659 memcache.go:265] \"Unhandled Error\" err=\"no credentials\"";
        let message = "error: You must be logged in to the server\nExit 1";
        assert_eq!(without_log_lines(&format!("{log}\n{log}\n{message}")), message);
        assert_eq!(without_log_lines(log), log);
        assert_eq!(without_log_lines("Error from server"), "Error from server");
    }
}
