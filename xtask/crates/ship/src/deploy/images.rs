//! `images.json`: the available images, as the stage that pushes them reports it, and the releases made from them.
//!
//! A partial set is never deployed: every service needs its image, and all of them are of one commit.

use super::objects::Release;
use oci_layout::Digest;
use serde_json::Value;
use std::path::{Path, PathBuf};
use xtask_core::error::{Error, Result};
use xtask_core::reading::Image;
use xtask_core::text;
use xtask_report::history::directory;

/// The prefix of a commit's tag; the commit follows, 40 hexadecimal digits.
const TAG: &str = "sha-";

/// The file's name in the directory of a run that has pushed images.
const FILE: &str = "images.json";

/// Where the images of a deployment are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// The file, absolute; `None` for the one that the newest push has written.
    pub file: Option<PathBuf>,
    pinned: Option<Vec<Image>>,
}

impl Images {
    /// Those of a file; without one, those that the newest push has pushed.
    pub fn of(file: Option<PathBuf>) -> Self {
        Self { file, pinned: None }
    }

    /// The same, pinned to the current list, so that it no longer follows the file.
    pub fn pinned(&self, runs: &Path) -> Result<Self> {
        Ok(Self { file: self.file.clone(), pinned: Some(self.list(runs)?) })
    }

    /// The images that were pinned. Otherwise those of the file, which holds a list, or an object with one as `images`;
    /// without a file, those that the newest of the `runs` that pushed some has pushed.
    pub fn list(&self, runs: &Path) -> Result<Vec<Image>> {
        self.pinned.clone().map_or_else(|| read(self.file.as_deref(), runs), Ok)
    }
}

fn read(file: Option<&Path>, runs: &Path) -> Result<Vec<Image>> {
    let hint = "`cargo xtask docker --push` writes such a file; `--images FILE` or XTASK_IMAGES names another one";
    let pushed = || {
        newest(runs)
            .ok_or_else(|| Error::usage("find images to deploy: no run in this checkout has pushed any").hint(hint))
    };
    let path = file.map_or_else(pushed, |file| Ok(file.to_owned()))?;
    let (path, what) = (&path, || format!("read the images of {}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| Error::usage(what()).because(error).hint(hint))?;
    parse(&bytes).map_err(|error| Error::usage(what()).because(error).hint(hint))
}

/// The newest run's file.
fn newest(runs: &Path) -> Option<PathBuf> {
    directory::of_runs(runs).ok()?.into_iter().rev().map(|directory| directory.join(FILE)).find(|file| file.is_file())
}

fn parse(bytes: &[u8]) -> serde_json::Result<Vec<Image>> {
    let mut whole: Value = serde_json::from_slice(bytes)?;
    let list = if whole.is_object() { whole["images"].take() } else { whole };
    serde_json::from_value(list)
}

/// The releases with their images and the commit that they are from; otherwise all problems, at once.
pub fn complete(releases: &[Release], images: &[Image]) -> Result<Vec<Release>> {
    let mut problems = Vec::new();
    let mut complete = Vec::new();
    for release in releases {
        let service = &release.service;
        match images.iter().find(|image| image.service == *service).map(|image| (image, commit(image))) {
            None => problems.push(format!("{service} has no image")),
            Some((_, None)) => problems.push(format!("the image of {service} has no tag `{TAG}<commit>`")),
            Some((image, _)) if Digest::parse(&image.digest).is_none() => {
                problems.push(format!("the digest of {service} is invalid: {}", image.digest));
            }
            Some((Image { repository: None, .. }, _)) => {
                problems.push(format!("the image of {service} has no `repository`: it was not pushed"));
            }
            Some((Image { repository: Some(repository), digest, .. }, Some(commit))) => complete.push(Release {
                commit: commit.to_owned(),
                image: format!("{repository}@{digest}"),
                ..release.clone()
            }),
        }
    }
    if let Some((first, other)) =
        complete.first().and_then(|first| Some((first, complete.iter().find(|it| it.commit != first.commit)?)))
    {
        problems.push(format!(
            "{} is of the commit {} and {} of {}",
            first.service, first.commit, other.service, other.commit
        ));
    }
    if problems.is_empty() {
        return Ok(complete);
    }
    Err(Error::usage(format!("use the images: {}", text::count(problems.len(), "problem")))
        .detail(problems.join("\n"))
        .hint("all images must be of one commit: `cargo xtask docker --push` makes them"))
}

/// The commit that an image is from, by its tag.
fn commit(image: &Image) -> Option<&str> {
    let is_commit = |name: &&str| name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    image.tags.iter().filter_map(|tag| tag.strip_prefix(TAG)).find(is_commit)
}

#[cfg(test)]
mod tests {
    use super::super::objects::release;
    use super::*;
    use serde_json::json;

    fn image(service: &str, commit: char) -> Value {
        json!({
            "service": service, "digest": format!("sha256:{}", "d".repeat(64)), "bytes": 5,
            "repository": format!("registry.example/{service}"),
            "tags": ["main", format!("sha-{}", commit.to_string().repeat(40))],
        })
    }

    fn releases() -> Vec<Release> {
        ["auth-service", "user-service"].map(|name| Release { service: name.to_owned(), ..release() }).to_vec()
    }

    fn take(images: &Value) -> Result<Vec<Release>> {
        complete(&releases(), &parse(images.to_string().as_bytes()).expect("well-formed"))
    }

    #[test]
    fn a_whole_set_of_one_commit_is_taken_as_a_list_or_within_an_object() {
        let list = json!([image("auth-service", 'a'), image("user-service", 'a'), image("more-service", 'b')]);
        for file in [list.clone(), json!({ "version": 1, "images": list })] {
            let taken = take(&file).expect("it is complete");
            assert_eq!(taken[1].image, format!("registry.example/user-service@sha256:{}", "d".repeat(64)));
            assert_eq!(taken[0].commit, "a".repeat(40));
        }
    }

    #[test]
    fn half_a_set_a_mixed_one_and_a_wrong_digest_are_refused() {
        #[track_caller]
        fn case(images: &Value, wanted: &str) {
            let error = take(images).expect_err("it is refused").to_string();
            assert!(error.contains(wanted), "{error}");
        }
        case(&json!([image("auth-service", 'a')]), "user-service has no image");
        case(&json!([image("auth-service", 'a'), image("user-service", 'b')]), "is of the commit aaaa");
        let mut wrong = image("user-service", 'a');
        wrong["digest"] = "sha256:../../x".into();
        case(&json!([image("auth-service", 'a'), wrong]), "the digest of user-service is invalid");
        let mut unpushed = image("user-service", 'a');
        unpushed["repository"].take();
        case(&json!([image("auth-service", 'a'), unpushed]), "the image of user-service has no `repository`");
        let mut untagged = image("user-service", 'a');
        untagged["tags"] = json!(["main"]);
        case(&json!([image("auth-service", 'a'), untagged]), "has no tag `sha-<commit>`");
    }
}
