//! The rules: which contents are taken, how browsers show them, and when a reader has one already.

/// The largest content, in bytes.
pub const LARGEST: usize = 512 * 1024;
/// How long a ticket for an upload is valid, in seconds.
pub const TICKET_S: u64 = 10 * 60;

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It is nobody's number.
    #[error("the owner must be a number from 1")]
    Owner,
    /// There is none.
    #[error("the content is empty")]
    Empty,
    /// More than is taken.
    #[error("the content must have at most {LARGEST} bytes")]
    Size,
    /// Its first bytes are of no kind that is taken, whatever its name or header says.
    #[error("the content must be a PNG, JPEG, GIF, WebP or PDF")]
    Kind,
}

/// Checks whose upload it is.
pub fn check_owner(owner: i64) -> Result<(), Invalid> {
    if owner >= 1 { Ok(()) } else { Err(Invalid::Owner) }
}

/// The media type of a content, seen from its first bytes and from nothing that the sender says.
///
/// ```
/// use media_service::domain::{Invalid, media_type};
///
/// assert_eq!(media_type(b"%PDF-1.7 ..."), Ok("application/pdf"));
/// assert_eq!(media_type(b"<script>"), Err(Invalid::Kind));
/// ```
pub fn media_type(content: &[u8]) -> Result<&'static str, Invalid> {
    // The whole signatures of the standards: crates that know hundreds of kinds are content with three bytes of a GIF.
    const SIGNATURES: [(&[u8], &str); 5] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
    ];
    if content.is_empty() {
        return Err(Invalid::Empty);
    }
    if content.len() > LARGEST {
        return Err(Invalid::Size);
    }
    // WebP has its length between the two parts of its signature.
    if content.starts_with(b"RIFF") && content.get(8..12) == Some(b"WEBP") {
        return Ok("image/webp");
    }
    let known = SIGNATURES.iter().find(|(signature, _)| content.starts_with(signature));
    known.map(|(_, media_type)| *media_type).ok_or(Invalid::Kind)
}

/// What `content-disposition` says: images are shown, and what a browser could execute (a PDF holds scripts) is saved.
///
/// ```
/// use media_service::domain::disposition;
///
/// assert_eq!((disposition("image/png"), disposition("application/pdf")), ("inline", "attachment"));
/// ```
pub fn disposition(media_type: &str) -> &'static str {
    if media_type.starts_with("image/") { "inline" } else { "attachment" }
}

/// The entity tag of a content: it never changes, so its SHA-256 names it.
pub fn etag(sha256: &str) -> String {
    format!("\"{sha256}\"")
}

/// Whether the header `if-none-match` says that the reader has the content with this tag (RFC 9110, 13.1.2).
///
/// ```
/// use media_service::domain::has_already;
///
/// assert!(has_already("\"a\", W/\"b\"", "\"b\"") && has_already("*", "\"b\""));
/// assert!(!has_already("\"a\"", "\"b\""));
/// ```
pub fn has_already(if_none_match: &str, etag: &str) -> bool {
    let tags = if_none_match.split(',').map(str::trim);
    tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag)).any(|tag| tag == "*" || tag == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_seen_from_the_content() {
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n..."), Ok("image/png"));
        assert_eq!(media_type(b"\xff\xd8\xff\xe0"), Ok("image/jpeg"));
        assert_eq!(media_type(b"GIF89a"), Ok("image/gif"));
        assert_eq!(media_type(b"RIFF\x04\0\0\0WEBP"), Ok("image/webp"));
        for other in [&b"RIFF\x04\0\0\0WAVE"[..], b"RIFF", b"GIF is a format", b"\x89PNG", b"<svg/>", b" %PDF-1.7"] {
            assert_eq!(media_type(other), Err(Invalid::Kind), "{other:?}");
        }
    }

    #[test]
    fn sizes() {
        let gif = |size| [&b"GIF89a"[..], &vec![0; size - 6]].concat();
        assert_eq!(media_type(b""), Err(Invalid::Empty));
        assert_eq!(media_type(&gif(LARGEST)), Ok("image/gif"));
        assert_eq!(media_type(&gif(LARGEST + 1)), Err(Invalid::Size));
    }

    #[test]
    fn only_the_whole_tag_is_the_tag() {
        let tag = etag("ab");
        assert_eq!(tag, "\"ab\"");
        for other in ["", "ab", "\"a\"", "\"abc\"", "W/ab", "w/\"ab\""] {
            assert!(!has_already(other, &tag), "{other}");
        }
    }
}
