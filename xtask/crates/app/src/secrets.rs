//! Which texts of the environment are secrets, and how they are redacted from events.
//!
//! A password in a URL, the login of a registry, the address of a webhook, and the value of a variable that is named
//! like a secret: `…_TOKEN`, `APIKEY`, `GITHUB_PAT`. A text that is shorter than eight bytes, or the same as the URL's
//! user, hides nothing and would only redact ordinary words. [`xtask_process::process::Secrets`] finds encodings, except for
//! Base64, whose alphabet is that of ordinary words.

use std::collections::{BTreeMap, BTreeSet};
use xtask_cargo::backing;
use xtask_core::registry;
use xtask_process::process::Secrets;
use xtask_ship::notify;

/// A text below this length is likely to be part of ordinary words.
const SHORTEST: usize = 8;

/// A variable with one of these names, or whose name ends in one after a `_`, holds a secret.
const NAMES: [&str; 9] =
    ["APIKEY", "CREDENTIAL", "CREDENTIALS", "KEY", "PASSPHRASE", "PASSWD", "PAT", "SECRET", "TOKEN"];

/// The secrets among these variables, as they are and in Base64.
pub fn of(vars: &BTreeMap<String, String>) -> Secrets {
    let named = vars.iter().filter(|(name, _)| is_secret(name)).map(|(_, value)| value.clone());
    let in_urls = vars.values().flat_map(|value| backing::url_secrets(value));
    let login = vars.get(registry::VARIABLE).and_then(|value| registry::login_in(value));
    let login = login.into_iter().flat_map(|login| [login].into_iter().chain(login.splitn(2, ':')));
    let webhooks = [notify::SLACK, notify::WEBHOOK].iter().filter_map(|name| vars.get(*name));
    let webhooks = webhooks.flat_map(|address| notify::webhook::secrets(address));
    // A key of several lines is printed line by line.
    let all: Vec<String> = named.chain(in_urls).chain(login.map(str::to_owned)).chain(webhooks).collect();
    let lines = all.iter().flat_map(|value| value.lines()).map(str::trim);
    let secrets: BTreeSet<&[u8]> = lines.filter(|line| line.len() >= SHORTEST).map(str::as_bytes).collect();
    Secrets::new(secrets.into_iter().flat_map(forms).filter(|form| form.len() >= SHORTEST))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let last = name.rsplit('_').next().unwrap_or_default();
    // `PGPASSWORD` and `MYAPIKEY` are such names too; `MONKEY` and `COMPAT` are not.
    NAMES.contains(&last) || name.ends_with("PASSWORD") || name.ends_with("APIKEY")
}

/// A secret as it is, and in Base64, wherever in the encoded text it begins.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.to_vec()];
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

/// The digits that are the same whatever surrounds the secret, when `before` bytes more than a multiple of three
/// precede it.
fn base64(secret: &[u8], before: usize) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(secret.iter().copied()).collect();
    let bit = |at: usize| padded[at / 8] >> (7 - at % 8) & 1;
    let digit = |at: usize| DIGITS[usize::from((0..6).fold(0, |digit, offset| digit << 1 | bit(at * 6 + offset)))];
    ((before * 8).div_ceil(6)..padded.len() * 8 / 6).map(digit).collect()
}

#[cfg(test)]
mod tests;
