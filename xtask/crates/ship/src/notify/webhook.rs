//! Addresses of webhooks. Each is a secret: it is all one needs to write to the channel. Pure.

use super::{SLACK, WEBHOOK};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use xtask_core::error::{Error, Result};

/// A part of an address that is shorter is likely to be part of ordinary words.
const SHORTEST: usize = 8;
/// A part of an address that is longer is not a word, even without a digit.
const NO_WORD: usize = 20;

/// An address that may be sent to: `https`, or `http` on this machine.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    url: String,
    loopback: bool,
}

/// Never shows the address, even when a value that contains it is printed.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(***)")
    }
}

/// The addresses as the variables hold them; whether they are usable is known when they are parsed.
#[derive(Clone, Default)]
pub struct Webhooks {
    slack: Option<String>,
    other: Option<String>,
}

/// Never shows the addresses.
impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhooks(***)")
    }
}

impl Webhooks {
    /// Those that these variables hold.
    pub fn of<'a>(var: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |name| var(name).map(str::to_owned);
        Self { slack: text(SLACK), other: text(WEBHOOK) }
    }

    /// The address of one that accepts what Slack's accepts.
    pub fn slack(&self) -> Result<Option<Address>> {
        self.slack.as_deref().map(|url| Address::parse(SLACK, url)).transpose()
    }

    /// The address of one that accepts our own JSON.
    pub fn other(&self) -> Result<Option<Address>> {
        self.other.as_deref().map(|url| Address::parse(WEBHOOK, url)).transpose()
    }
}

impl Address {
    /// Parses the address in the variable of this name. Errors describe it without showing it.
    pub fn parse(variable: &str, url: &str) -> Result<Self> {
        let refuse = |why: &str| {
            Error::usage(format!("use the webhook in {variable}: {why}"))
                .hint(format!("set {variable} to an address that begins with https://"))
        };
        // A quote or a line end would end the address in curl's configuration, and some programs read `\` as `/`.
        if !url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'\\<>`".contains(&byte)) {
            return Err(refuse("it holds spaces, quotes, line ends or other characters that no address has"));
        }
        let (scheme, rest) = url.split_once("://").ok_or_else(|| refuse("it is not an address"))?;
        let host = host(rest);
        if host.is_empty() {
            return Err(refuse("it names no host"));
        }
        let loopback = is_loopback(host);
        match scheme.to_ascii_lowercase().as_str() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(refuse("it would be sent unencrypted: http is for this machine alone")),
            _ => return Err(refuse("it does not begin with https://")),
        }
        Ok(Self { url: url.to_owned(), loopback })
    }

    /// The address itself, for curl alone.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// The one protocol that may be spoken.
    pub(super) fn protocol(&self) -> &'static str {
        if self.url.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("https")) { "=https" } else { "=http" }
    }
}

/// The parts of an address to redact: all of it, the text after its host, and each part of that text which is not a
/// word. The value may be anything: it comes from a variable.
pub fn secrets(url: &str) -> Vec<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]);
    let is_secret =
        |part: &&str| part.len() >= SHORTEST && (part.len() >= NO_WORD || part.bytes().any(|b| b.is_ascii_digit()));
    let parts = path.split(['/', '?', '#', '&', '=', ';', ':']).filter(is_secret);
    [url, path].into_iter().chain(parts).map(str::to_owned).collect()
}

/// The host of the text after `://`.
fn host(rest: &str) -> &str {
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    match place.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        Some((host, _)) => host,
        None => place.split(':').next().unwrap_or_default(),
    }
}

fn is_loopback(host: &str) -> bool {
    let v4 = host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    let v6 = host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
    v4 || v6 || host.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_sent_to() {
        #[track_caller]
        fn case(url: &str, protocol: Option<&str>) {
            let found = Address::parse("XTASK_WEBHOOK", url);
            assert_eq!(found.as_ref().ok().map(Address::protocol), protocol, "{url:?}: {found:?}");
            if let Err(error) = found {
                let text = error.to_string();
                let tail = url.rsplit('/').next().unwrap_or_default();
                assert!(text.contains("XTASK_WEBHOOK") && (tail.is_empty() || !text.contains(tail)), "{text}");
            }
        }
        case("https://hooks.example.org/services/T0/B0/canary", Some("=https"));
        case("HTTPS://me:word@hooks.example.org:8443/canary", Some("=https"));
        case("http://127.0.0.1:8080/canary", Some("=http"));
        case("http://localhost/canary", Some("=http"));
        case("http://[::1]:8080/canary", Some("=http"));
        for url in [
            "http://hooks.example.org/canary",
            "http://127.0.0.1@example.org/canary",
            "http://127.example.org/canary",
            "http://localhost.example.org/canary",
            "https:///canary",
            "file:///etc/canary",
            "gopher://127.0.0.1/canary",
            "canary-without-a-scheme",
            "https://example.org/canary\"",
            "https://example.org/canary\nproxy = evil",
            "https://example.org/canary\n",
            "https://example.org\\@127.0.0.1/canary",
            "https://example.org/can ary",
            "https://exämple.org/canary",
        ] {
            case(url, None);
        }
    }

    #[test]
    fn nobody_sees_an_address() {
        let address = Address::parse("X", "https://example.org/canary").expect("it is one");
        assert_eq!(format!("{address:?}"), "Address(***)");
    }

    #[test]
    fn the_parts_of_an_address_that_are_no_words_are_secrets_of_their_own() {
        assert_eq!(
            secrets("https://hooks.example.org/services/T00000000/b?token=aaaaaaaaaaaaaaaaaaaa"),
            [
                "https://hooks.example.org/services/T00000000/b?token=aaaaaaaaaaaaaaaaaaaa",
                "/services/T00000000/b?token=aaaaaaaaaaaaaaaaaaaa",
                "T00000000",
                "aaaaaaaaaaaaaaaaaaaa"
            ]
        );
        assert_eq!(secrets("nonsense"), ["nonsense", ""]);
    }
}
