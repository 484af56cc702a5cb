//! Which texts of the surroundings are secrets, and in which forms they might be printed.
//!
//! A password in a URL, the address of a webhook, and the value of a variable that is named like one: `…_TOKEN`,
//! `…_SECRET`, `…_PASSWORD`, `…_KEY`. Shorter than eight bytes, or the same as the URL's user, it hides nothing and would only blot out words.

use crate::backing;
use crate::notify;
use crate::process::Secrets;
use std::collections::{BTreeMap, BTreeSet};

/// A text below this length is likely to be part of innocent words.
const SHORTEST: usize = 8;

/// The secrets among these variables, as they are and encoded.
pub fn of(vars: &BTreeMap<String, String>) -> Secrets {
    let named = vars.iter().filter(|(name, _)| is_secret(name)).map(|(_, value)| value.clone());
    let in_urls = vars.values().flat_map(|value| backing::url_secrets(value));
    let webhooks = [notify::SLACK, notify::WEBHOOK].iter().filter_map(|name| vars.get(*name));
    let webhooks = webhooks.flat_map(|address| notify::webhook::secrets(address));
    // A key of several lines is printed line by line.
    let all: Vec<String> = named.chain(in_urls).chain(webhooks).collect();
    let lines = all.iter().flat_map(|value| value.lines()).map(str::trim);
    let secrets: BTreeSet<&[u8]> = lines.filter(|line| line.len() >= SHORTEST).map(str::as_bytes).collect();
    Secrets::new(secrets.into_iter().flat_map(forms).filter(|form| form.len() >= SHORTEST))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words = ["TOKEN", "SECRET", "PASSWORD", "KEY"];
    name.ends_with("PASSWORD") || words.iter().any(|word| name.strip_suffix(word).is_some_and(|it| it.ends_with('_')))
}

/// A secret as it is, in a URL, in JSON, and in Base64, wherever in the encoded text it begins.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.to_vec(), percent(secret, false), percent(secret, true), json(secret)];
    for before in 0..3 {
        let standard = base64(secret, before);
        forms.push(standard.iter().map(|byte| if *byte == b'+' { b'-' } else { *byte }).collect());
        if let Some(url) = forms.last_mut() {
            url.iter_mut().filter(|byte| **byte == b'/').for_each(|byte| *byte = b'_');
        }
        forms.push(standard);
    }
    forms
}

fn percent(secret: &[u8], lower: bool) -> Vec<u8> {
    let encode = |byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        _ if lower => format!("%{byte:02x}"),
        _ => format!("%{byte:02X}"),
    };
    secret.iter().map(encode).collect::<String>().into_bytes()
}

/// As a JSON text shows it, and Rust's `{:?}` too.
fn json(secret: &[u8]) -> Vec<u8> {
    let text = serde_json::to_string(&String::from_utf8_lossy(secret)).unwrap_or_default();
    text.trim_matches('"').as_bytes().to_vec()
}

/// The digits that are the same whatever stands around the secret, when `before` bytes more than a multiple of three
/// stand in front of it.
fn base64(secret: &[u8], before: usize) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(secret.iter().copied()).collect();
    let bit = |at: usize| padded[at / 8] >> (7 - at % 8) & 1;
    let digit = |at: usize| DIGITS[usize::from((0..6).fold(0, |digit, offset| digit << 1 | bit(at * 6 + offset)))];
    ((before * 8).div_ceil(6)..padded.len() * 8 / 6).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hide(vars: &[(&str, &str)], text: &str) -> String {
        of(&vars.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()).hide(text)
    }

    #[test]
    fn secrets_are_known_by_their_names_and_by_their_place_in_a_url() {
        #[track_caller]
        fn case(name: &str, value: &str, text: &str, want: &str) {
            assert_eq!(hide(&[(name, value)], text), want, "{name}={value}");
        }
        case("API_TOKEN", "abcdefgh", "is abcdefgh", "is ***");
        case("client_secret", "abcdefgh", "is abcdefgh", "is ***");
        case("PGPASSWORD", "abcdefgh", "is abcdefgh", "is ***");
        case("SIGNING_KEY", "--BEGIN--\nabcdefghi\n", "abcdefghi", "***");
        case("API_TOKEN", "abcdefg", "is abcdefg", "is abcdefg");
        case("MONKEY", "abcdefgh", "is abcdefgh", "is abcdefgh");
        let hook = "https://hooks.example.org/services/T00000000/canary-in-a-long-path";
        case("XTASK_WEBHOOK", hook, hook, "***");
        case("XTASK_SLACK_WEBHOOK", hook, "GET /services/T00000000/canary-in-a-long-path", "GET ***");
        case("XTASK_SLACK_WEBHOOK", hook, "/services of canary-in-a-long-path", "/services of ***");
        case("PATH", "abcdefgh", "is abcdefgh", "is abcdefgh");
        case("ANY_URL", "redis://:pass%2Fword@h/0", "pass/word pass%2Fword pass", "*** *** pass");
        case("DATABASE_URL", "postgres://postgres:postgres@h/db", "postgres", "postgres");
    }

    #[test]
    fn encoded_secrets_are_secrets() {
        let vars = [("API_TOKEN", "p\"ss/w+rd?é")];
        assert_eq!(hide(&vars, "p%22ss%2Fw%2Brd%3F%C3%A9 p%22ss%2fw%2brd%3f%c3%a9"), "*** ***");
        assert_eq!(hide(&vars, r#"{"x":"p\"ss/w+rd?é"}"#), r#"{"x":"***"}"#);
        // `u:…`, `us:…` and `use:…` in Base64, both alphabets.
        for (encoded, want) in [
            ("dTpwInNzL3crcmQ/w6k=", "dTp***k="),
            ("dXM6cCJzcy93K3JkP8Op", "dXM6***"),
            ("dXNlOnAic3MvdytyZD/DqQ==", "dXNlOn***Q=="),
            ("dXNlOnAic3MvdytyZD_DqQ==", "dXNlOn***Q=="),
        ] {
            assert_eq!(hide(&vars, encoded), want, "{encoded}");
        }
    }
}
