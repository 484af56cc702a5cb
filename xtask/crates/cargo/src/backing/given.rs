//! A server that is already running: its URL is in the environment.
//!
//! Setting the variable is deliberate: a URL that does not work is an error, never a reason to fall back.

use super::Up;
use super::client::{Client, Within};
use super::context::Context;
use super::place::Place;
use super::ready::{self, Unusable};
use super::spec::ServerSpec;
use super::url::Url;
use std::time::Duration;
use xtask_core::error::{Error, Result};
use xtask_process::process::awake;

/// How long an already running server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The server that the variable points to; `None` when it is unset or empty.
pub(super) fn bring_up(context: &Context, spec: &ServerSpec) -> Result<Option<Up>> {
    let env = &spec.env;
    let Some(text) = context.request.given.get(env).filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let scheme = spec.url.start().split("://").next().unwrap_or_default();
    // A URL that does not parse is not shown either: any part of it may be the password.
    let url = Url::parse(text).filter(|url| url.scheme().starts_with(scheme)).ok_or_else(|| {
        Error::environment(format!("use the {} that {env} gives", spec.title))
            .detail(format!("its value is not of the form {scheme}://user:password@host:port"))
            .hint(format!("correct {env}, or unset it to have xtask start {} itself", spec.title))
    })?;
    let wrong = |why: &str| {
        Error::environment(format!("use the {} that {env} gives, {url}", spec.title))
            .detail(why)
            .hint(format!("start that server, correct {env}, or unset it to have xtask start one itself"))
    };
    let place = Place::given(spec, &url).ok_or_else(|| wrong("it names no port"))?;
    let client = Client { outside: place, within: Within::Machine(None) };
    let deadline = awake() + PATIENCE.min(context.request.limit);
    match ready::wait(context, spec, &client, deadline, || Ok(None))? {
        Ok(()) => {
            let description = format!("{} at {}, given by {env}", spec.title, client.outside.address());
            Ok(Some(Up::new(spec, client, super::Running::Given, description)))
        }
        Err(Unusable::Ended(why) | Unusable::Late(why)) => Err(wrong(&client.outside.hide(&why))),
    }
}
