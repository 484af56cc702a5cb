//! Versions as tools print them: finding one in an answer, and comparing two.

use std::cmp::Ordering;
use xtask_core::catalogue::{Entry, Wanted};

/// Finds the version in what a tool answered: the first word that looks like one.
///
/// `Err` describes the problem with the answer.
pub fn read(entry: &Entry, answer: &str) -> Result<String, String> {
    let first =
        xtask_core::text::sanitise(answer.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim());
    if first.is_empty() {
        return Err("it prints nothing when asked for its version".to_owned());
    }
    if !answer.to_lowercase().contains(entry.answers_as) {
        return Err(format!("it is another program: {}", shorten(&first)));
    }
    if entry.wanted == Wanted::Untold {
        return Ok("untold".to_owned());
    }
    answer
        .split_whitespace()
        // `aws-cli/1.45.11`
        .filter_map(|word| word.rsplit('/').next())
        .map(|word| word.trim_start_matches("v=").trim_start_matches('v').trim_end_matches([',', ';']))
        .find(|word| looks_like_one(word))
        .map(str::to_owned)
        .ok_or_else(|| format!("no version can be read from its answer: {}", shorten(&first)))
}

/// Whether a version will do.
pub fn suits(wanted: Wanted, version: &str) -> bool {
    match wanted {
        Wanted::Any | Wanted::Untold => true,
        Wanted::Exactly(pin) => version == pin,
        Wanted::AtLeast(minimum) => compare(version, minimum) != Ordering::Less,
    }
}

/// Compares two versions by their numbers; a missing number counts as 0, and anything after the numbers is ignored.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (numbers(a), numbers(b));
    let length = a.len().max(b.len());
    let at = |list: &[u64], index: usize| list.get(index).copied().unwrap_or(0);
    (0..length).map(|index| at(&a, index).cmp(&at(&b, index))).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// The first number of a version: 15 of `15.18`, 16 of `16beta1`.
pub fn major(version: &str) -> Option<u64> {
    numbers(version).first().copied()
}

fn looks_like_one(word: &str) -> bool {
    let numbers = numbers(word);
    // A beta of PostgreSQL has one number only; a date or a plain number in a sentence would, too.
    word.starts_with(|c: char| c.is_ascii_digit())
        && (numbers.len() > 1 || word.contains("beta") || word.contains("rc") || word.contains("devel"))
}

fn numbers(version: &str) -> Vec<u64> {
    let mut found = Vec::new();
    for part in version.split('.') {
        let digits: &str = &part[..part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len())];
        let Ok(number) = digits.parse() else { break };
        found.push(number);
        if digits.len() < part.len() {
            break;
        }
    }
    found
}

fn shorten(line: &str) -> String {
    if line.chars().count() <= 80 { line.to_owned() } else { line.chars().take(79).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xtask_core::catalogue::Tool;

    #[track_caller]
    fn case(tool: Tool, answer: &str, wanted: Result<&str, &str>) {
        let read = read(tool.entry(), answer);
        match wanted {
            Ok(version) => assert_eq!(read.as_deref(), Ok(version)),
            Err(part) => assert!(read.as_ref().is_err_and(|why| why.contains(part)), "{read:?}"),
        }
    }

    #[test]
    fn real_answers_are_read() {
        case(Tool::REDIS, "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", Ok("7.0.15"));
        case(Tool::REDIS, "Valkey server v=8.0.1 sha=00000000:0", Ok("8.0.1"));
        case(Tool::POSTGRES, "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Ok("15.18"));
        case(Tool::POSTGRES, "postgres (PostgreSQL) 18beta1", Ok("18beta1"));
        case(Tool::GIT, "git version 2.39.5 (Apple Git-154)", Ok("2.39.5"));
        case(Tool::RUSTFMT, "rustfmt 1.9.0-stable (59807616e1 2026-04-14)", Ok("1.9.0-stable"));
        case(Tool::LLVM_TOOLS, "Debian LLVM version 19.1.7\n  Optimized build.", Ok("19.1.7"));
        case(
            Tool::LLVM_TOOLS,
            "LLVM (http://llvm.org/):\n  LLVM version 22.1.2-rust-1.95.0-stable",
            Ok("22.1.2-rust-1.95.0-stable"),
        );
        case(Tool::AUDIT, "cargo-audit-audit 0.22.2\n", Ok("0.22.2"));
        case(Tool::DOCKER, "28.2.2\n", Ok("28.2.2"));
        case(Tool::SKOPEO, "skopeo version 1.9.3", Ok("1.9.3"));
        case(Tool::AWS, "aws-cli/1.45.11 Python/3.11.7 Linux/6.18.44", Ok("1.45.11"));
        let registry = Entry { answers_as: "registry", ..*Tool::SKOPEO.entry() };
        let registry = Tool::new(Box::leak(Box::new(registry)));
        case(registry, "docker-registry github.com/docker/distribution 2.8.2+ds1", Ok("2.8.2+ds1"));
        case(Tool::KUBECTL, "Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0", Ok("1.32.4-dispatcher"));
        case(Tool::CURL, "curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1", Ok("7.88.1"));
    }

    #[test]
    fn nonsense_is_not() {
        case(Tool::DENY, "", Err("prints nothing"));
        case(Tool::DENY, "\n  \n", Err("prints nothing"));
        case(Tool::DENY, "cargo-audit 0.20.2", Err("another program: cargo-audit 0.20.2"));
        case(Tool::DENY, "cargo-deny, the best of 3 tools", Err("no version"));
        case(Tool::DENY, &format!("cargo-deny {}", "x".repeat(500)), Err("…"));
    }

    #[test]
    fn versions_compare_by_number() {
        for (a, b, order) in [
            ("15.18", "15.9", Ordering::Greater),
            ("13", "13.0.0", Ordering::Equal),
            ("16beta1", "16", Ordering::Equal),
            ("2.9", "2.24", Ordering::Less),
            ("", "0", Ordering::Equal),
        ] {
            assert_eq!(compare(a, b), order, "{a} and {b}");
        }
        assert!(!suits(Wanted::Exactly("0.9.1"), "0.9.10"), "a pin is no prefix");
    }
}
