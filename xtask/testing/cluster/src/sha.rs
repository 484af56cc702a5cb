//! The hash that names things: images, revisions of pods, uids.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of some bytes in hexadecimal.
pub fn hex(of: impl AsRef<[u8]>) -> String {
    Sha256::digest(of).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
