//! The one call of AWS's API that `aws eks update-kubeconfig` makes, so that the real one can point at this server.

use super::Answer;
use crate::request::Request;
use crate::state::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// `DescribeCluster`: any name is this cluster. `None` when something else was asked.
pub fn describe(state: &State, request: &Request) -> Option<Answer> {
    let name = request.path.strip_prefix("/clusters/").filter(|name| !name.contains('/'))?;
    let authority = STANDARD.encode(&state.authority);
    let cluster = json!({
        "name": name, "arn": format!("arn:aws:eks:eu-central-1:123456789012:cluster/{name}"), "status": "ACTIVE",
        "version": "1.32", "endpoint": state.endpoint, "certificateAuthority": { "data": authority },
    });
    Some(Answer::Object(200, json!({ "cluster": cluster }), Vec::new()))
}
