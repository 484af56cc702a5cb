//! Services that are pushed to a registry, and the login for it.

use crate::support::advisories::advisory;
use crate::support::sandbox::Sandbox;
use std::fs;
use std::path::{Path, PathBuf};

pub const SHOP: &str = "shop:$2b$04$f3QQ2pFlzuwwzh6U9Y0RluSjfBg0dhjOz0zKFXH1geN6s9GnOYOfi\n";
/// What `SHOP` was made of.
pub const PASSWORD: &str = "correct-horse-battery";

/// What every push here has: certificates whatever the machine has, and an advisory database that knows nothing of it.
pub const CONFIG: &str =
    "\n[workspace.metadata.xtask]\nimage.ca-bundle = \"ca.pem\"\naudit.advisory-db = \"advisories\"\n";

/// Two services as a commit of the branch `main`.
pub fn to_push() -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service", "b-service"]);
    sandbox.append("Cargo.toml", CONFIG);
    commit(sandbox, "another-crate")
}

/// Builds what there is, which makes the lock file, and commits it; something is known about `krate`.
pub fn commit(sandbox: Sandbox, krate: &str) -> Sandbox {
    sandbox.file("ca.pem", "-----BEGIN CERTIFICATE-----\n");
    advisory(&sandbox, krate);
    sandbox.run(&["build"]).exits(0);
    sandbox.commit();
    sandbox
}

/// Whether a text holds the password, as it is or as a login's file has it: `shop:correct-horse-battery` in Base64.
pub fn holds_the_login(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    [PASSWORD, "c2hvcDpjb3JyZWN0LWhvcnNlLWJhdHRlcnk"].iter().any(|secret| text.contains(secret))
}

/// Every file beneath a directory with its content.
pub fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(directory).expect("it is a directory").map(|entry| entry.expect("an entry").path());
    let found = entries.flat_map(|path| {
        if path.is_dir() { files(&path) } else { vec![(path.clone(), fs::read(&path).expect("a file"))] }
    });
    found.collect()
}
