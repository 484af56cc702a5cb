//! What a written object must be like before it is stored: of the right kind, decodable, valid, and complete.

use crate::objects::json::{child, name};
use crate::objects::schema::Type;
use crate::objects::validate::{Problem, check, fill_in};
use crate::request::{Request, Target};
use crate::status::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Checks an object, takes out what is unknown, and fills in what was not given. Returns warnings.
pub fn admit(target: &Target, object: &mut Value, request: &Request) -> Result<Vec<String>, Failure> {
    let resource = target.resource;
    for (field, wanted) in [("kind", resource.kind.to_owned()), ("apiVersion", resource.api_version())] {
        if !object[field].is_null() && object[field] != wanted {
            let given = &object[field];
            return Err(Failure::bad_request(format!("{field} {given} does not belong here, {wanted:?} does")));
        }
        object[field] = json!(wanted);
    }
    let kind = Type::of_kind(resource.kind);
    let problems = check(object, &kind);
    let undecodable = |why: String| {
        let (kind, version) = (resource.kind, resource.version);
        Failure::bad_request(format!("{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"))
    };
    if let Some(Problem::Type(field, found, wanted)) =
        problems.iter().find(|problem| matches!(problem, Problem::Type(..)))
    {
        let why =
            format!("json: cannot unmarshal {found} into Go struct field {}.{field} of type {wanted}", resource.kind);
        return Err(undecodable(why));
    }
    let unknown = problems.iter().filter_map(|problem| match problem {
        Problem::Unknown(field) => Some(format!("unknown field \"{field}\"")),
        _ => None,
    });
    let unknown: Vec<String> = unknown.collect();
    if request.param("fieldValidation") == "Strict" && !unknown.is_empty() {
        return Err(undecodable(format!("strict decoding error: {}", unknown.join(", "))));
    }
    if problems.iter().any(|problem| matches!(problem, Problem::Missing(_) | Problem::Invalid(..))) {
        return Err(Failure::invalid(resource, name(object), &problems));
    }
    if resource.kind == "Secret" {
        encode_texts(object);
    }
    fill_in(object, &kind);
    Ok(if request.param("fieldValidation") == "Ignore" { Vec::new() } else { unknown })
}

/// A Secret's texts become its data.
fn encode_texts(object: &mut Value) {
    let Some(Value::Object(texts)) = object.as_object_mut().and_then(|object| object.remove("stringData")) else {
        return;
    };
    for (key, value) in texts {
        let encoded = STANDARD.encode(value.as_str().unwrap_or_default());
        child(object, "data").insert(key, json!(encoded));
    }
}

/// What is applied must be typed through and through.
pub fn refuse_untyped(target: &Target, config: &mut Value, kind: &Type) -> Result<(), Failure> {
    let place = format!("{}/{}", target.namespace, target.name);
    let of = format!("{place}; {}, Kind={}", target.resource.api_version(), target.resource.kind);
    for problem in check(config, kind) {
        let why = match problem {
            Problem::Unknown(field) => format!(".{field}: field not declared in schema"),
            Problem::Type(field, found, wanted) => format!(".{field}: expected {wanted}, got {found}"),
            // Others may have given what is missing here: that is seen when all is merged.
            Problem::Missing(_) | Problem::Invalid(..) => continue,
        };
        return Err(Failure::new(500, "", format!("failed to create typed patch object ({of}): {why}")));
    }
    Ok(())
}
