//! Names for new services: ones that cargo, Kubernetes and PostgreSQL all accept, and that have no other meaning
//! already.

use xtask_core::error::{Error, Result};

/// The longest name in bytes. Kubernetes takes 63 and adds 17 for each pod; the database of a test adds 17 as well.
const LONGEST: usize = 46;

/// Keywords of Rust, crates that come with the compiler, names that cargo reserves, and words that say nothing.
const RESERVED: &str = "\
    abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl \
    in let loop macro match mod move mut override priv pub ref return self static struct super trait true try type typeof \
    union unsafe unsized use virtual where while yield \
    alloc core proc-macro std \
    build deps examples incremental test \
    service xtask";

/// The words of a workspace that names depend on.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// The names of its packages.
    pub packages: &'a [&'a str],
    /// Its `Cargo.lock`.
    pub lock: &'a str,
    /// The end of a service's name where the packages use it; the user may leave it out.
    pub suffix: &'a str,
    /// The name of the package in the template.
    pub template: &'a str,
}

/// The full name of the service that the user calls `typed`.
pub fn full(typed: &str, workspace: Words<'_>) -> Result<String> {
    let Words { packages, lock, suffix, template } = workspace;
    let refused = |why: &str| Error::usage(format!("name a service `{typed}`: {why}"));
    let short = typed.strip_suffix(suffix).unwrap_or(typed);
    if !is_name(typed) || !is_name(short) {
        let near = words(typed).join("-");
        let error = refused("invalid name");
        return Err(if is_name(&near) {
            error.hint(format!("did you mean `{near}`?"))
        } else {
            error.hint("lower-case letters and digits in words with single dashes between them; a letter comes first")
        });
    }
    let by_custom = packages.iter().any(|package| package.ends_with(suffix));
    let full = if by_custom { format!("{short}{suffix}") } else { typed.to_owned() };
    if full.len() > LONGEST {
        return Err(refused(&format!("`{full}` has {} characters", full.len()))
            .hint(format!("use at most {LONGEST}: Kubernetes allows 63, and adds a suffix")));
    }
    if RESERVED.split(' ').any(|word| word == short) || full == template {
        return Err(refused("it is reserved by Rust, cargo or xtask").hint("choose another one"));
    }
    // A package `billing` beside `billing-service` would make the short name mean another one.
    if let Some(package) = packages.iter().find(|package| [typed, short, &full].contains(package)) {
        return Err(refused(&format!("this workspace has a package `{package}`")).hint("choose another name"));
    }
    if lock.lines().any(|line| line == format!("name = \"{full}\"")) {
        return Err(refused(&format!("Cargo.lock holds a crate `{full}`"))
            .hint(format!("choose another name: `--package {full}` would not say which of the two is meant")));
    }
    Ok(full)
}

/// Whether the name is a DNS label and a package name, and stays one with underscores for dashes.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && words(name).join("-") == name
}

/// The words of a name, however they are put together.
fn words(name: &str) -> Vec<String> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGES: [&str; 3] = ["auth-service", "kit", "old"];
    const LOCK: &str = "[[package]]\nname = \"tower-service\"\nversion = \"0.3.3\"\n";

    fn full(typed: &str, packages: &[&str], lock: &str) -> Result<String> {
        super::full(typed, Words { packages, lock, suffix: "-service", template: "template-service" })
    }

    #[test]
    fn the_ending_may_be_left_out_where_it_is_the_custom() {
        #[track_caller]
        fn case(typed: &str, packages: &[&str], wanted: &str) {
            assert_eq!(full(typed, packages, LOCK).expect("a good name"), wanted);
        }
        case("billing", &PACKAGES, "billing-service");
        case("billing-service", &PACKAGES, "billing-service");
        case("user-profile2", &PACKAGES, "user-profile2-service");
        case("billing", &["kit"], "billing");
        case("billing-service", &[], "billing-service");
    }

    #[test]
    fn a_name_that_is_none_is_refused_with_the_nearest_one() {
        #[track_caller]
        fn case(typed: &str, hint: &str) {
            let error = full(typed, &PACKAGES, LOCK).expect_err("no name").to_string();
            assert!(error.starts_with(&format!("cannot name a service `{typed}`: invalid name")), "{error}");
            assert!(error.contains(hint), "{typed}: {error}");
        }
        for (typed, near) in [
            ("Billing", "billing"),
            ("user_profile", "user-profile"),
            ("user profile", "user-profile"),
            ("a--b", "a-b"),
            ("-p", "p"),
            ("--release", "release"),
            ("billing-", "billing"),
            ("../x", "x"),
            ("/etc/passwd", "etc-passwd"),
            ("services/x", "services-x"),
            ("x.y", "x-y"),
            ("$(touch x)", "touch-x"),
            ("größe", "gr-e"),
        ] {
            case(typed, &format!("hint: did you mean `{near}`?"));
        }
        for typed in ["", " ", "-", ".", "..", "1st", "\u{1b}[2J", "*"] {
            case(typed, "a letter comes first");
        }
    }

    #[test]
    fn a_name_that_means_something_already_is_refused() {
        #[track_caller]
        fn case(typed: &str, why: &str) {
            let error = full(typed, &PACKAGES, LOCK).expect_err("taken").to_string();
            assert!(error.contains(why), "{typed}: {error}");
        }
        for typed in ["fn", "self", "std", "deps", "test", "service", "test-service", "template", "template-service"] {
            case(typed, "it is reserved");
        }
        case("auth", "a package `auth-service`");
        case("auth-service", "a package `auth-service`");
        case("kit", "a package `kit`");
        case("old-service", "a package `old`");
        case("tower", "Cargo.lock holds a crate `tower-service`");
        case(&"a".repeat(39), "has 47 characters");
        assert!(full(&"a".repeat(38), &PACKAGES, LOCK).is_ok());
    }
}
