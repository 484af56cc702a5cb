//! The rules: which requests share a cached answer, and what ends it.

use std::fmt::Write;

/// Parameters that say where a reader came from and change nothing of the answer.
const IGNORED: [&str; 3] = ["utm_", "fbclid", "gclid"];

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It is no name of the domain name system.
    #[error("the host must be a name such as img.example.org, without a port")]
    Host,
    /// Content would travel unprotected, or from nowhere.
    #[error("the upstream must be an https URL without a query")]
    Upstream,
    /// It is part of a key, so it is short and plain.
    #[error("a tag must have 1 to 50 of a-z, 0-9 and -")]
    Tag,
    /// It is no path.
    #[error("the path must begin with / and have at most 2000 characters")]
    Path,
}

/// The one spelling of a host.
pub fn host(text: &str) -> Result<String, Invalid> {
    let host = text.to_ascii_lowercase();
    let is_label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        plain && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    let valid = host.len() <= 253 && host.contains('.') && host.split('.').all(is_label);
    if valid { Ok(host) } else { Err(Invalid::Host) }
}

/// Checks where content comes from.
pub fn check_upstream(upstream: &str) -> Result<(), Invalid> {
    let rest = upstream.strip_prefix("https://").unwrap_or_default();
    let plain = !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control() || "?#@".contains(c));
    if plain { Ok(()) } else { Err(Invalid::Upstream) }
}

/// Checks a tag.
pub fn check_tag(tag: &str) -> Result<(), Invalid> {
    let plain = tag.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if plain && (1..=50).contains(&tag.len()) { Ok(()) } else { Err(Invalid::Tag) }
}

/// The key under which an answer is cached: the same for every order of the parameters, another after each purge.
///
/// ```
/// use cdn_service::domain::cache_key;
///
/// let key = cache_key("img.example.org", "/a.png?w=2&utm_source=mail&h=1", "photos", 3);
/// assert_eq!(key.as_deref(), Ok("img.example.org/a.png?h=1&w=2#photos.3"));
/// ```
pub fn cache_key(host: &str, path: &str, tag: &str, version: u64) -> Result<String, Invalid> {
    if !path.starts_with('/') || path.chars().count() > 2000 {
        return Err(Invalid::Path);
    }
    // A fragment never reaches a server; here it would forge the tag.
    let path = path.split('#').next().unwrap_or_default();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let is_ignored = |parameter: &&str| IGNORED.iter().any(|ignored| parameter.starts_with(ignored));
    let mut parameters: Vec<&str> = query.split('&').filter(|text| !text.is_empty() && !is_ignored(text)).collect();
    parameters.sort_unstable();
    let mut key = format!("{host}{path}");
    for (number, parameter) in parameters.iter().enumerate() {
        let separator = if number == 0 { '?' } else { '&' };
        write!(key, "{separator}{parameter}").expect("a string takes all that is written");
    }
    write!(key, "#{tag}.{version}").expect("a string takes all that is written");
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        assert_eq!(host("IMG.Example.org"), Ok("img.example.org".to_owned()));
        for wrong in ["", "localhost", "a..b", "-a.b", "a-.b", "a.b:80", "a b.c", &format!("{}.b", "a".repeat(64))] {
            assert_eq!(host(wrong), Err(Invalid::Host), "{wrong}");
        }
    }

    #[test]
    fn upstreams_and_tags() {
        assert_eq!(check_upstream("https://origin.example.org/files"), Ok(()));
        for wrong in ["", "https://", "http://a.b", "https://a.b?x", "https://user@a.b"] {
            assert_eq!(check_upstream(wrong), Err(Invalid::Upstream), "{wrong}");
        }
        assert_eq!(check_tag("photos-2"), Ok(()));
        for wrong in ["", "Photos", "a b", "a.1", &"a".repeat(51)] {
            assert_eq!(check_tag(wrong), Err(Invalid::Tag), "{wrong}");
        }
    }

    #[test]
    fn keys() {
        assert_eq!(cache_key("h", "/", "t", 0), Ok("h/#t.0".to_owned()));
        assert_eq!(cache_key("h", "/?&gclid=1", "t", 0), Ok("h/#t.0".to_owned()));
        assert_eq!(cache_key("h", "/a#other.9", "t", 0), Ok("h/a#t.0".to_owned()));
        assert_eq!(cache_key("h", "a", "t", 0), Err(Invalid::Path));
    }
}
