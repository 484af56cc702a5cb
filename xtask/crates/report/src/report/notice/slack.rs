//! A notice in the format of Slack's webhooks, and of programs that accept the same.
//!
//! Text from outside mentions no user, links nowhere and is shown literally. Nothing is longer than Slack accepts.

use super::super::display::clean;
use super::super::next::Step;
use super::super::summary::{StageSummary, Summary};
use super::super::{verdict, words};
use super::{Notice, Service};
use serde_json::{Value, json};
use xtask_core::text;

/// The most characters that one section may have.
const SECTION: usize = 3000;
/// Characters of one text from outside, escapes included: a longer one is cut.
const LINE: usize = 600;
/// The most blocks that one message may have.
const BLOCKS: usize = 50;
/// Digits of a commit or a digest.
const DIGITS: usize = 12;
/// How many steps are listed.
const STEPS: usize = 20;

/// The whole message: its blocks, and the text that a notification on a screen shows instead of them.
pub(super) fn render(notice: &Notice<'_>) -> Value {
    let summary = notice.summary;
    let headline = prose(&notice.headline());
    let mut sections = vec![
        vec![format!("*{headline}*"), origin(notice)],
        vec![notice.facts().iter().map(|fact| prose(fact)).collect::<Vec<_>>().join(" · ")],
        titled("Stages", stages(summary)),
        titled("Services", notice.services().iter().filter_map(|(name, it)| service(name, it)).collect()),
        titled("What to do next", steps(&notice.steps())),
    ];
    sections.retain(|lines| !lines.is_empty());
    let mut blocks: Vec<Value> = sections.iter().flat_map(|lines| fill(lines)).map(|text| section(&text)).collect();
    if blocks.len() > BLOCKS {
        blocks.truncate(BLOCKS - 1);
        blocks.push(section("… and more than fits here"));
    }
    json!({ "text": headline, "unfurl_links": false, "unfurl_media": false, "blocks": blocks })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

/// Which run this is.
fn origin(notice: &Notice<'_>) -> String {
    let summary = notice.summary;
    let mut facts: Vec<String> = notice.branch.iter().map(|branch| format!("branch {}", code(branch))).collect();
    facts.extend(summary.commit.as_ref().map(|commit| format!("commit {}", code(&short(commit)))));
    facts.push(format!("event {}", code(&summary.event)));
    facts.extend(notice.page.as_ref().map(|page| format!("<{page}|run on GitHub>")));
    facts.join(" · ")
}

fn stages(summary: &Summary) -> Vec<String> {
    let line = |stage: &StageSummary| {
        let time = words::time_if_any(stage.outcome, stage.duration_ms);
        let time = if time.is_empty() { time } else { format!(" in {time}") };
        let mark = verdict::mark_of(stage.outcome, stage.policy);
        let because = stage.because.as_ref().map(|because| format!(": {}", prose(because))).unwrap_or_default();
        format!("{mark} {} {}{time}{because}", code(stage.id.as_str()), words::outcome(stage.outcome))
    };
    let pending = summary.pending.iter().map(|id| format!("– {} not ended", code(id.as_str())));
    summary.stages.iter().map(line).chain(pending).collect()
}

fn service(name: &str, service: &Service<'_>) -> Option<String> {
    let mut facts: Vec<String> = service.tests.map(words::tests).into_iter().collect();
    facts.extend(service.coverage.map(|percent| format!("{} covered", words::percent(percent))));
    facts.extend(service.image.map(|image| format!("image {}", code(&short(&image.digest)))));
    (!facts.is_empty()).then(|| format!("• {}: {}", code(name), facts.join(", ")))
}

fn steps(steps: &[Step]) -> Vec<String> {
    let step = |step: &Step| {
        let what = format!("• {}: {}", code(&step.about), prose(&step.what));
        std::iter::once(what).chain(step.commands.iter().filter_map(|it| command(it))).collect::<Vec<_>>()
    };
    let mut lines: Vec<String> = steps.iter().take(STEPS).flat_map(step).collect();
    let more = steps.len().saturating_sub(STEPS);
    lines.extend((more > 0).then(|| format!("… and {}", text::count(more, "more thing"))));
    lines
}

/// A commit or a digest in its familiar short form: twelve of its digits, and the text around them.
fn short(hash: &str) -> String {
    let start = hash.find(':').map_or(0, |colon| colon + 1);
    let digits = hash[start..].bytes().take_while(u8::is_ascii_hexdigit).count();
    if digits <= DIGITS {
        return hash.to_owned();
    }
    format!("{}{}", &hash[..start + DIGITS], &hash[start + digits..])
}

fn titled(title: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() { lines } else { std::iter::once(format!("*{title}*")).chain(lines).collect() }
}

/// Joins lines into as few texts as can hold them.
fn fill(lines: &[String]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for line in lines {
        let length = line.chars().count();
        match texts.last_mut() {
            Some(text) if text.chars().count() + 1 + length <= SECTION => text.extend(["\n", line]),
            _ => texts.push(line.clone()),
        }
    }
    texts
}

/// One line of prose. Slack knows three escapes; anything else that would be formatting, a mention or an image is made
/// to show literally.
fn prose(text: &str) -> String {
    let escape = |before: char, letter: char, escaped: &mut String| match letter {
        '*' => escaped.push('\u{2217}'),
        '~' => escaped.push('\u{223c}'),
        // Within a word it is no formatting, and names are full of it.
        '_' if !before.is_alphanumeric() => escaped.push_str("\u{200b}_"),
        '@' => escaped.push_str("@\u{200b}"),
        '(' if before == ']' => escaped.push_str("\u{200b}("),
        _ => plain(letter, escaped),
    };
    bounded(text, escape).unwrap_or_else(|cut| cut)
}

/// One line of code.
fn code(text: &str) -> String {
    let inside = bounded(text, |_, letter, escaped| plain(letter, escaped)).unwrap_or_else(|cut| cut);
    if inside.is_empty() { inside } else { format!("`{inside}`") }
}

/// A command to type; `None` when it is too long, because half of one is of no use.
fn command(text: &str) -> Option<String> {
    let inside = bounded(text, |_, letter, escaped| plain(letter, escaped)).ok()?;
    Some(format!("    `{inside}`"))
}

/// Escapes characters that are special everywhere.
fn plain(letter: char, escaped: &mut String) {
    match letter {
        '&' => escaped.push_str("&amp;"),
        '<' => escaped.push_str("&lt;"),
        '>' => escaped.push_str("&gt;"),
        '`' => escaped.push('\u{2cb}'),
        _ => escaped.push(letter),
    }
}

/// A text as one line, each letter escaped with regard to the one before. `Err` is the beginning of one that is too long.
fn bounded(text: &str, escape: impl Fn(char, char, &mut String)) -> Result<String, String> {
    let mut escaped = String::new();
    let (mut length, mut before) = (0, ' ');
    for letter in clean(text).chars() {
        let mut piece = String::new();
        escape(before, letter, &mut piece);
        length += piece.chars().count();
        if length >= LINE {
            return Err(escaped + "…");
        }
        escaped.push_str(&piece);
        before = letter;
    }
    Ok(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_call_nobody_and_stay_words() {
        let case = |given: &str, wanted: &str| assert_eq!(prose(given), wanted);
        case("plain_words, 61.20 % of lines", "plain_words, 61.20 % of lines");
        case("<!channel> & <https://x|y>", "&lt;!channel&gt; &amp; &lt;https://x|y&gt;");
        case("*b* ~s~ `c` _i_", "\u{2217}b\u{2217} \u{223c}s\u{223c} \u{2cb}c\u{2cb} \u{200b}_i_");
        case("@channel @here", "@\u{200b}channel @\u{200b}here");
        case("![x](http://y)", "![x]\u{200b}(http://y)");
        case("two\nlines\u{1b}[2J", "two lines");
    }

    #[test]
    fn code_ends_where_it_ends() {
        let case = |given: &str, wanted: &str| assert_eq!(code(given), wanted);
        case("cargo test -- 'a::b'", "`cargo test -- 'a::b'`");
        case("a`b<!here>\nc", "`a\u{2cb}b&lt;!here&gt; c`");
        case("", "");
    }

    #[test]
    fn hashes_are_shown_in_short() {
        let case = |given: &str, wanted: &str| assert_eq!(short(given), wanted);
        case("0123456789abcdef0123456789abcdef01234567-dirty", "0123456789ab-dirty");
        case("sha256:0123456789abcdef", "sha256:0123456789ab");
        case("sha256:01", "sha256:01");
        case("größe", "größe");
    }

    #[test]
    fn a_long_text_is_cut_between_its_letters_and_a_long_command_is_left_out() {
        for text in [prose(&"&".repeat(9999)), code(&"&".repeat(9999))] {
            assert!(text.chars().count() <= LINE + 2 && text.contains("&amp;…"), "{text}");
        }
        assert_eq!(command(&"x".repeat(LINE)), None);
        let texts = fill(&vec!["x".repeat(LINE); 100]);
        assert!(texts.len() > 20 && texts.iter().all(|text| text.chars().count() <= SECTION));
    }
}
