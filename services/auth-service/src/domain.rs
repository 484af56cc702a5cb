//! The rules: what an address and a password must be, when guessing ends, and how long a session lasts.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

/// Failed logins of one address before it has to wait.
pub const FAILURES_ALLOWED: u64 = 5;
/// How long it has to wait, in seconds from the first failure.
pub const FAILURES_KEPT_S: u64 = 15 * 60;
/// How long a session lasts, in seconds.
pub const SESSION_S: u64 = 24 * 60 * 60;

/// Why a registration is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It has no form of an address.
    #[error("the email must look like name@example.org and have at most 254 characters")]
    Email,
    /// Too short to be safe, or so long that hashing it would be an attack.
    #[error("the password must have 12 to 128 characters")]
    Password,
}

/// The one spelling of an address under which its account is kept.
///
/// ```
/// use auth_service::domain::{Invalid, email};
///
/// assert_eq!(email(" Ada@Example.org ").as_deref(), Ok("ada@example.org"));
/// assert_eq!(email("ada"), Err(Invalid::Email));
/// ```
pub fn email(text: &str) -> Result<String, Invalid> {
    let email = text.trim().to_lowercase();
    let plain = !email.contains(|c: char| c.is_whitespace() || c.is_control());
    match email.split_once('@') {
        Some((name, host)) if plain && !name.is_empty() && is_host(host) && email.chars().count() <= 254 => Ok(email),
        _ => Err(Invalid::Email),
    }
}

fn is_host(host: &str) -> bool {
    host.contains('.') && !host.contains('@') && host.split('.').all(|label| !label.is_empty())
}

/// Whether a password may be chosen.
pub fn check_password(password: &str) -> Result<(), Invalid> {
    if (12..=128).contains(&password.chars().count()) { Ok(()) } else { Err(Invalid::Password) }
}

/// The PHC string of argon2id with a fresh salt. Slow on purpose: keep it off the threads that answer requests.
///
/// # Panics
///
/// When the system gives no random numbers.
pub fn hash(password: &str) -> String {
    Argon2::default().hash_password(password.as_bytes()).expect("the system gives random numbers").to_string()
}

/// Whether `password` is the one behind `hash`. Without a hash (no such account) it is false after the same time.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    // A valid hash that no password has: its check takes as long as any other, and so tells nobody which accounts exist.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODY));
    parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok()) && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for wrong in ["", "@", "a@", "@b.c", "a@b", "a@b..c", "a b@c.d", "a@b@c.d", &format!("{}@b.c", "a".repeat(254))]
        {
            assert_eq!(email(wrong), Err(Invalid::Email), "{wrong}");
        }
    }

    #[test]
    fn passwords_are_counted_in_characters() {
        assert_eq!(check_password("ä".repeat(11).as_str()), Err(Invalid::Password));
        assert_eq!(check_password("ä".repeat(12).as_str()), Ok(()));
        assert_eq!(check_password("ä".repeat(129).as_str()), Err(Invalid::Password));
    }

    #[test]
    fn only_the_right_password_verifies_and_nobody_has_none() {
        let hash = hash("correct horse battery");
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify("correct horse battery", Some(&hash)));
        assert!(!verify("wrong horse battery", Some(&hash)));
        assert!(!verify("correct horse battery", None));
    }
}
