//! What goes wrong, as the `Status` objects of the real server: kubectl prints their messages.

use crate::objects::kinds::Resource;
use crate::objects::validate::Problem;
use serde_json::{Value, json};

/// An answer that says why not.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The HTTP status.
    pub code: u16,
    /// The `Status` object.
    pub body: Value,
    /// The header `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
}

impl Failure {
    /// A status with this reason.
    pub fn new(code: u16, reason: &str, message: impl Into<String>) -> Self {
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message.into(), "reason": reason, "code": code,
        });
        Self { code, body, retry_after: None }
    }

    fn about(mut self, resource: &Resource, name: &str) -> Self {
        self.body["details"] = json!({ "name": name, "group": resource.group, "kind": resource.plural });
        self
    }

    /// A status that a script asks for, with the reason and a message like the real ones.
    pub fn scripted(code: u16, retry_after: Option<u64>) -> Self {
        let (reason, message) = match code {
            400 => ("BadRequest", "the server rejected our request for an unknown reason"),
            401 => ("Unauthorized", "Unauthorized"),
            403 => ("Forbidden", "forbidden: a scripted answer"),
            404 => ("NotFound", "the server could not find the requested resource"),
            409 => ("Conflict", "the server reported a conflict"),
            410 => ("Expired", "the provided resource version is too old"),
            429 => ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => ("Timeout", "request did not complete within the allotted timeout"),
            _ => ("InternalError", "an error on the server has prevented the request from succeeding"),
        };
        let mut failure = Self::new(code, reason, message);
        if let Some(seconds) = retry_after {
            failure.retry_after = Some(seconds);
            failure.body["details"] = json!({ "retryAfterSeconds": seconds });
        }
        failure
    }

    /// 401
    pub fn unauthorized() -> Self {
        Self::scripted(401, None)
    }

    /// 403
    pub fn forbidden(resource: &Resource, name: &str, why: &str) -> Self {
        let quoted = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
        let message = format!("{}{quoted} is forbidden: {why}", resource.qualified());
        Self::new(403, "Forbidden", message).about(resource, name)
    }

    /// 404 for an object.
    pub fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Self::new(404, "NotFound", message).about(resource, name)
    }

    /// 404 for a path.
    pub fn no_such_path() -> Self {
        Self::scripted(404, None)
    }

    /// 405
    pub fn method_not_allowed() -> Self {
        Self::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
    }

    /// 409: it is there already.
    pub fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Self::new(409, "AlreadyExists", message).about(resource, name)
    }

    /// 409: it is not the version that the writer has seen.
    pub fn modified(resource: &Resource, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, why)
    }

    /// 409
    pub fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.qualified());
        Self::new(409, "Conflict", message).about(resource, name)
    }

    /// 410: the revision is forgotten.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 400
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 503
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(503, "ServiceUnavailable", message)
    }

    /// 422: all that is wrong with an object.
    pub fn invalid(resource: &Resource, name: &str, problems: &[Problem]) -> Self {
        let causes: Vec<(String, String, &str)> = problems.iter().filter_map(cause).collect();
        let all: Vec<String> = causes.iter().map(|(field, message, _)| format!("{field}: {message}")).collect();
        let all = if let [one] = all.as_slice() { one.clone() } else { format!("[{}]", all.join(", ")) };
        let group = if resource.group.is_empty() { String::new() } else { format!(".{}", resource.group) };
        let mut failure = Self::new(422, "Invalid", format!("{}{group} \"{name}\" is invalid: {all}", resource.kind));
        let causes: Vec<Value> = causes
            .iter()
            .map(|(field, message, reason)| json!({ "field": field, "message": message, "reason": reason }))
            .collect();
        failure.body["details"] =
            json!({ "name": name, "group": resource.group, "kind": resource.kind, "causes": causes });
        failure
    }
}

fn cause(problem: &Problem) -> Option<(String, String, &'static str)> {
    match problem {
        Problem::Missing(field) => Some((field.clone(), "Required value".into(), "FieldValueRequired")),
        Problem::Invalid(field, value, why) => {
            let value = if value.starts_with('{') { value.clone() } else { format!("{value:?}") };
            Some((field.clone(), format!("Invalid value: {value}: {why}"), "FieldValueInvalid"))
        }
        Problem::Unknown(_) | Problem::Type(..) => None,
    }
}
