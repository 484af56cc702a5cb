//! The rules: what a content is called, and which kinds are taken.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The largest content, in bytes.
pub const LARGEST: usize = 512 * 1024;
/// How long a ticket for an upload is valid, in seconds.
pub const TICKET_S: u64 = 10 * 60;

/// Why an upload is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing, or too much.
    #[error("the content must have 1 to {LARGEST} bytes")]
    Size,
    /// Its first bytes are of no kind that is taken, whatever its name or header says.
    #[error("the content must be a PNG, JPEG, GIF, WebP or PDF")]
    Kind,
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
    const SIGNATURES: [(&[u8], &str); 5] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
    ];
    if !(1..=LARGEST).contains(&content.len()) {
        return Err(Invalid::Size);
    }
    // WebP has its length between the two parts of its signature.
    if content.starts_with(b"RIFF") && content.get(8..12) == Some(b"WEBP") {
        return Ok("image/webp");
    }
    let known = SIGNATURES.iter().find(|(signature, _)| content.starts_with(signature));
    known.map(|(_, media_type)| *media_type).ok_or(Invalid::Kind)
}

/// The SHA-256 of a content, in 64 hexadecimal digits.
pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::with_capacity(64), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a string takes all that is written");
        digits
    })
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
        assert_eq!(media_type(b"RIFF\x04\0\0\0WAVE"), Err(Invalid::Kind));
        assert_eq!(media_type(b"RIFF"), Err(Invalid::Kind));
    }

    #[test]
    fn sizes() {
        assert_eq!(media_type(b""), Err(Invalid::Size));
        assert_eq!(media_type(&vec![0; LARGEST + 1]), Err(Invalid::Size));
    }

    #[test]
    fn the_digest_is_the_standard_one() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
