//! The CA certificates that a program in an image trusts.

use std::path::{Path, PathBuf};
use xtask_core::error::{Error, Result};

/// Their path in an image: Debian's, where every TLS library looks.
pub(super) const IN_IMAGES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Their paths on build machines: Debian and Alpine, Fedora, SUSE, macOS.
const ON_MACHINES: [&str; 4] =
    [IN_IMAGES, "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"];

/// The configured bundle, or the build machine's below `root`.
pub(super) fn read(configured: Option<&Path>, root: &Path) -> Result<Vec<u8>> {
    let places = ON_MACHINES.iter().map(|place| root.join(place.trim_start_matches('/')));
    let found = configured.map(Path::to_owned).or_else(|| places.into_iter().find(|place| place.is_file()));
    let path: PathBuf = found.ok_or_else(|| {
        Error::environment("find the CA certificates for the images")
            .detail(format!("none of {} exists", ON_MACHINES.join(", ")))
            .hint("install the package `ca-certificates`, or set `[workspace.metadata.xtask.image] ca-bundle`")
    })?;
    let bytes = std::fs::read(&path).map_err(|error| {
        Error::environment(format!("read the certificates {}", path.display()))
            .because(error)
            .hint("check `[workspace.metadata.xtask.image] ca-bundle`")
    })?;
    if !bytes.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----") {
        return Err(Error::environment(format!("read the certificates {}", path.display()))
            .detail("there is no certificate in it")
            .hint("the bundle must be in the PEM format"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_certificates_is_told_what_to_do() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let error = read(None, root.path()).expect_err("there are none").to_string();
        assert!(error.contains("ca-certificates"), "{error}");
        let etc = root.path().join("etc/ssl");
        std::fs::create_dir_all(&etc).expect("the directory can be written to");
        std::fs::write(etc.join("cert.pem"), "-----BEGIN CERTIFICATE-----\n").expect("the directory can be written to");
        read(None, root.path()).expect("they are found");
        std::fs::write(etc.join("cert.pem"), "").expect("the directory can be written to");
        let error = read(None, root.path()).expect_err("it is empty").to_string();
        assert!(error.contains("no certificate in it"), "{error}");
        read(Some(&etc.join("other.pem")), root.path()).expect_err("what is configured is meant");
    }
}
