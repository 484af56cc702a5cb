//! Where images go: the registry, the repositories in it, and the tags. Pure.

use oci_layout::Digest;
use std::fmt;

/// The variable that names the registry.
pub const VARIABLE: &str = "XTASK_REGISTRY";
/// The variable that holds the user's name at the registry.
pub const USER: &str = "XTASK_REGISTRY_USER";
/// The variable that holds the password.
pub const PASSWORD: &str = "XTASK_REGISTRY_PASSWORD";

/// What a registry must look like.
pub const FORM: &str = "a host with an optional port and path, such as \"registry.example.org/shop\"";

/// A file of logins that contains none.
pub const NO_LOGINS: &str = "{}";

/// The longest tag that a registry accepts.
const LONGEST_TAG: usize = 128;

/// How many digits of a branch's hash its tag has.
const HASH: usize = 8;

/// The login that was written in front of a registry by mistake, with or without a scheme: `user:password`.
pub fn login_in(text: &str) -> Option<&str> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.rsplit_once('@').map(|(login, _)| login)
}

/// A registry and the path in it, as people write it: `localhost:5000/shop`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    host: String,
    prefix: String,
}

/// How to log in to registries, as it is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LoginChoice {
    /// By what the registry and the surroundings are.
    Auto,
    /// As [`Login::Ecr`].
    Ecr,
    /// As [`Login::Password`].
    Password,
    /// As [`Login::None`].
    None,
}

/// How to log in to a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// With a token of Amazon's registry, which `aws ecr get-login-password` gives.
    Ecr,
    /// With the name and the password of the variables.
    Password,
    /// Not at all: with what the user has logged in with before, or anonymously.
    None,
}

/// A user's name at a registry, and the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

/// Never shows them, even when a value that contains them is printed.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

impl Credentials {
    /// Those that these variables hold, if both are set.
    pub fn of<'a>(var: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        Some(Self { user: var(USER)?.to_owned(), password: var(PASSWORD)?.to_owned() })
    }
}

/// How to log in to each kind of registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logins {
    /// To Amazon's.
    amazon: Login,
    /// To any other.
    other: Login,
}

impl Logins {
    /// What was chosen, where the variables hold a password or do not.
    pub fn of(choice: LoginChoice, has_password: bool) -> Self {
        let both = |login| Self { amazon: login, other: login };
        match choice {
            LoginChoice::Auto => {
                Self { amazon: Login::Ecr, other: if has_password { Login::Password } else { Login::None } }
            }
            LoginChoice::Ecr => both(Login::Ecr),
            LoginChoice::Password => both(Login::Password),
            LoginChoice::None => both(Login::None),
        }
    }
}

impl Registry {
    /// The registry that `text` names; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, prefix) = text.split_once('/').map_or((text, ""), |(host, prefix)| (host, prefix));
        let is_part = |part: &str| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            part.bytes().all(|byte| plain(byte) || b"._-".contains(&byte))
                && part.bytes().next().is_some_and(plain)
                && part.bytes().last().is_some_and(plain)
        };
        let (name, port) = host.split_once(':').unwrap_or((host, "443"));
        let valid = is_part(name) && port.parse::<u16>().is_ok_and(|port| port > 0);
        let prefixes = prefix.is_empty() || prefix.split('/').all(is_part);
        (valid && prefixes).then(|| Self { host: host.to_owned(), prefix: prefix.to_owned() })
    }

    /// The host, with its port if there is one.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The repository of a service, which is its name in lower case.
    pub fn repository(&self, service: &str) -> String {
        format!("{self}/{}", service.to_lowercase())
    }

    /// How to log in here.
    pub fn login(&self, logins: Logins) -> Login {
        if self.region().is_some() { logins.amazon } else { logins.other }
    }

    /// The region of Amazon's registry: `123456789012.dkr.ecr.eu-central-1.amazonaws.com`.
    pub fn region(&self) -> Option<&str> {
        let (account, rest) = self.host.split_once(".dkr.ecr.")?;
        let (region, domain) = rest.split_once('.')?;
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        (is_account && domain.starts_with("amazonaws.com")).then_some(region)
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

/// Whether a host is this machine: a registry there needs no TLS, for any engine.
pub fn is_loopback(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    name == "localhost" || name.starts_with("127.")
}

/// The tags of a commit: the commit itself, which is never moved, and its branch, which is.
pub fn tags(commit: &str, branch: Option<&str>) -> Vec<String> {
    let commit = format!("sha-{commit}");
    std::iter::once(commit).chain(branch.map(branch_tag)).collect()
}

/// A branch as a tag that no other branch has: the name itself where a registry accepts it. Otherwise lower case, a
/// dash for what tags do not accept, and then the start of the name's hash. It can never be mistaken for a commit's
/// tag.
fn branch_tag(branch: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c.to_ascii_lowercase() } else { '-' };
    let slug: String = branch.chars().map(plain).collect();
    let slug = slug.trim_matches(['.', '-']);
    if slug == branch && slug.len() <= LONGEST_TAG && !slug.starts_with("sha-") && !ends_with_hash(slug) {
        return slug.to_owned();
    }
    let hash = Digest::of(branch.as_bytes()).to_string();
    let hash = hash.rsplit(':').next().and_then(|hex| hex.get(..HASH)).unwrap_or_default();
    let slug = match slug {
        "" => "branch".to_owned(),
        slug if slug.starts_with("sha-") => format!("branch-{slug}"),
        slug => slug.to_owned(),
    };
    let room = LONGEST_TAG - HASH - 1;
    format!("{}-{hash}", slug.get(..room).unwrap_or(&slug))
}

/// Whether a name looks as if a hash had been appended to it.
fn ends_with_hash(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(_, end)| end.len() == HASH && end.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_a_host_and_maybe_a_folder() {
        #[track_caller]
        fn case(text: &str, repository: Option<&str>) {
            let found = Registry::parse(text).map(|registry| registry.repository("Auth-service"));
            assert_eq!(found.as_deref(), repository, "{text}");
        }
        case("localhost:5000", Some("localhost:5000/auth-service"));
        case("ghcr.io/acme/shop", Some("ghcr.io/acme/shop/auth-service"));
        for text in
            ["", "/shop", "host:/x", "host:99999", "Host", "https://host", "host//x", "host/../x", "-host", "host/x:1"]
        {
            case(text, None);
        }
    }

    #[test]
    fn the_login_follows_from_the_registry_unless_it_is_configured() {
        const ECR: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop";
        #[track_caller]
        fn case(registry: &str, choice: LoginChoice, has_password: bool, wanted: Login) {
            let registry = Registry::parse(registry).expect("it is one");
            assert_eq!(registry.login(Logins::of(choice, has_password)), wanted, "{registry} {choice:?}");
        }
        case(ECR, LoginChoice::Auto, true, Login::Ecr);
        case(ECR, LoginChoice::None, false, Login::None);
        case("ghcr.io/acme", LoginChoice::Auto, true, Login::Password);
        case("ghcr.io/acme", LoginChoice::Auto, false, Login::None);
        case("localhost:5000", LoginChoice::Ecr, false, Login::Ecr);
        assert_eq!(Registry::parse(ECR).expect("it is one").region(), Some("eu-central-1"));
        assert_eq!(Registry::parse("1.dkr.ecr.x.example.org").expect("it is one").region(), None);
    }

    #[test]
    fn credentials_need_both_variables_and_are_never_shown() {
        let of = |known: &'static [&str]| Credentials::of(move |name| known.contains(&name).then_some("hunter2"));
        assert_eq!((of(&[USER]), of(&[PASSWORD])), (None, None));
        assert_eq!(format!("{:?}", of(&[USER, PASSWORD])), "Some(Credentials(***))");
    }

    #[test]
    fn a_branch_becomes_a_tag_that_is_no_commits() {
        #[track_caller]
        fn case(branch: &str, wanted: &str) {
            assert_eq!(branch_tag(branch), wanted, "{branch}");
        }
        case("main", "main");
        case("v1.2_x", "v1.2_x");
        case("feature/New Thing", "feature-new-thing-d01c730c");
        case("--force", "force-be262a10");
        case("größe", "gr--e-d353a267");
        case("sha-0123", "branch-sha-0123-3be6c767");
        case("...", "branch-ab5df625");
        case(&"x".repeat(128), &"x".repeat(128));
        assert_eq!(branch_tag(&"x".repeat(300)).len(), 128);
    }

    #[test]
    fn no_two_branches_share_a_tag() {
        let branches =
            ["feat/x", "feat-x", "FEAT/X", "Feat-x", "feat x", "-feat-x", "main", "MAIN", "main/", "-main-", "ü", "ö"];
        let branches = branches.map(str::to_owned).into_iter().chain([300, 301].map(|length| "x".repeat(length)));
        let tags: Vec<String> = branches.map(|branch| branch_tag(&branch)).collect();
        // A branch may even have the name of another one's tag.
        let tags: Vec<String> = tags.iter().cloned().chain(tags.iter().map(|tag| branch_tag(tag))).collect();
        let exact = tags.iter().filter(|tag| ["feat-x", "main"].contains(&tag.as_str())).count();
        let distinct: std::collections::BTreeSet<&String> = tags.iter().collect();
        assert_eq!((distinct.len(), exact), (tags.len() - 2, 4), "{tags:?}");
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (host, wanted) in [("localhost:5000", true), ("127.0.0.1:5000", true), ("localhost.example.org", false)] {
            assert_eq!(is_loopback(host), wanted, "{host}");
        }
    }
}
