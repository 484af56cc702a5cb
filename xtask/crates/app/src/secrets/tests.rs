//! Which variables are secrets, and what real encoders make of them.

use super::*;
use proptest::prelude::*;

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
    for name in ["TOKEN", "SECRET", "APIKEY", "PASSWORD", "GITHUB_PAT", "AWS_CREDENTIALS", "MYAPIKEY", "A_PASSPHRASE"] {
        case(name, "abcdefgh", "is abcdefgh", "is ***");
    }
    for name in ["MONKEY", "COMPAT", "PAT_HOLDER", "TOKEN_COUNT", "PATH"] {
        case(name, "abcdefgh", "is abcdefgh", "is abcdefgh");
    }
    let hook = "https://hooks.example.org/services/T00000000/canary-in-a-long-path";
    case("XTASK_WEBHOOK", hook, hook, "***");
    case("XTASK_SLACK_WEBHOOK", hook, "GET /services/T00000000/canary-in-a-long-path", "GET ***");
    case("XTASK_SLACK_WEBHOOK", hook, "/services of canary-in-a-long-path", "/services of ***");
    case("ANY_URL", "redis://:pass%2Fword@h/0", "pass/word pass%2Fword pass", "*** *** pass");
    case("DATABASE_URL", "postgres://postgres:postgres@h/db", "postgres", "postgres");
}

#[test]
fn every_url_of_a_variable_gives_its_password_away() {
    #[track_caller]
    fn case(name: &str, value: &str) {
        let vars = [(name, value)];
        assert_eq!(hide(&vars, value).matches("canary").count(), 0, "{name}={value}: {}", hide(&vars, value));
        assert_eq!(hide(&vars, "canary-12 canary-34").matches("canary").count(), 0, "{name}={value}");
    }
    case("URLS", "redis://:canary-12@a:1/0 redis://:canary-34@b:1/0");
    case("URLS", "redis://:canary-12@a:1,redis://:canary-34@b:1");
    case("URLS", "postgres://u@h/d?password=canary-12;postgres://u@h/d?password=canary-34");
    case("CONFIG", r#"{"a":"amqp://u:canary-12@h","b":"https://canary-34@example.org/repository.git"}"#);
    case("XTASK_REGISTRY", "canary-34:canary-12@registry.example.org/shop");
    case("XTASK_REGISTRY", "https://canary-34:canary-12@registry.example.org/shop");
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

/// What an encoder is called, and what it does.
type Encoder = (&'static str, fn(&str) -> String);

/// Encoders of the libraries that programs use, each of a text between quotes.
fn encoders() -> Vec<Encoder> {
    use base64::engine::{Engine as _, general_purpose as engines};
    use percent_encoding::{CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
    vec![
        ("plain", str::to_owned),
        ("percent, everything", |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()),
        ("percent, next to nothing", |text| utf8_percent_encode(text, CONTROLS).to_string()),
        ("percent, twice, lower case", |text| {
            let once = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            utf8_percent_encode(&once.replace("%C3", "%c3"), NON_ALPHANUMERIC).to_string()
        }),
        ("form", |text| url::form_urlencoded::Serializer::new(String::new()).append_pair("x", text).finish()),
        ("user of a URL", |text| with_url(|url| url.set_username(text).expect("it has a host"))),
        ("password of a URL", |text| with_url(|url| url.set_password(Some(text)).expect("it has a host"))),
        ("part of a path", |text| {
            with_url(|url| {
                url.path_segments_mut().expect("it has a path").push(text);
            })
        }),
        ("query", |text| with_url(|url| url.set_query(Some(text)))),
        ("fragment", |text| with_url(|url| url.set_fragment(Some(text)))),
        ("JSON", |text| json(&text)),
        ("JSON in JSON in JSON", |text| json(&json(&json(&text)))),
        ("JSON in ASCII", ascii_json),
        ("JSON in ASCII, for HTML, in JSON", |text| {
            json(&ascii_json(text).replace('&', "\\u0026").replace('<', "\\u003c"))
        }),
        ("Rust", |text| format!("{text:?}")),
        ("Rust, escaped", |text| text.escape_default().to_string()),
        ("JSON in a form", |text| url::form_urlencoded::byte_serialize(json(&text).as_bytes()).collect()),
        ("Base64", |text| engines::STANDARD.encode(text)),
        ("Base64 of a login", |text| engines::STANDARD.encode(format!("user:{text}"))),
        ("Base64 for URLs", |text| engines::URL_SAFE_NO_PAD.encode(format!("us:{text}:x"))),
        ("Base64 in a form", |text| {
            url::form_urlencoded::byte_serialize(engines::STANDARD.encode(text).as_bytes()).collect()
        }),
        ("Base64, wrapped", |text| wrapped(&engines::STANDARD.encode(format!("{}{text}", "x".repeat(49))), "\n")),
        ("Base64, wrapped, in JSON", |text| {
            json(&wrapped(&engines::STANDARD.encode(format!("{}{text}", "x".repeat(50))), "\r\n"))
        }),
    ]
}

fn with_url(change: impl Fn(&mut url::Url)) -> String {
    let mut url = url::Url::parse("https://example.org").expect("it is one");
    change(&mut url);
    url.to_string()
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("a text is JSON")
}

/// As Python writes JSON.
fn ascii_json(text: &str) -> String {
    struct Ascii;
    impl serde_json::ser::Formatter for Ascii {
        fn write_string_fragment<W: ?Sized + std::io::Write>(&mut self, to: &mut W, text: &str) -> std::io::Result<()> {
            for unit in text.encode_utf16() {
                match u8::try_from(unit) {
                    Ok(byte) if byte.is_ascii() => to.write_all(&[byte])?,
                    _ => write!(to, "\\u{unit:04x}")?,
                }
            }
            Ok(())
        }
    }
    let mut bytes = Vec::new();
    serde::Serialize::serialize(text, &mut serde_json::Serializer::with_formatter(&mut bytes, Ascii)).expect("a text");
    String::from_utf8(bytes).expect("it is ASCII")
}

/// Wrapped as MIME wraps Base64.
fn wrapped(text: &str, end: &str) -> String {
    let lines: Vec<&str> = (0..text.len()).step_by(76).map(|at| &text[at..text.len().min(at + 76)]).collect();
    lines.join(end)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A secret of printable characters, without blanks at its ends: those are trimmed.
    #[test]
    fn no_encoder_gets_a_secret_past(secret in "[!-~é€😀]([ -~é€😀]{6,40})[!-~é€😀]") {
        let secrets = of(&BTreeMap::from([("API_TOKEN".to_owned(), secret.clone())]));
        for (name, encode) in encoders() {
            let encoded = encode(&secret);
            let text = format!("\"{encoded}\"\n");
            let shown = secrets.hide(&text);
            prop_assert!(shown.contains("***"), "{}: {} of {}", name, shown, secret);
        }
    }
}
