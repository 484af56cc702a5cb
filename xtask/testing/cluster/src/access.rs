//! Who is asking, and what they may do.

use crate::objects::kinds::{RESOURCES, Resource};
use serde_json::{Value, json};

/// Somebody who may ask.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// As error texts and `kubectl auth whoami` say it.
    pub name: String,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq)]
struct Rule {
    verbs: Vec<String>,
    resources: Vec<String>,
    namespace: String,
}

/// The table of tokens and users.
#[derive(Debug, Default)]
pub struct Access {
    tokens: Vec<(String, User)>,
}

impl User {
    /// Somebody who may do nothing yet.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), rules: Vec::new() }
    }

    /// Somebody who may do everything.
    pub fn admin(name: &str) -> Self {
        Self::new(name).may(&["*"], &["*"], "*")
    }

    /// Adds rights: verbs of RBAC, resources as in paths (`pods`, `pods/log`), a namespace; `*` stands for any.
    #[must_use]
    pub fn may(mut self, verbs: &[&str], resources: &[&str], namespace: &str) -> Self {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        self.rules.push(Rule { verbs: own(verbs), resources: own(resources), namespace: namespace.to_owned() });
        self
    }

    /// Whether some rule allows it.
    pub fn can(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        let has = |words: &[String], word: &str| words.iter().any(|other| other == "*" || other == word);
        self.rules.iter().any(|rule| {
            has(&rule.verbs, verb)
                && has(&rule.resources, resource)
                && (rule.namespace == "*" || rule.namespace == namespace)
        })
    }

    /// Why not, in the words of the real server.
    pub fn denial(&self, verb: &str, resource: &Resource, resource_name: &str, namespace: &str) -> String {
        let place = if namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace \"{namespace}\"")
        };
        let (who, group) = (&self.name, resource.group);
        format!("User \"{who}\" cannot {verb} resource \"{resource_name}\" in API group \"{group}\" {place}")
    }

    /// The rules for a namespace, as `kubectl auth can-i --list` wants them.
    pub fn rules(&self, namespace: &str) -> Vec<Value> {
        let here = self.rules.iter().filter(|rule| rule.namespace == "*" || rule.namespace == namespace);
        here.map(|rule| {
            let plural = |name: &String| name.split('/').next().unwrap_or_default().to_owned();
            let group = |name: &String| RESOURCES.iter().find(|other| other.plural == plural(name)).map(|r| r.group);
            let groups: Vec<&str> = rule.resources.iter().map(|name| group(name).unwrap_or("*")).collect();
            json!({ "verbs": rule.verbs, "apiGroups": groups, "resources": rule.resources })
        })
        .collect()
    }
}

impl Access {
    /// Gives a token to a user. A `*` at its end stands for any rest, as `aws eks get-token` makes a new one each time.
    pub fn grant(&mut self, token: &str, user: User) {
        self.tokens.retain(|(known, _)| known != token);
        self.tokens.push((token.to_owned(), user));
    }

    /// Makes a token worthless.
    pub fn revoke(&mut self, token: &str) {
        self.tokens.retain(|(known, _)| known != token);
    }

    /// Whose token it is.
    pub fn user(&self, token: &str) -> Option<&User> {
        let fits = |known: &str| known.strip_suffix('*').map_or(known == token, |start| token.starts_with(start));
        self.tokens.iter().find(|(known, _)| fits(known)).map(|(_, user)| user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::kinds::named;

    #[test]
    fn rules_are_of_verbs_resources_and_namespaces() {
        let user = User::new("jane").may(&["get", "list"], &["pods", "deployments"], "shop");
        assert!(user.can("get", "pods", "shop"));
        assert!(
            !user.can("delete", "pods", "shop") && !user.can("get", "pods", "") && !user.can("get", "pods/log", "shop")
        );
        assert!(User::admin("root").can("patch", "deployments/scale", "anywhere"));
        let why = user.denial("patch", named("deployments"), "deployments", "shop");
        assert_eq!(
            why,
            r#"User "jane" cannot patch resource "deployments" in API group "apps" in the namespace "shop""#
        );
    }

    #[test]
    fn tokens_are_known_whole_or_by_their_start() {
        let mut access = Access::default();
        access.grant("k8s-aws-v1.*", User::new("aws"));
        access.grant("secret", User::new("jane"));
        let name = |token: &str| access.user(token).map(|user| user.name.clone());
        assert_eq!(name("k8s-aws-v1.abc").as_deref(), Some("aws"));
        assert_eq!((name("secret").as_deref(), name("secrets"), name("")), (Some("jane"), None, None));
    }
}
