//! `images.json`: the images that a run has pushed, for deploying them. Written when their stage has passed as a whole,
//! so that it never lists only some of them.

use super::Subscriber;
use crate::event::{Event, Kind};
use crate::outcome::Outcome;
use crate::reading::Image;
use std::io;
use std::path::PathBuf;

/// The version of this format.
const VERSION: u32 = 1;

/// The images of a run as they are pushed.
pub struct Pushed {
    path: PathBuf,
    commit: Option<String>,
    images: Vec<Image>,
}

impl Pushed {
    /// Nothing yet; `path` is the file that is written in the end.
    pub fn new(path: PathBuf) -> Self {
        Self { path, commit: None, images: Vec::new() }
    }

    fn write(&mut self) -> io::Result<()> {
        self.images.sort_by(|a, b| a.service.cmp(&b.service));
        let json = serde_json::json!({ "version": VERSION, "commit": self.commit, "images": self.images });
        self.images.clear();
        crate::files::write_atomic(&self.path, format!("{json:#}\n").as_bytes()).map_err(io::Error::other)
    }
}

impl Subscriber for Pushed {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        match &event.kind {
            Kind::RunStarted { commit, .. } => self.commit.clone_from(commit),
            Kind::TaskFinished { reading, .. } => {
                self.images.extend(reading.image.iter().filter(|image| image.repository.is_some()).cloned());
            }
            Kind::StageFinished { outcome: Outcome::Passed, .. } if !self.images.is_empty() => self.write()?,
            _ => {}
        }
        Ok(())
    }

    fn name(&self) -> &'static str {
        "images.json"
    }
}
