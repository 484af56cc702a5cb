//! The rules: which requests share a cached answer, what ends it, and which URLs are valid.

use std::fmt::Write;

use kit::secret;
use url::Url;

/// The longest that a signed URL is valid, and so the longest that a key is of use after its rotation, in seconds.
pub const LONGEST_S: u64 = 7 * 24 * 60 * 60;
/// Parameters that say where a reader came from and change nothing of the answer.
const IGNORED: [&str; 3] = ["utm_", "fbclid", "gclid"];

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It is no name of the domain name system.
    #[error("the host must be a name such as img.example.org, without a port")]
    Host,
    /// Content would travel unprotected, or from nowhere.
    #[error(
        "the upstream must be an https URL of a named host, with at most 2000 characters and without user and query"
    )]
    Upstream,
    /// They are part of a key, so they are short and plain.
    #[error("a tag must have 1 to 50 of a-z, 0-9 and -; there may be 10 tags, separated by commas")]
    Tags,
    /// It is no path.
    #[error("the path must begin with /, have at most 2000 characters, all of them visible ASCII, and no #")]
    Path,
    /// It would be valid never, or nearly for ever.
    #[error("a time must have at most {LONGEST_S} seconds, and that of a URL at least 1")]
    Time,
}

/// Why a URL is not valid.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nobody with a valid key has signed exactly this.
    #[error("the signature is missing or wrong: it must be the last parameter, and nothing may change after signing")]
    Signature,
    /// It was valid once.
    #[error("the URL has expired: sign it again")]
    Expired,
}

/// The one spelling of a host.
///
/// ```
/// assert_eq!(cdn_service::domain::host("IMG.Example.org").as_deref(), Ok("img.example.org"));
/// ```
pub fn host(text: &str) -> Result<String, Invalid> {
    let host = text.to_ascii_lowercase();
    let is_label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        plain && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    // A number in the last place makes it an address.
    let is_name = host.rsplit_once('.').is_some_and(|(_, last)| !last.bytes().all(|byte| byte.is_ascii_digit()));
    if is_name && host.len() <= 253 && host.split('.').all(is_label) { Ok(host) } else { Err(Invalid::Host) }
}

/// Checks where content comes from.
pub fn check_upstream(upstream: &str) -> Result<(), Invalid> {
    let url = Url::parse(upstream).ok().filter(|url| {
        let named = url.host_str().is_some_and(|name| host(name).is_ok());
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        url.scheme() == "https" && named && bare && url.fragment().is_none() && upstream.len() <= 2000
    });
    url.map(|_| ()).ok_or(Invalid::Upstream)
}

/// The tags of a list, each once and in one order.
///
/// ```
/// assert_eq!(cdn_service::domain::tags("photos,home,photos"), Ok(vec!["home", "photos"]));
/// ```
pub fn tags(list: &str) -> Result<Vec<&str>, Invalid> {
    let mut tags: Vec<_> = list.split(',').collect();
    if tags.len() > 10 {
        return Err(Invalid::Tags);
    }
    tags.iter().try_for_each(|tag| check_tag(tag))?;
    tags.sort_unstable();
    tags.dedup();
    Ok(tags)
}

/// Checks a tag.
pub fn check_tag(tag: &str) -> Result<(), Invalid> {
    let plain = tag.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if plain && (1..=50).contains(&tag.len()) { Ok(()) } else { Err(Invalid::Tags) }
}

/// Checks a path with its query. A fragment never reaches a server; in a key it would forge tags.
pub fn check_path(path: &str) -> Result<(), Invalid> {
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if plain && path.starts_with('/') && path.len() <= 2000 { Ok(()) } else { Err(Invalid::Path) }
}

/// Checks how long a URL shall be valid.
pub fn check_validity(seconds: u64) -> Result<(), Invalid> {
    if (1..=LONGEST_S).contains(&seconds) { Ok(()) } else { Err(Invalid::Time) }
}

/// Checks how long a key shall verify after its rotation.
pub fn check_grace(seconds: u64) -> Result<(), Invalid> {
    if seconds <= LONGEST_S { Ok(()) } else { Err(Invalid::Time) }
}

/// The key under which an answer is cached: the same for every order of the parameters and for every signature, another
/// after each purge of one of its tags.
///
/// ```
/// use cdn_service::domain::cache_key;
///
/// let key = cache_key("img.example.org", "/a.png?w=2&utm_source=mail&h=1", &[("home", 0), ("photos", 3)]);
/// assert_eq!(key, "img.example.org/a.png?h=1&w=2#home.0,photos.3");
/// ```
pub fn cache_key(host: &str, path: &str, versions: &[(&str, i64)]) -> String {
    let path = Signed::parse(path).map_or(path, |signed| signed.path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let is_ignored = |parameter: &&str| IGNORED.iter().any(|ignored| parameter.starts_with(ignored));
    let mut parameters: Vec<&str> = query.split('&').filter(|text| !text.is_empty() && !is_ignored(text)).collect();
    parameters.sort_unstable();
    let mut key = format!("{host}{path}");
    join(&mut key, '?', '&', parameters);
    join(&mut key, '#', ',', versions.iter().map(|(tag, version)| format!("{tag}.{version}")));
    key
}

fn join(text: &mut String, first: char, between: char, parts: impl IntoIterator<Item = impl std::fmt::Display>) {
    for (number, part) in parts.into_iter().enumerate() {
        let separator = if number == 0 { first } else { between };
        write!(text, "{separator}{part}").expect("a string takes all that is written");
    }
}

/// Signs a path of a host: adds `expires`, in seconds since 1970, and `signature`.
///
/// The signature is the HMAC-SHA-256, in hexadecimal, of the host and everything that stands before `&signature=`. So
/// whoever holds the key can sign without this service.
///
/// ```
/// use cdn_service::domain::{Refused, sign, verify};
///
/// let path = sign("key", "img.example.org", "/a.png?w=2", 1_000);
/// assert!(path.starts_with("/a.png?w=2&expires=1000&signature="));
/// assert_eq!(verify(["key"], "img.example.org", &path, 999), Ok(()));
/// assert_eq!(verify(["key"], "img.example.org", &path, 1_000), Err(Refused::Expired));
/// assert_eq!(verify(["key"], "other.example.org", &path, 999), Err(Refused::Signature));
/// ```
pub fn sign(key: &str, host: &str, path: &str, expires: u64) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    let text = format!("{path}{separator}expires={expires}");
    let signature = secret::sign(key.as_bytes(), &format!("{host}{text}"));
    format!("{text}&signature={signature}")
}

/// Verifies a signed path at a time, in seconds since 1970, with all keys that are valid then.
pub fn verify<'a>(keys: impl IntoIterator<Item = &'a str>, host: &str, path: &str, now: u64) -> Result<(), Refused> {
    let signed = Signed::parse(path).ok_or(Refused::Signature)?;
    let message = format!("{host}{}", signed.text);
    let is_right = |key: &str| secret::equal(&secret::sign(key.as_bytes(), &message), signed.signature);
    if !keys.into_iter().any(is_right) {
        return Err(Refused::Signature);
    }
    if now < signed.expires { Ok(()) } else { Err(Refused::Expired) }
}

/// The parts of a signed path.
struct Signed<'a> {
    /// What was to be signed.
    path: &'a str,
    /// What is signed: the path and when it expires.
    text: &'a str,
    expires: u64,
    signature: &'a str,
}

impl<'a> Signed<'a> {
    fn parse(path: &'a str) -> Option<Self> {
        let (text, signature) = path.rsplit_once("&signature=")?;
        let (path, last) = text.rsplit_once(['?', '&'])?;
        let expires = last.strip_prefix("expires=")?.parse().ok()?;
        Some(Self { path, text, expires, signature })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let long = format!("{}.b", "a".repeat(64));
        for wrong in ["", "localhost", "a..b", "-a.b", "a-.b", "a.b:80", "a b.c", "127.0.0.1", "ä.org", &long] {
            assert_eq!(host(wrong), Err(Invalid::Host), "{wrong}");
        }
    }

    #[test]
    fn upstreams() {
        assert_eq!(check_upstream("https://origin.example.org:8443/files"), Ok(()));
        let long = format!("https://a.b/{}", "x".repeat(2000));
        for wrong in [
            "",
            "https://",
            "http://a.b",
            "https://a.b?x",
            "https://a.b#x",
            "https://user@a.b",
            "https://localhost",
            "https://127.0.0.1",
            "https://[::1]",
            "https://2130706433",
            &long,
        ] {
            assert_eq!(check_upstream(wrong), Err(Invalid::Upstream), "{wrong}");
        }
    }

    #[test]
    fn lists_of_tags() {
        assert_eq!(tags("photos-2"), Ok(vec!["photos-2"]));
        for wrong in ["", "Photos", "a b", "a.1", "a,,b", &"a".repeat(51), "a,b,c,d,e,f,g,h,i,j,k"] {
            assert_eq!(tags(wrong), Err(Invalid::Tags), "{wrong}");
        }
    }

    #[test]
    fn paths_and_times() {
        assert_eq!(check_path("/a%20b?c=d"), Ok(()));
        for wrong in ["", "a", "/a#b", "/a b", "/ä", "/a\n", &format!("/{}", "a".repeat(2000))] {
            assert_eq!(check_path(wrong), Err(Invalid::Path), "{wrong}");
        }
        assert_eq!((check_validity(0), check_validity(LONGEST_S)), (Err(Invalid::Time), Ok(())));
        assert_eq!((check_grace(0), check_grace(LONGEST_S + 1)), (Ok(()), Err(Invalid::Time)));
    }

    #[test]
    fn keys() {
        assert_eq!(cache_key("h", "/", &[("t", 0)]), "h/#t.0");
        assert_eq!(cache_key("h", "/?&gclid=1", &[("t", 0)]), "h/#t.0");
        for path in ["/a", "/a?b=1"] {
            assert_eq!(cache_key("h", &sign("key", "h", path, 1), &[]), cache_key("h", path, &[]));
        }
        assert_eq!(cache_key("h", "/a?signature=1", &[]), "h/a?signature=1");
    }

    #[test]
    fn nothing_of_a_signed_url_can_change() {
        let path = sign("key", "h", "/a?b=1", 1_000);
        assert_eq!(verify(["other", "key"], "h", &path, 0), Ok(()));
        assert_eq!(verify(["other"], "h", &path, 0), Err(Refused::Signature));
        for (from, to) in [("/a", "/b"), ("b=1", "b=2"), ("1000", "9999"), ("signature=", "signature=0")] {
            assert_eq!(verify(["key"], "h", &path.replace(from, to), 0), Err(Refused::Signature), "{from}");
        }
        for wrong in ["/a", "/a?expires=9", "/a?signature=", "/a&signature=", &format!("{path}&c=1")] {
            assert_eq!(verify(["key"], "h", wrong, 0), Err(Refused::Signature), "{wrong}");
        }
        // Who has no key does not learn that a URL has expired.
        assert_eq!(verify(["other"], "h", &path, 2_000), Err(Refused::Signature));
    }
}
