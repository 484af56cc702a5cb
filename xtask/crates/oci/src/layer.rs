//! A layer: files and directories as a compressed tar file whose bytes depend on nothing else.

use crate::digest::Digest;
use crate::spec::{Descriptor, LAYER_GZIP};
use flate2::{Compression, GzBuilder};
use std::collections::BTreeMap;
use std::io::{self, Write};
use tar::{Builder, EntryType, Header};

/// Files of an image, with the directories that they need. All belong to root and carry one time.
#[derive(Clone, Debug)]
pub struct Layer {
    /// By their paths without a leading slash, so that they are sorted and a directory comes before its contents.
    entries: BTreeMap<String, Entry>,
    /// Seconds since 1970.
    time: u64,
}

#[derive(Clone, Debug)]
enum Entry {
    Directory,
    File { mode: u32, content: Vec<u8> },
}

/// A layer in its final form.
pub(crate) struct Packed {
    pub(crate) descriptor: Descriptor,
    /// The digest of the plain tar file.
    pub(crate) diff_id: Digest,
    /// The compressed bytes.
    pub(crate) blob: Vec<u8>,
}

impl Layer {
    /// An empty layer; its files are from `time`, in seconds since 1970.
    pub fn new(time: u64) -> Self {
        Self { entries: BTreeMap::new(), time }
    }

    /// Adds a file, and the directories above it as root's with mode 0755. `path` is absolute.
    #[must_use]
    pub fn file(mut self, path: &str, mode: u32, content: Vec<u8>) -> Self {
        let path = path.trim_start_matches('/');
        for (slash, _) in path.match_indices('/') {
            self.entries.entry(path[..=slash].to_owned()).or_insert(Entry::Directory);
        }
        self.entries.insert(path.to_owned(), Entry::File { mode, content });
        self
    }

    pub(crate) fn pack(&self) -> io::Result<Packed> {
        let tar = self.tar()?;
        let diff_id = Digest::of(&tar);
        // No name, no time, and an operating system of 255: the header does not depend on where and when it is written.
        let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::new(6));
        gzip.write_all(&tar)?;
        let blob = gzip.finish()?;
        let size = blob.len() as u64;
        let descriptor =
            Descriptor { media_type: LAYER_GZIP.to_owned(), digest: Digest::of(&blob), size, platform: None };
        Ok(Packed { descriptor, diff_id, blob })
    }

    fn tar(&self) -> io::Result<Vec<u8>> {
        let mut tar = Builder::new(Vec::new());
        for (path, entry) in &self.entries {
            let (kind, mode, content) = match entry {
                Entry::Directory => (EntryType::Directory, 0o755, &[][..]),
                Entry::File { mode, content } => (EntryType::Regular, *mode, &content[..]),
            };
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header.set_mode(mode);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(self.time);
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, path, content)?;
        }
        tar.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer() -> Layer {
        Layer::new(1_700_000_000).file("/etc/b", 0o644, b"b".to_vec()).file("/app/a", 0o755, b"a".to_vec())
    }

    #[test]
    fn the_order_of_adding_does_not_matter_and_time_does() {
        let other = Layer::new(1_700_000_000).file("/app/a", 0o755, b"a".to_vec()).file("/etc/b", 0o644, b"b".to_vec());
        let digest = |layer: &Layer| layer.pack().expect("memory can be written").descriptor.digest;
        assert_eq!(digest(&layer()), digest(&other));
        let later = Layer { time: 1_700_000_001, ..layer() };
        assert_ne!(digest(&layer()), digest(&later));
    }

    /// A change of these means new digests for every image: on purpose, or because of a new version of `tar` or
    /// `flate2`.
    #[test]
    fn the_bytes_stay_what_they_are() {
        let packed = layer().pack().expect("memory can be written");
        assert_eq!(
            packed.diff_id.to_string(),
            "sha256:58c6cdef714dd1bcea79231fb5002c3123bea36c6f7a2f28c9178e3ca0900708"
        );
        assert_eq!(
            packed.descriptor.digest.to_string(),
            "sha256:faa6e9d004ef9033942f372c7df7ca468e45a86519deb9328dc8855fc2083303"
        );
    }

    #[test]
    fn everything_belongs_to_root_and_folders_come_first() {
        let tar = layer().tar().expect("memory can be written");
        let mut archive = tar::Archive::new(&tar[..]);
        let entries = archive.entries().expect("it is a tar file").map(|entry| {
            let entry = entry.expect("an entry");
            let header = entry.header();
            let owner = (header.uid().expect("a number"), header.gid().expect("a number"));
            assert_eq!((owner, header.mtime().expect("a time")), ((0, 0), 1_700_000_000));
            (entry.path().expect("a path").display().to_string(), header.mode().expect("a mode"))
        });
        let entries: Vec<(String, u32)> = entries.collect();
        let wanted = [("app/", 0o755), ("app/a", 0o755), ("etc/", 0o755), ("etc/b", 0o644)];
        assert_eq!(entries, wanted.map(|(path, mode)| (path.to_owned(), mode)));
    }
}
