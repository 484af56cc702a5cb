//! What the server answers: a request and the state in, an answer out. Nothing here waits or knows HTTP's wire.

mod admit;
mod apply;
mod delete;
mod discovery;
mod eks;
mod openapi;
mod pods;
mod read;
mod reviews;
mod scale;
pub mod watch;
mod write;

use crate::request::{Request, Target};
use crate::state::State;
use crate::status::Failure;
use serde_json::Value;
use watch::Watch;

/// A good answer.
#[derive(Debug)]
pub enum Answer {
    /// A status and an object, with warnings for the user.
    Object(u16, Value, Vec<String>),
    /// A status, a media type and a body.
    Raw(u16, &'static str, Vec<u8>),
    /// Changes as they come.
    Watch(Watch),
}

impl Answer {
    fn ok(object: Value) -> Self {
        Self::Object(200, object, Vec::new())
    }

    fn text(body: &str) -> Self {
        Self::Raw(200, "text/plain", body.as_bytes().to_vec())
    }
}

/// Answers a request of the user with that token.
pub fn handle(state: &mut State, request: &Request, target: Option<&Target>) -> Result<Answer, Failure> {
    if let Some(answer) = eks::describe(state, request) {
        return Ok(answer);
    }
    let user = state.access.user(&request.token).cloned().ok_or_else(Failure::unauthorized)?;
    let Some(target) = target else {
        return discovery::handle(request);
    };
    let verb = request.verb(Some(target));
    if target.resource.is_review() {
        return reviews::handle(&user, target, request);
    }
    // A namespace is asked about within itself.
    let namespace = if target.resource.kind == "Namespace" { &target.name } else { &target.namespace };
    if !user.can(verb, &target.resource_name(), namespace) {
        let why = user.denial(verb, target.resource, &target.resource_name(), namespace);
        return Err(Failure::forbidden(target.resource, &target.name, &why));
    }
    let known = target.subresource.is_empty() || target.resource.subresources.contains(&target.subresource.as_str());
    if !known {
        return Err(Failure::no_such_path());
    }
    match (target.subresource.as_str(), verb) {
        ("log", "get") => pods::log(state, target, request),
        ("proxy", "get") => pods::proxy(state, target),
        ("log" | "proxy", _) => Err(Failure::method_not_allowed()),
        ("scale", _) => scale::handle(state, target, request, verb),
        (_, "get") => read::get(state, target, request),
        (_, "list") => read::list(state, target, request),
        (_, "watch") => Watch::start(state, target, request).map(Answer::Watch),
        (_, verb) if !target.resource.verbs().contains(&verb) => Err(Failure::method_not_allowed()),
        (_, "create") => write::create(state, target, request),
        (_, "update") => write::update(state, target, request),
        (_, "patch") => write::patch(state, target, request),
        (_, "delete") => delete::delete(state, target, request),
        _ => delete::delete_collection(state, target, request),
    }
}
