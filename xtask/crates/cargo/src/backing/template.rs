//! Text with `{placeholders}`, checked when the configuration is read and filled when a server is started.
//!
//! Knows nothing about servers: the caller that fills a placeholder decides what it means.

use xtask_core::text;

/// Everything that may appear between braces, besides `query.NAME`.
const PLACEHOLDERS: [&str; 8] = ["host", "port", "listen", "dir", "user", "password", "base", "database"];

/// Text in which `{host}` and the like are placeholders for values that are known only once a server runs.
///
/// `{{` and `}}` are the braces themselves. An unknown placeholder is an error when the template is made, so filling
/// one cannot fail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Hole(String),
}

impl Template {
    /// The text with every placeholder replaced by the result of `value`.
    pub fn fill(&self, value: impl Fn(&str) -> String) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Hole(name) => value(name),
            })
            .collect()
    }

    /// Whether the placeholder occurs.
    pub fn mentions(&self, name: &str) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Hole(hole) if hole == name))
    }

    /// The text before the first placeholder.
    pub fn start(&self) -> &str {
        match self.0.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
            } else if brace == "{" {
                let (name, after) = rest.split_once('}').ok_or_else(|| {
                    format!("`{text}` has a `{{` without its `}}`; write `{{{{` where the brace itself is meant")
                })?;
                check(name)?;
                parts.extend((!plain.is_empty()).then(|| Part::Text(std::mem::take(&mut plain))));
                parts.push(Part::Hole(name.to_owned()));
                rest = after;
            } else {
                return Err(format!("`{text}` has a `}}` too many; write `}}}}` where the brace itself is meant"));
            }
        }
        plain.push_str(rest);
        parts.extend((!plain.is_empty()).then_some(Part::Text(plain)));
        Ok(Self(parts))
    }
}

fn check(name: &str) -> Result<(), String> {
    if PLACEHOLDERS.contains(&name) || name.strip_prefix("query.").is_some_and(|query| !query.is_empty()) {
        return Ok(());
    }
    let help = match text::nearest(name, PLACEHOLDERS).first() {
        Some(near) => format!("did you mean `{{{near}}}`?"),
        None => format!("known are {}", text::list(PLACEHOLDERS.map(|known| format!("`{{{known}}}`")))),
    };
    Err(format!("unknown placeholder `{{{name}}}`: {help}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, filled: &str) {
        let template = Template::try_from(text.to_owned()).expect("the template is valid");
        assert_eq!(template.fill(|name| format!("<{name}>")), filled);
    }

    #[track_caller]
    fn wrong(text: &str, message: &str) {
        let error = Template::try_from(text.to_owned()).expect_err("the template is wrong");
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn placeholders_are_filled_and_doubled_braces_are_braces() {
        case("", "");
        case("plain", "plain");
        case("{host}:{port}", "<host>:<port>");
        case("--x={dir}/data é", "--x=<dir>/data é");
        case("{{ {user} }}", "{ <user> }");
        case("{{{user}}}", "{<user>}");
        case("{query.sslmode}", "<query.sslmode>");
    }

    #[test]
    fn a_mistyped_placeholder_names_the_nearest_one() {
        wrong("{prot}", "unknown placeholder `{prot}`: did you mean `{port}`?");
        wrong("{databse}", "did you mean `{database}`?");
        wrong("{zzz}", "known are `{host}`");
        wrong("{}", "unknown placeholder `{}`");
        wrong("{query.}", "unknown placeholder `{query.}`");
        wrong("{host", "without its `}`");
        wrong("host}", "a `}` too many");
    }

    #[test]
    fn what_a_template_mentions_is_known() {
        let template = Template::try_from("redis://{host}".to_owned()).expect("the template is valid");
        assert!(template.mentions("host") && !template.mentions("port"));
        assert_eq!(template.start(), "redis://");
    }
}
