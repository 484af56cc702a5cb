//! Texts without what differs from run to run, or between machines.

/// Replaces the ids of runs by `RUN`, and durations by `TIME`.
pub fn runs_and_times(text: &str) -> String {
    let is_run = |word: &str| word.len() > 19 && word.as_bytes()[8] == b'T' && word.contains("Z-");
    let is_time = |word: &str| {
        let number = word.strip_suffix('s').unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    words(text, |before, word| match word {
        run if is_run(run) => Some("RUN"),
        // An example in quotes is a text of xtask.
        time if is_time(time) && !before.ends_with('"') => Some("TIME"),
        _ => None,
    })
}

/// Replaces also commits, digests, hashes in names, process ids, ports, dates, and names of temporary directories.
/// A duration too short to be shown leaves its column empty, and columns are as wide as the durations in them: so what
/// took a time is written as if it had taken none, with two blanks between columns.
pub fn machine(text: &str) -> String {
    let text = text.replace(env!("CARGO_BIN_EXE_xtask"), "xtask");
    let text = words(&text, |before, word| {
        let (name, hash) = word.rsplit_once('-').unwrap_or(("", word));
        match hash.len() {
            _ if before.ends_with("pid ") && is_number(word) => Some("PID"),
            _ if before.ends_with("' (") && is_number(word) => Some("THREAD"),
            _ if before.ends_with("127.0.0.1:") && is_number(word) => Some("PORT"),
            64 if is_hash(word) => Some("DIGEST"),
            40 if is_hash(word) => Some("COMMIT"),
            40 if is_hash(hash) && name == "sha" => Some("sha-COMMIT"),
            8 if is_hash(hash) && name == "llvm-cov" => Some("llvm-cov-HASH"),
            _ => None,
        }
    });
    let text = between(&text, "· started ", " ·", "DATE");
    let text = between(&text, "/rustdoctest", "/", "");
    let text = between(&text, "/target/debug/build/a-service-", "/", "HASH");
    let text = text.replace(&std::env::temp_dir().join("").display().to_string(), "/tmp/");
    // Another cargo of this machine, such as another test's, decides on whether that is printed.
    let lines = text.lines().filter(|line| !line.contains(" waits for cargo's lock on "));
    let has_times = text.contains("TIME");
    let line = |line: &str| if has_times { timeless(line) } else { line.trim_end().to_owned() };
    lines.map(line).collect::<Vec<_>>().join("\n")
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a word is a hash of something. A test that makes one up repeats one or two digits.
fn is_hash(word: &str) -> bool {
    let is_hex = word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hex && !word.bytes().zip(word.bytes().skip(2)).all(|(one, next)| one == next)
}

/// Replaces what is between two texts within a line.
fn between(text: &str, start: &str, end: &str, by: &str) -> String {
    let mut parts = text.split(start);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let line = part.lines().next().unwrap_or_default();
        let rest = line.find(end).map_or(part, |at| &part[at..]);
        out.extend([start, if rest.len() < part.len() { by } else { "" }, rest]);
    }
    out
}

/// A line without its column of durations and with two blanks between the others; its indentation stays.
fn timeless(line: &str) -> String {
    let text = line.trim_start();
    let columns = text.split("  ").map(str::trim).filter(|column| !column.is_empty() && *column != "TIME");
    let text = columns.collect::<Vec<_>>().join("  ").replace(" after TIME:", ":");
    format!("{}{text}", &line[..line.len() - line.trim_start().len()])
}

/// Replaces words, which letters, digits, dots and hyphens make up. `replace` gets the line before the word, and the word.
fn words(text: &str, replace: impl Fn(&str, &str) -> Option<&'static str>) -> String {
    let line = |line: &str| {
        let mut out = String::new();
        let mut rest = line;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ".-".contains(c))).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            out.push_str(replace(&line[..line.len() - rest.len()], word).unwrap_or(word));
            let next = behind.chars().next();
            out.extend(next);
            rest = &behind[next.map_or(0, char::len_utf8)..];
        }
        out
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
