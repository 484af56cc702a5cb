//! A server's URL: parsed, pointed at another database, and shown without its password.
//!
//! Covers only what connecting to a server needs, not all of RFC 3986. The parts are kept as written, so that the URL
//! that a service gets differs from the given one only in its database.

use std::fmt;

/// Replaces a password wherever it would be shown.
pub(super) const HIDDEN: &str = "***";

/// `scheme://user:password@host:port/database?key=value`. `Display` and `Debug` hide the password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Url {
    scheme: String,
    userinfo: Option<String>,
    address: String,
    path: String,
    query: String,
}

impl Url {
    /// Parses a URL; `None` when it has no `scheme://`, or contains characters that no URL may.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        if scheme.is_empty() || !scheme.chars().all(plain) || rest.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            return None;
        }
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        // The last `@` of the authority ends the user: an unescaped one in a password is a common slip. An unescaped
        // slash in a password is not supported: it cannot be distinguished from the path.
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (userinfo, address) = match authority.rsplit_once('@') {
            Some((userinfo, address)) => (Some(userinfo.to_owned()), address),
            None => (None, authority),
        };
        Some(Self {
            scheme: scheme.to_ascii_lowercase(),
            userinfo,
            address: address.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
        })
    }

    /// The scheme, in lower case.
    pub(super) fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host, decoded and without brackets; `?host=` counts where the authority names none. Empty when neither does.
    pub(super) fn host(&self) -> String {
        let host = self.split_address().0;
        if host.is_empty() { self.query("host") } else { decode(host.trim_matches(['[', ']'])) }
    }

    /// The port, if there is one.
    pub(super) fn port(&self) -> Option<u16> {
        self.split_address().1.parse().ok()
    }

    fn split_address(&self) -> (&str, &str) {
        match self.address.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (&self.address, ""),
        }
    }

    /// The user, decoded; empty when there is none.
    pub(super) fn user(&self) -> String {
        decode(self.credentials().0)
    }

    /// The password, decoded; empty when there is none.
    pub(super) fn password(&self) -> String {
        decode(self.credentials().1)
    }

    fn credentials(&self) -> (&str, &str) {
        let userinfo = self.userinfo.as_deref().unwrap_or_default();
        userinfo.split_once(':').unwrap_or((userinfo, ""))
    }

    /// The database that the path names, decoded; empty when it names none.
    pub(super) fn database(&self) -> String {
        decode(&self.path)
    }

    /// The value of a query key, decoded; empty when it is not there.
    pub(super) fn query(&self, key: &str) -> String {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == key).map(|(_, value)| decode(value)).unwrap_or_default()
    }

    /// The same server, another database. The name must need no escaping, as [`super::names`] makes them.
    #[must_use]
    pub(super) fn with_database(&self, database: &str) -> Self {
        Self { path: database.to_owned(), ..self.clone() }
    }

    /// The whole URL, password included: for an environment, never for people.
    pub(super) fn expose(&self) -> String {
        self.compose(self.userinfo.clone(), self.query.clone())
    }

    /// Every text that must not be shown: passwords both as written and decoded.
    pub(super) fn secrets(&self) -> Vec<String> {
        let raw = self.credentials().1;
        let queried = self.query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(key, _)| is_secret(key));
        let mut all: Vec<String> = std::iter::once(raw)
            .chain(queried.map(|(_, value)| value))
            .flat_map(|raw| [raw.to_owned(), decode(raw)])
            .filter(|secret| !secret.is_empty())
            .collect();
        all.sort();
        all.dedup();
        all
    }

    /// The secrets worth redacting. An HTTP URL with a user and no password uses the user as a token.
    fn passwords(&self) -> Vec<String> {
        let user = self.user();
        let token = self.scheme.ends_with("http") || self.scheme.ends_with("https");
        if token && self.password().is_empty() && !user.is_empty() {
            return [self.secrets(), vec![self.credentials().0.to_owned(), user]].concat();
        }
        self.secrets().into_iter().filter(|secret| *secret != user).collect()
    }

    fn compose(&self, userinfo: Option<String>, query: String) -> String {
        let userinfo = userinfo.map(|userinfo| userinfo + "@").unwrap_or_default();
        let path = if self.path.is_empty() { String::new() } else { format!("/{}", self.path) };
        let query = if query.is_empty() { query } else { format!("?{query}") };
        format!("{}://{userinfo}{}{path}{query}", self.scheme, self.address)
    }
}

/// The passwords in every URL of a text, both as written and decoded. One that equals its user is skipped: redacting
/// it hides nothing.
pub fn secrets(text: &str) -> Vec<String> {
    // Check the whole text as well: a password may contain characters that end a URL elsewhere.
    urls(text).into_iter().chain([text]).filter_map(Url::parse).flat_map(|url| url.passwords()).collect()
}

/// Each URL of a text, from its scheme to a blank, a quote or the next one.
fn urls(text: &str) -> Vec<&str> {
    let in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let start = |at: usize| text[..at].trim_end_matches(in_scheme).len();
    let starts: Vec<usize> = text.match_indices("://").map(|(at, _)| start(at)).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let url = |(start, end): (&usize, usize)| {
        let found = text.get(*start..end).unwrap_or_default();
        let found = found.split(|c: char| c.is_whitespace() || "\"'`<>".contains(c)).next().unwrap_or_default();
        if end < text.len() { found.trim_end_matches([',', ';', '|']) } else { found }
    };
    starts.iter().zip(ends).map(url).collect()
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let userinfo = self.userinfo.as_deref().map(|userinfo| match userinfo.split_once(':') {
            Some((user, _)) => format!("{user}:{HIDDEN}"),
            None => userinfo.to_owned(),
        });
        let pairs = self.query.split('&').map(|pair| match pair.split_once('=') {
            Some((key, _)) if is_secret(key) => format!("{key}={HIDDEN}"),
            _ => pair.to_owned(),
        });
        f.write_str(&self.compose(userinfo, pairs.collect::<Vec<_>>().join("&")))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["pass", "secret", "token", "key"].iter().any(|word| key.contains(word))
}

/// Percent-decodes; anything that is not an escape is kept unchanged.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let hex = escape.filter(|hex| hex.iter().all(u8::is_ascii_hexdigit)).and_then(|hex| str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn url(text: &str) -> Url {
        Url::parse(text).expect("the text is a URL")
    }

    #[test]
    fn the_parts_come_back_as_they_are_meant() {
        let all = url("postgres://u%40x:p%2Fw@db.example:6000/main?sslmode=require&password=other");
        assert_eq!((all.scheme(), all.host().as_str(), all.port()), ("postgres", "db.example", Some(6000)));
        assert_eq!((all.user().as_str(), all.password().as_str()), ("u@x", "p/w"));
        assert_eq!((all.database().as_str(), all.query("sslmode").as_str()), ("main", "require"));
        let bare = url("redis://localhost");
        assert_eq!((bare.host().as_str(), bare.port(), bare.user().as_str()), ("localhost", None, ""));
        assert_eq!((url("redis://[::1]:7/0").host().as_str(), url("redis://[::1]").port()), ("::1", None));
        assert_eq!(url("postgres:///db?host=/run/postgresql").host(), "/run/postgresql");
        assert_eq!(url("postgres://u:p@ss@h/db").password(), "p@ss");
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for text in ["", "localhost:5432/db", "://x", "a b://x", "redis://a b", "redis://a\nb"] {
            assert_eq!(Url::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_shown_url_holds_no_password() {
        let all = url("postgres://u:p%2Fw@h:1/db?sslpassword=zz&a=b");
        assert_eq!(all.to_string(), "postgres://u:***@h:1/db?sslpassword=***&a=b");
        assert_eq!(format!("{all:?}"), all.to_string());
        assert_eq!(all.secrets(), ["p%2Fw", "p/w", "zz"]);
        assert_eq!(url("redis://:pw@h").to_string(), "redis://:***@h");
    }

    #[test]
    fn another_database_changes_nothing_else() {
        let all = url("postgres://u:p%2Fw@h:1/db?a=b");
        assert_eq!(all.with_database("x").expose(), "postgres://u:p%2Fw@h:1/x?a=b");
        assert_eq!(url("postgres://h").with_database("x").expose(), "postgres://h/x");
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        assert_eq!(decode("%"), "%");
        assert_eq!(decode("100%zz%4"), "100%zz%4");
        assert_eq!(decode("%e2%82%ac"), "€");
        assert_eq!(decode("%+1"), "%+1");
    }
}
