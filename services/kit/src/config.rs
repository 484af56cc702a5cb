//! Configuration from the environment: the one place that reads it.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `DATABASE_URL` | `PostgreSQL`, as `postgres://user:password@host:port/database` | required |
//! | `REDIS_URL` | Redis, as `redis://host:port/database` | required |
//! | `LISTEN` | address and port to listen on | `0.0.0.0:` and the service's port |
//! | `LOG` | levels, as `info` or `info,sqlx=debug` | `info` |
//! | `GIT_COMMIT` | the commit that `/version` tells | `unknown` |
//! | `DATABASE_CONNECTIONS` | the most `PostgreSQL` connections at once | 10 |
//! | `SERVER_TIMEOUT_MS` | the longest wait for `PostgreSQL` or Redis, in milliseconds | 2000 |
//! | `REQUEST_TIMEOUT_MS` | the longest time for a request's body, and for its answer, in milliseconds | 10000 |
//! | `RATE_LIMIT` | requests a second from one address, in bursts twice as many; 0 is no limit | 200 |

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tracing_subscriber::filter::Targets;

use crate::Service;

/// A service's configuration, checked.
// No `Debug`: the URLs hold passwords.
#[derive(Clone)]
pub struct Config {
    /// Where `PostgreSQL` is.
    pub database: PgConnectOptions,
    /// Where Redis is.
    pub redis: redis::ConnectionInfo,
    /// Where to listen.
    pub listen: SocketAddr,
    /// What to log.
    pub log: Targets,
    /// The commit that the binary was made from.
    pub commit: String,
    /// What a request may take.
    pub limits: Limits,
}

/// What requests may take: the same in every service.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most `PostgreSQL` connections at once.
    pub connections: u32,
    /// The longest wait for a server behind the service, until the answer is 503.
    pub server: Duration,
    /// The longest time for a request's body, until the answer is 408, and for its handler, until it is 503.
    pub request: Duration,
    /// The longest wait for requests in flight after SIGTERM. Below the 10 s that a stop may take in all.
    pub drain: Duration,
    /// The longest time for the head of a request, and for the pause between two on one connection.
    pub head: Duration,
    /// The largest request body, in bytes, until the answer is 413.
    pub body: usize,
    /// Requests a second from one address, until the answer is 429; 0 is no limit.
    pub rate: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10,
            server: Duration::from_secs(2),
            request: Duration::from_secs(10),
            drain: Duration::from_secs(8),
            head: Duration::from_secs(30),
            body: 1 << 20,
            rate: 200,
        }
    }
}

/// Every variable that is missing or wrong, with what to do: one error for all of them.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("configuration from the environment: {}", .0.join("; "))]
pub struct Invalid(Vec<String>);

impl Config {
    /// Reads the configuration from the process's environment.
    pub fn from_env(service: &Service) -> Result<Self, Invalid> {
        Self::read(service, variable)
    }

    /// Reads the configuration from any source of variables.
    ///
    /// ```
    /// # static ECHO: kit::Service = kit::Service {
    /// #     name: "echo-service", version: "0.1.0", about: "", port: 8099, migrations: &[], routes: |_| kit::Routes::new(),
    /// # };
    /// let config = kit::Config::read(&ECHO, |name| match name {
    ///     "DATABASE_URL" => Some("postgres://localhost/echo".to_owned()),
    ///     "REDIS_URL" => Some("redis://localhost".to_owned()),
    ///     _ => None,
    /// })
    /// .expect("both URLs are there");
    /// assert_eq!(config.listen.to_string(), "0.0.0.0:8099");
    ///
    /// let error = kit::Config::read(&ECHO, |_| None).err().expect("both URLs are missing");
    /// assert!(error.to_string().contains("set DATABASE_URL"));
    /// ```
    pub fn read(service: &Service, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Invalid> {
        let mut reader = Reader { variable, wrong: Vec::new() };
        let database = reader.required("DATABASE_URL", "postgres://user:password@host:5432/database");
        let redis = reader.required("REDIS_URL", "redis://host:6379");
        let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, service.port));
        let listen = reader.optional("LISTEN", "0.0.0.0:8080", everywhere);
        let log = reader.optional("LOG", "info or info,sqlx=debug", Targets::new().with_default(tracing::Level::INFO));
        let commit = reader.optional("GIT_COMMIT", "40 hexadecimal digits", "unknown".to_owned());
        let defaults = Limits::default();
        let connections = reader.optional("DATABASE_CONNECTIONS", "a number from 1", defaults.connections).max(1);
        let server = reader.milliseconds("SERVER_TIMEOUT_MS", defaults.server);
        let request = reader.milliseconds("REQUEST_TIMEOUT_MS", defaults.request);
        let rate = reader.optional("RATE_LIMIT", "requests a second, such as 200, or 0", defaults.rate);
        match (database, redis) {
            (Some(database), Some(redis)) if reader.wrong.is_empty() => {
                let limits = Limits { connections, server, request, rate, ..defaults };
                Ok(Self { database, redis, listen, log, commit, limits })
            }
            _ => Err(Invalid(reader.wrong)),
        }
    }
}

/// Collects what is wrong, so that one start tells all of it. Values stay out of the text: they can hold passwords.
struct Reader<F> {
    variable: F,
    wrong: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn required<T: FromStr>(&mut self, name: &str, form: &str) -> Option<T> {
        let Some(text) = (self.variable)(name) else {
            self.wrong.push(format!("set {name}, as {form}"));
            return None;
        };
        let value = text.parse().ok();
        if value.is_none() {
            self.wrong.push(format!("{name}: write it as {form}"));
        }
        value
    }

    fn milliseconds(&mut self, name: &str, default: Duration) -> Duration {
        let default = u64::try_from(default.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.optional(name, "milliseconds, such as 2000", default).max(1))
    }

    fn optional<T: FromStr>(&mut self, name: &str, form: &str, default: T) -> T {
        if (self.variable)(name).is_none() {
            return default;
        }
        self.required(name, form).unwrap_or(default)
    }
}

/// One variable; empty counts as not set, as a line `NAME=` in a file of variables means it.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::BARE;

    fn read(variables: &[(&str, &str)]) -> Result<Config, Invalid> {
        Config::read(&BARE, |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    const URLS: [(&str, &str); 2] = [("DATABASE_URL", "postgres://db/x"), ("REDIS_URL", "redis://cache")];

    #[test]
    fn every_variable_counts() {
        let mut all = URLS.to_vec();
        all.extend([("LISTEN", "127.0.0.1:1"), ("LOG", "debug"), ("GIT_COMMIT", "abc"), ("DATABASE_CONNECTIONS", "3")]);
        all.extend([("SERVER_TIMEOUT_MS", "300"), ("REQUEST_TIMEOUT_MS", "500"), ("RATE_LIMIT", "0")]);
        let config = read(&all).expect("valid");
        assert_eq!(config.listen.to_string(), "127.0.0.1:1");
        assert_eq!(config.commit, "abc");
        assert_eq!((config.limits.connections, config.limits.rate), (3, 0));
        assert_eq!((config.limits.server.as_millis(), config.limits.request.as_millis()), (300, 500));
        assert!(config.log.would_enable("kit", &tracing::Level::DEBUG));
        assert_eq!(config.database.get_host(), "db");
    }

    #[test]
    fn everything_wrong_is_told_at_once_and_without_values() {
        let error = read(&[("REDIS_URL", "secret"), ("LISTEN", "secret"), ("DATABASE_CONNECTIONS", "secret")]);
        let text = error.err().expect("nothing is right").to_string();
        for name in ["DATABASE_URL", "REDIS_URL", "LISTEN", "DATABASE_CONNECTIONS"] {
            assert!(text.contains(name), "{name} in {text}");
        }
        assert!(!text.contains("secret"), "{text}");
    }
}
