//! What a request asks for, read from its method, path and query. It knows nothing of HTTP's wire and of storage.

use crate::objects::kinds::{self, Resource};
use crate::objects::protobuf;
use serde_json::Value;
use std::collections::BTreeMap;

/// A request.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, decoded.
    pub path: String,
    /// The query's parameters, decoded; of several with one name the last.
    pub query: BTreeMap<String, String>,
    /// The header `Accept`.
    pub accept: String,
    /// The header `Content-Type`.
    pub content_type: String,
    /// The header `User-Agent`.
    pub user_agent: String,
    /// The bearer token.
    pub token: String,
    /// The body.
    pub body: Vec<u8>,
}

/// The resource, object or subresource that a path names.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The resource.
    pub resource: &'static Resource,
    /// Empty for all namespaces and for what lies in none.
    pub namespace: String,
    /// Empty for the collection.
    pub name: String,
    /// `status`, `scale`, `log`, `proxy`, or empty.
    pub subresource: String,
    /// What follows the subresource: the path of a proxied request, with its `/`.
    pub rest: String,
}

impl Request {
    /// A request line; headers and body follow as fields.
    pub fn new(method: &str, path_and_query: &str) -> Self {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let query = pairs.map(|(name, value)| (decode(name), decode(&value.replace('+', " ")))).collect();
        Self { method: method.to_owned(), path: decode(path), query, ..Self::default() }
    }

    /// A parameter of the query, or an empty text.
    pub fn param(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// Whether a parameter is given and true.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.param(name), "true" | "1")
    }

    /// Whether nothing shall be stored.
    pub fn is_dry_run(&self) -> bool {
        // A deletion has its options in its body.
        let options = || self.json().ok().flatten().unwrap_or_default();
        self.param("dryRun") == "All" || (self.method == "DELETE" && options()["dryRun"][0] == "All")
    }

    /// Whether the answer shall be a `Table`.
    pub fn wants_table(&self) -> bool {
        self.accept.split(',').next().is_some_and(|first| first.contains("as=Table"))
    }

    /// The body's object; `None` when there is no body.
    pub fn json(&self) -> Result<Option<Value>, String> {
        if self.body.is_empty() {
            return Ok(None);
        }
        let object = protobuf::decode(&self.body)
            .unwrap_or_else(|| serde_json::from_slice(&self.body).map_err(|error| error.to_string()));
        object.map(Some).map_err(|why| format!("the object provided is unrecognized ({}): {why}", self.content_type))
    }

    /// What it asks for in the words of RBAC.
    pub fn verb(&self, target: Option<&Target>) -> &'static str {
        let named = target.is_some_and(|target| !target.name.is_empty());
        let proxied = target.is_some_and(|target| target.subresource == "proxy");
        match self.method.as_str() {
            "GET" if target.is_none() || proxied => "get",
            "GET" if self.flag("watch") => "watch",
            "GET" if named => "get",
            "GET" => "list",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" if named => "delete",
            "DELETE" => "deletecollection",
            _ => "get",
        }
    }

    /// What its path names, if it names a resource of this server.
    pub fn target(&self) -> Option<Target> {
        let segments: Vec<&str> = self.path.trim_matches('/').split('/').collect();
        let (group, version, rest) = match segments.as_slice() {
            ["api", version, rest @ ..] => ("", version, rest),
            ["apis", group, version, rest @ ..] => (*group, version, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if kinds::find(group, rest.first().unwrap_or(&"")).is_some() => {
                (*namespace, rest)
            }
            _ => ("", rest),
        };
        let (plural, rest) = rest.split_first()?;
        let resource = kinds::find(group, plural).filter(|resource| resource.version == *version)?;
        let text = |at: usize| rest.get(at).copied().unwrap_or_default().to_owned();
        let below = rest.get(2..).unwrap_or_default().join("/");
        Some(Target {
            resource,
            namespace: namespace.to_owned(),
            name: text(0),
            subresource: text(1),
            rest: format!("/{below}"),
        })
    }
}

impl Target {
    /// The resource with its subresource, as RBAC names it: `pods/log`.
    pub fn resource_name(&self) -> String {
        let plural = self.resource.plural;
        if self.subresource.is_empty() { plural.to_owned() } else { format!("{plural}/{}", self.subresource) }
    }
}

/// Undoes `%XX`.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], code) {
            (b'%', Some(code)) => {
                decoded.push(code);
                at += 3;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(line: &str, verb: &str, wanted: Option<(&str, &str, &str, &str, &str)>) {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let request = Request::new(method, path);
        let target = request.target();
        let found = target.as_ref().map(|target| {
            let Target { resource, namespace, name, subresource, rest } = target;
            (resource.plural, namespace.as_str(), name.as_str(), subresource.as_str(), rest.as_str())
        });
        assert_eq!((request.verb(target.as_ref()), found), (verb, wanted), "{line}");
    }

    #[test]
    fn paths_name_their_targets() {
        case("GET /api/v1/namespaces/x", "get", Some(("namespaces", "", "x", "", "/")));
        case("GET /api/v1/namespaces/x/pods?watch=true", "watch", Some(("pods", "x", "", "", "/")));
        case("POST /apis/apps/v1/namespaces/x/deployments", "create", Some(("deployments", "x", "", "", "/")));
        case("GET /api/v1/pods?limit=500", "list", Some(("pods", "", "", "", "/")));
        let proxied = Some(("services", "x", "y:80", "proxy", "/a/b"));
        case("GET /api/v1/namespaces/x/services/y:80/proxy/a/b", "get", proxied);
        case("PATCH /api/v1/namespaces/x/status", "patch", Some(("namespaces", "", "x", "status", "/")));
        case("GET /apis/apps/v1", "get", None);
        case("GET /apis/apps/v2/deployments", "get", None);
    }

    #[test]
    fn dry_runs_are_told_in_the_query_or_in_the_options_of_a_deletion() {
        let body = br#"{"dryRun":["All"]}"#.to_vec();
        let with = |method: &str, body: &[u8]| {
            Request { body: body.to_vec(), ..Request::new(method, "/api/v1/namespaces/x/pods/a") }.is_dry_run()
        };
        assert!(Request::new("PATCH", "/api/v1/namespaces/x/pods/a?dryRun=All").is_dry_run());
        assert!(with("DELETE", &body) && !with("DELETE", b"") && !with("PUT", &body));
    }

    #[test]
    fn queries_are_decoded() {
        let request = Request::new("GET", "/api/v1/pods?labelSelector=app%3Dweb%2Ctier+in+(a)&limit=5");
        assert_eq!((request.param("labelSelector"), request.param("limit")), ("app=web,tier in (a)", "5"));
    }
}
