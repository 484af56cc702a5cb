//! `images.json`: the images that a run has pushed, for deploying them. Written when their stage has passed as a whole,
//! so that it never lists only some of them.

use super::{Fold, Subscriber};
use std::io;
use std::path::PathBuf;
use xtask_core::event::{Event, Kind};
use xtask_core::outcome::Outcome;
use xtask_core::reading::Image;

/// The version of this format.
const VERSION: u32 = 1;

/// Writes the images of a run when they have been pushed.
pub struct Pushed {
    path: PathBuf,
}

impl Pushed {
    /// `path` is the file that is written in the end.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn write(&self, commit: Option<&str>, images: &[&Image]) -> io::Result<()> {
        let json = serde_json::json!({ "version": VERSION, "commit": commit, "images": images });
        xtask_core::files::write_atomic(&self.path, format!("{json:#}\n").as_bytes()).map_err(io::Error::other)
    }
}

impl Subscriber for Pushed {
    fn on(&self, fold: &Fold, event: &Event) -> io::Result<()> {
        let Kind::StageFinished { stage, outcome: Outcome::Passed, .. } = &event.kind else { return Ok(()) };
        let mut images: Vec<&Image> = fold.images_of(stage).filter(|image| image.repository.is_some()).collect();
        if images.is_empty() {
            return Ok(());
        }
        images.sort_by(|a, b| a.service.cmp(&b.service));
        self.write(fold.commit(), &images)
    }

    fn name(&self) -> &'static str {
        "images.json"
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Fanout, sample};
    use super::*;
    use xtask_core::outcome::Policy;
    use xtask_core::reading::Reading;

    fn image(service: &str, repository: Option<&str>) -> Reading {
        let (service, repository) = (service.to_owned(), repository.map(str::to_owned));
        Reading { image: Some(Image { service, repository, ..Image::default() }), ..Reading::passed() }
    }

    #[test]
    fn the_images_are_listed_all_together_whatever_else_ends_while_they_are_pushed() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("images.json");
        let mut fanout = Fanout::new(vec![Box::new(Pushed::new(path.clone()))]);
        let mut run = sample::Run::new(&[
            ("build-and-push", Policy::Blocking, &["b-service", "b-service:push", "a-service:push"]),
            ("dependency-check", Policy::Info, &["outdated"]),
        ]);
        run.task("build-and-push", "b-service", image("b-service", None));
        run.task("build-and-push", "b-service:push", image("b-service", Some("registry/b")));
        run.task("dependency-check", "outdated", Reading::passed());
        run.end("dependency-check", Policy::Info, Outcome::Passed, None);
        run.so_far().iter().for_each(|event| fanout.on(event));
        assert!(!path.exists(), "one of two images has been pushed");
        let seen = run.so_far().len();
        run.task("build-and-push", "a-service:push", image("a-service", Some("registry/a")));
        run.end("build-and-push", Policy::Blocking, Outcome::Passed, None);
        run.over("passed", 0)[seen..].iter().for_each(|event| fanout.on(event));
        let json = std::fs::read_to_string(&path).expect("it is written");
        let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        let pushed: Vec<&str> =
            json["images"].as_array().into_iter().flatten().filter_map(|it| it["repository"].as_str()).collect();
        assert_eq!(pushed, ["registry/a", "registry/b"]);
        assert_eq!(json["commit"], "0123456789abcdef0123456789abcdef01234567");
    }
}
