//! Questions about oneself: `kubectl auth can-i`, `can-i --list` and `whoami`.

use super::Answer;
use crate::access::User;
use crate::objects::json::text;
use crate::request::{Request, Target};
use crate::status::Failure;
use serde_json::json;

/// Answers from the user's rules.
pub fn handle(user: &User, target: &Target, request: &Request) -> Result<Answer, Failure> {
    let mut review = request.json().map_err(Failure::bad_request)?.unwrap_or_default();
    review["status"] = match target.resource.kind {
        "SelfSubjectReview" => json!({ "userInfo": { "username": user.name, "groups": ["system:authenticated"] } }),
        "SelfSubjectRulesReview" => {
            let rules = user.rules(text(&review, "/spec/namespace"));
            json!({ "resourceRules": rules, "nonResourceRules": [], "incomplete": false })
        }
        _ => {
            let asked = |field: &str| text(&review, &format!("/spec/resourceAttributes/{field}")).to_owned();
            let resource = match asked("subresource").as_str() {
                "" => asked("resource"),
                subresource => format!("{}/{subresource}", asked("resource")),
            };
            let allowed = match text(&review, "/spec/nonResourceAttributes/verb") {
                "" => user.can(&asked("verb"), &resource, &asked("namespace")),
                // Discovery, versions and probes are for everybody who is known.
                verb => verb == "get",
            };
            json!({ "allowed": allowed })
        }
    };
    Ok(Answer::Object(201, review, Vec::new()))
}
