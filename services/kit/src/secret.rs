//! Secrets: made by the system, kept as digests, compared in constant time.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// 64 hexadecimal digits that nobody can guess: 256 bits from the system.
///
/// # Panics
///
/// When the system gives no random numbers.
pub fn token() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    hex(&bytes)
}

/// SHA-256 in hexadecimal: what is stored of a token, which is random and so needs neither salt nor time, and the name
/// of a content.
///
/// ```
/// let stored = kit::secret::digest("abc");
/// assert!(stored.starts_with("ba7816bf") && stored.len() == 64);
/// ```
pub fn digest(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes))
}

/// HMAC-SHA-256 of a message in hexadecimal.
///
/// # Panics
///
/// Never: HMAC takes keys of every length.
pub fn sign(key: &[u8], message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(message.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// Whether two texts are the same, in a time that tells nothing about where they differ.
///
/// ```
/// assert!(kit::secret::equal("abc", "abc") && !kit::secret::equal("abc", "abd"));
/// ```
pub fn equal(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all that is written");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_do_not_come_twice() {
        let (one, other) = (token(), token());
        assert_eq!(one.len(), 64);
        assert_ne!(one, other);
        assert!(!equal(&digest(&one), &digest(&other)));
    }

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // RFC 4231, test case 2.
        let signature = sign(b"Jefe", "what do ya want for nothing?");
        assert_eq!(signature, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
