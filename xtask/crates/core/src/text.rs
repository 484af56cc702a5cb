//! Grammar in one place: counts, lists, durations, sizes.

use std::fmt;
use std::time::Duration;

/// `1 test`, `2 tests`, `3 dependencies`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 {
        return format!("1 {noun}");
    }
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{n} {stem}ies"),
        _ if noun.ends_with(['s', 'x']) || noun.ends_with("ch") => format!("{n} {noun}es"),
        _ => format!("{n} {noun}s"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// `0.42s`, `12.3s`, `3m 05s`, `1h 02m`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.2}s", time.as_secs_f64()),
        10..60 => format!("{:.1}s", time.as_secs_f64()),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// `SIGSEGV`; for the signal that the kernel sends when memory runs out, adds that this may be why.
pub fn signal(number: i32) -> String {
    match signal_hook::low_level::signal_name(number) {
        Some(name) if number == signal_hook::consts::SIGKILL => format!("{name} (out of memory?)"),
        Some(name) => name.to_owned(),
        None => format!("signal {number}"),
    }
}

/// `512 B`, `1.5 KiB`, `23.4 MiB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut value = n as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A size as [`bytes`] writes it, such as `60 MiB`; `None` when the text is not one.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.split_once(' ')?;
    let unit: u64 = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// The placeholders that the values of variables may have, in braces.
pub const PLACEHOLDERS: [&str; 4] = ["commit", "port", "service", "version"];

/// The text, with the value of each placeholder in its place.
pub fn fill(text: &str, value: impl Fn(&str) -> String) -> String {
    PLACEHOLDERS.iter().fold(text.to_owned(), |text, name| text.replace(&format!("{{{name}}}"), &value(name)))
}

/// The known names nearest to a mistyped one, the best first, at most three; empty when none is near.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut scored: Vec<(f64, &str)> = known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(typed, name), name))
        .filter(|(score, _)| *score > 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Whether a name can be used in a DNS name, a path and an argument without being mistaken for something else:
/// lower-case letters, digits and dashes, a letter first and no dash last, at most 63.
pub fn is_dns_label(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    plain && name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.ends_with('-') && name.len() <= 63
}

/// The part of a child's line that a terminal may see: no colours, no cursor moves, no other control characters, and no
/// `::workflow-command::` that GitHub Actions would obey.
pub fn sanitise(line: &str) -> String {
    let plain: String = console::strip_ansi_codes(line)
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| !c.is_control())
        .collect();
    if plain.trim_start().starts_with("::") || plain.contains("##[") {
        plain.replacen("::", ":\u{200b}:", 1).replace("##[", "#\u{200b}#[")
    } else {
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_follow_the_noun() {
        assert_eq!(count(0, "test"), "0 tests");
        assert_eq!(count(1, "test"), "1 test");
        assert_eq!(count(2, "dependency"), "2 dependencies");
        assert_eq!(count(2, "day"), "2 days");
        assert_eq!(count(2, "process"), "2 processes");
        assert_eq!(count(2, "match"), "2 matches");
    }

    #[test]
    fn lists_end_in_and() {
        assert_eq!(list([] as [&str; 0]), "");
        assert_eq!(list(["a"]), "a");
        assert_eq!(list(["a", "b"]), "a and b");
        assert_eq!(list(["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn durations_and_sizes_stay_short() {
        assert_eq!(duration(Duration::from_millis(420)), "0.42s");
        assert_eq!(duration(Duration::from_secs(185)), "3m 05s");
        assert_eq!(duration(Duration::from_secs(3720)), "1h 02m");
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(u64::MAX), "16777216.0 TiB");
        assert_eq!(parse_bytes("60 MiB"), Some(60 << 20));
        for text in ["", "60", "60MiB", "60 MB", "-1 KiB", "1.5 KiB", "99999999999999 GiB"] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("auth-servic", ["auth-service", "user-service"])[0], "auth-service");
        assert!(nearest("zzz", ["auth-service"]).is_empty());
    }

    #[test]
    fn a_child_moves_no_cursor_and_gives_github_no_command() {
        assert_eq!(sanitise("\u{1b}[2Jred \u{1b}[31mtext\u{1b}[0m\u{7}"), "red text");
        assert!(!sanitise("::error::gotcha").starts_with("::"));
        assert!(!sanitise("  ::set-output name=a::b").trim_start().starts_with("::"));
        assert!(!sanitise("x ##[group]").contains("##["));
    }
}
