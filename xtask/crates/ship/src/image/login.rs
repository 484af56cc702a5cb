//! Logging in to a registry, with what the variables or Amazon give.

use super::skopeo::Skopeo;
use std::path::Path;
use xtask_core::error::{Error, Result};
use xtask_core::registry::{Credentials, Login, PASSWORD, Registry, USER};

/// The name that Amazon's registry wants with a token.
const AMAZON: &str = "AWS";

/// Logs in to `registry`, and keeps the login in `file`, which must exist. Returns the user's name.
pub fn log_in(
    registry: &Registry,
    by: Login,
    credentials: Option<&Credentials>,
    file: &Path,
    skopeo: &Skopeo,
) -> Result<String> {
    let host = registry.host();
    let (user, password) = match (by, credentials) {
        (Login::Ecr, _) => (AMAZON, skopeo.ecr_password(registry.region())?),
        (_, Some(Credentials { user, password })) => (user.as_str(), password.as_bytes().to_vec()),
        (_, None) => {
            return Err(Error::environment(format!("log in to {host}: the user or the password is missing"))
                .hint(format!("set {USER} and {PASSWORD}")));
        }
    };
    skopeo.log_in(host, user, &password, file)?;
    Ok(user.to_owned())
}
