//! Where a server is and who may use it: the values for the placeholders of its templates.

use super::spec::ServerSpec;
use super::template::Template;
use super::url::Url;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// The place of one server, as its clients see it. `Debug` hides the password.
#[derive(Clone)]
pub(super) struct Place {
    /// The host that clients connect to.
    pub(super) host: String,
    /// The port that clients connect to.
    pub(super) port: u16,
    /// The address that the server itself binds.
    pub(super) listen: &'static str,
    /// The directory that holds its files, as the server sees it.
    pub(super) dir: String,
    /// The user.
    pub(super) user: String,
    /// The password.
    pub(super) password: String,
    /// The database to connect to when creating others.
    pub(super) base: String,
    /// The URL that the environment set for it.
    pub(super) url: Option<Url>,
}

impl Place {
    /// A server of our own that listens on this machine's loopback.
    pub(super) fn local(spec: &ServerSpec, port: u16, dir: &Path, password: &str) -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port,
            listen: "127.0.0.1",
            dir: dir.to_string_lossy().into_owned(),
            user: spec.user.clone(),
            password: password.to_owned(),
            base: spec.base.clone(),
            url: None,
        }
    }

    /// A server in a container, seen from inside.
    pub(super) fn inside(spec: &ServerSpec, port: u16, dir: &str, password: &str) -> Self {
        Self { listen: "0.0.0.0", ..Self::local(spec, port, Path::new(dir), password) }
    }

    /// The server behind a given URL; `None` when its port is unknown.
    pub(super) fn given(spec: &ServerSpec, url: &Url) -> Option<Self> {
        let host = url.host();
        let base = url.database();
        Some(Self {
            host: if host.is_empty() { "localhost".to_owned() } else { host },
            port: url.port().or(spec.container.as_ref().map(|container| container.port))?,
            listen: "",
            dir: String::new(),
            user: url.user(),
            password: url.password(),
            base: if base.is_empty() { spec.base.clone() } else { base },
            url: Some(url.clone()),
        })
    }

    /// Fills the template; `database` is the service's, if the template concerns one.
    pub(super) fn fill(&self, template: &Template, database: &str) -> String {
        template.fill(|name| match name {
            "host" => self.host.clone(),
            "port" => self.port.to_string(),
            "listen" => self.listen.to_owned(),
            "dir" => self.dir.clone(),
            "user" => self.user.clone(),
            "password" => self.password.clone(),
            "base" => self.base.clone(),
            "database" => database.to_owned(),
            other => {
                let key = other.strip_prefix("query.").unwrap_or_default();
                self.url.as_ref().map(|url| url.query(key)).unwrap_or_default()
            }
        })
    }

    /// Fills a command line.
    pub(super) fn fill_all(&self, templates: &[Template], database: &str) -> Vec<String> {
        templates.iter().map(|template| self.fill(template, database)).collect()
    }

    /// Fills variables; one that ends up empty is not to be inherited.
    pub(super) fn fill_env(&self, env: &BTreeMap<String, Template>) -> BTreeMap<String, String> {
        env.iter().map(|(key, value)| (key.clone(), self.fill(value, ""))).collect()
    }

    /// The URL for the tests: the given one with another database, or the server's own. Contains the password.
    pub(super) fn url_for(&self, spec: &ServerSpec, database: &str) -> String {
        match &self.url {
            Some(url) if spec.per_service() => url.with_database(database).expose(),
            Some(url) => url.expose(),
            None => self.fill(&spec.url, database),
        }
    }

    /// `host:port`, for people.
    pub(super) fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The text with every password of this place redacted.
    pub(super) fn hide(&self, text: &str) -> String {
        let mut secrets = self.url.as_ref().map(Url::secrets).unwrap_or_default();
        secrets.extend((!self.password.is_empty()).then(|| self.password.clone()));
        // The longest first: one secret may be part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), super::url::HIDDEN))
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("address", &self.address()).field("dir", &self.dir).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_url_reaches_the_service_with_its_own_database_and_nothing_else_changed() {
        let spec = ServerSpec::built_in("postgres");
        let url = Url::parse("postgresql://u:p%2Fw@h/main?sslmode=require").expect("the text is a URL");
        let place = Place::given(&spec, &url).expect("the container says the port");
        assert_eq!(place.url_for(&spec, "x"), "postgresql://u:p%2Fw@h/x?sslmode=require");
        let env = place.fill_env(&spec.client_env);
        assert_eq!(
            (env["PGPASSWORD"].as_str(), env["PGPORT"].as_str(), env["PGSSLMODE"].as_str()),
            ("p/w", "5432", "require")
        );
        assert_eq!(env["PGDATABASE"], "main");
        assert_eq!((env["PGSSLROOTCERT"].as_str(), env["PGSERVICE"].as_str()), ("", ""));
    }

    #[test]
    fn no_password_survives_hiding_or_debugging() {
        let spec = ServerSpec::built_in("postgres");
        let url = Url::parse("postgres://u:p%2Fw@h/main").expect("the text is a URL");
        let place = Place::given(&spec, &url).expect("the container says the port");
        assert_eq!(place.hide("failed: p%2Fw and p/w"), "failed: *** and ***");
        assert!(!format!("{place:?}").contains("p/w"));
    }

    #[test]
    fn no_command_of_a_built_in_server_has_the_password_among_its_arguments() {
        for spec in ServerSpec::defaults() {
            let mut commands = vec![spec.create, spec.drop];
            commands.extend(spec.local.into_iter().flat_map(|local| local.prepare.into_iter().chain([local.args])));
            commands.extend(spec.container.map(|container| container.args));
            assert!(!commands.iter().flatten().any(|word| word.mentions("password")), "{}", spec.name);
        }
    }
}
