//! Reads what xtask's own `push-image` says: the image as JSON on stdout, or an error on stderr.

use std::path::Path;
use xtask_core::command::{Exit, Stream};
use xtask_core::outcome::Outcome;
use xtask_core::reader::{Read, environment_error, guard, text};
use xtask_core::reading::{Binary, Image, Reading};

/// What was said so far.
#[derive(Clone, Debug, Default)]
pub struct PushedImage {
    image: Option<Image>,
    error: Option<String>,
}

impl Read for PushedImage {
    fn start(&self, _: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(self.clone())
    }

    fn is_for_people(&self, stream: Stream) -> bool {
        stream == Stream::Stderr
    }

    fn line(&mut self, stream: Stream, line: &[u8]) {
        match stream {
            Stream::Stdout => self.image = serde_json::from_slice(line).ok().or(self.image.take()),
            Stream::Stderr => {
                let line = text(line);
                self.error = self.error.take().or_else(|| Some(line.strip_prefix("error: ")?.to_owned()));
            }
        }
    }

    fn finish(self: Box<Self>, exit: Exit, cut: bool) -> Reading {
        let why = self.error.unwrap_or_else(|| exit.to_string());
        match (exit, self.image) {
            (Exit::Code(0), Some(image)) => guard(Reading { image: Some(image), ..Reading::passed() }, cut),
            (Exit::Code(0), None) => environment_error("it did not say which image it has pushed"),
            // The registry has another image: nothing about the environment would help.
            (Exit::Code(1), _) => Reading::because(Outcome::Failed, why),
            _ => environment_error(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: &str = r#"{"service":"a","digest":"sha256:1","bytes":7,"repository":"r/a","tags":["sha-1","main"]}"#;

    #[track_caller]
    fn case(lines: &[(Stream, &str)], exit: Exit, outcome: Outcome, because: Option<&str>) -> Option<Image> {
        let mut reader = Box::new(PushedImage::default());
        for (stream, line) in lines {
            reader.line(*stream, line.as_bytes());
        }
        let reading = reader.finish(exit, false);
        assert_eq!((reading.outcome, reading.because.as_deref()), (outcome, because));
        reading.image
    }

    #[test]
    fn the_image_or_the_reason() {
        let image = case(&[(Stream::Stdout, IMAGE)], Exit::Code(0), Outcome::Passed, None).expect("it was said");
        assert_eq!((image.repository.as_deref(), image.tags.len()), (Some("r/a"), 2));
        let silent = Some("it did not say which image it has pushed");
        case(&[], Exit::Code(0), Outcome::EnvironmentError, silent);
        case(&[(Stream::Stdout, "{\"service\":")], Exit::Code(0), Outcome::EnvironmentError, silent);
        let error = [(Stream::Stderr, "error: push to r/a:sha-1: it is there"), (Stream::Stderr, "error: other")];
        case(&error, Exit::Code(1), Outcome::Failed, Some("push to r/a:sha-1: it is there"));
        case(&error, Exit::Code(3), Outcome::EnvironmentError, Some("push to r/a:sha-1: it is there"));
        case(
            &[(Stream::Stdout, IMAGE)],
            Exit::Signal(9),
            Outcome::EnvironmentError,
            Some("was killed by SIGKILL (out of memory?)"),
        );
    }
}
