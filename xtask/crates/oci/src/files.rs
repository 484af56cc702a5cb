//! What an image contains once its layers are unpacked on top of each other: names and links, without file contents.

use crate::elf::Needs;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use tar::{Archive, EntryType};

/// How many links a path may lead through, as in the kernel.
const MOST_LINKS: usize = 40;
/// Marks a file of a lower layer as removed.
const REMOVED: &str = ".wh.";
/// Marks everything that lower layers have in a directory as removed.
const EMPTIED: &str = ".wh..wh..opq";
/// Where loaders look for shared libraries; a directory for the machine's triple may be in between.
const LIBRARY_FOLDERS: [&str; 5] = ["lib", "lib64", "usr/lib", "usr/lib64", "usr/local/lib"];

/// The names in an image; `Some` is where a symbolic link leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<PathBuf, Option<PathBuf>>);

impl Files {
    /// Unpacks one more layer, a plain tar file.
    pub(crate) fn add(&mut self, tar: &mut dyn Read) -> io::Result<()> {
        let mut added = BTreeMap::new();
        for entry in Archive::new(tar).entries()? {
            let entry = entry?;
            let path = plain(&entry.path()?);
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let directory = path.parent().unwrap_or(Path::new("")).to_owned();
            if name == EMPTIED {
                self.0.retain(|path, _| path == &directory || !path.starts_with(&directory));
            } else if let Some(removed) = name.strip_prefix(REMOVED) {
                let removed = directory.join(removed);
                self.0.retain(|path, _| !path.starts_with(&removed));
            } else {
                let link = (entry.header().entry_type() == EntryType::Symlink).then(|| entry.link_name());
                let link = link.transpose()?.flatten().map(std::borrow::Cow::into_owned);
                added.insert(path, link);
            }
        }
        self.0.extend(added);
        Ok(())
    }

    /// Whether there is something at this absolute path, links followed.
    pub fn has(&self, path: &str) -> bool {
        self.resolve(Path::new(path)).is_some()
    }

    /// Which of a program's needs are missing: its loader, and libraries that are in none of the usual directories.
    pub fn lack(&self, needs: &Needs) -> Vec<String> {
        let interpreter = needs.interpreter.iter().filter(|path| !self.has(path)).cloned();
        let libraries = needs.libraries.iter().filter(|name| !self.has_library(name)).cloned();
        interpreter.chain(libraries).collect()
    }

    fn has_library(&self, name: &str) -> bool {
        let directories = LIBRARY_FOLDERS.iter().filter_map(|directory| self.resolve(Path::new(directory)));
        let mut files = self.0.keys().filter(|path| path.file_name().is_some_and(|file| file == name));
        let directories: Vec<PathBuf> = directories.collect();
        files.any(|path| {
            let above = path.ancestors().skip(1).take(2);
            above.into_iter().any(|above| directories.iter().any(|directory| directory == above))
                && self.resolve(path).is_some()
        })
    }

    /// Where a path leads in the end; `None` when there is nothing.
    fn resolve(&self, path: &Path) -> Option<PathBuf> {
        let mut path = plain(path);
        for _ in 0..MOST_LINKS {
            let link =
                path.ancestors().filter_map(|above| Some((above.to_owned(), self.0.get(above)?.clone()?))).last();
            let Some((above, target)) = link else {
                // A layer need not have entries for the directories above its files.
                return self.0.keys().any(|known| known.starts_with(&path)).then_some(path);
            };
            let rest = path.strip_prefix(&above).unwrap_or(Path::new("")).to_owned();
            path = plain(&above.parent().unwrap_or(Path::new("")).join(target).join(rest));
        }
        None
    }
}

/// A path without a root, `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => drop(plain.pop()),
            Component::RootDir => plain.clear(),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use tar::{Builder, Header};

    fn files(layers: &[&[(&str, Option<&str>)]]) -> Files {
        let mut files = Files::default();
        for layer in layers {
            let mut tar = Builder::new(Vec::new());
            for (path, link) in *layer {
                let mut header = Header::new_gnu();
                header.set_size(0);
                header.set_entry_type(if link.is_some() { EntryType::Symlink } else { EntryType::Regular });
                match link {
                    Some(target) => tar.append_link(&mut header, path, target),
                    None => tar.append_data(&mut header, path, &[][..]),
                }
                .expect("memory can be written");
            }
            files.add(&mut &tar.into_inner().expect("memory can be written")[..]).expect("it is a tar file");
        }
        files
    }

    #[test]
    fn links_of_files_and_folders_are_followed() {
        let files = files(&[&[
            ("usr/lib64/ld.so.2", None),
            ("lib64", Some("usr/lib64")),
            ("a", Some("/b")),
            ("b", Some("./a")),
            ("gone", Some("nowhere")),
        ]]);
        assert!(files.has("/lib64/ld.so.2") && files.has("/usr/lib64") && !files.has("/usr/lib"));
        assert!(!files.has("/a"), "a circle leads nowhere");
        assert!(!files.has("/gone"), "a link to nothing is nothing");
    }

    #[test]
    fn upper_layers_remove_what_lower_ones_have() {
        let lower = [("etc/a", None), ("etc/b", None), ("opt/x/y", None)];
        let files = files(&[&lower, &[("etc/.wh.a", None), ("opt/.wh..wh..opq", None), ("opt/z", None)]]);
        let there: Vec<bool> = ["/etc/a", "/etc/b", "/opt/x/y", "/opt/z"].iter().map(|path| files.has(path)).collect();
        assert_eq!(there, [false, true, false, true]);
    }

    #[test]
    fn what_a_program_lacks_is_named() {
        let libraries = ["libc.so.6", "libm.so.6", "libz.so.1"].map(str::to_owned).to_vec();
        let needs = Needs { architecture: String::new(), interpreter: Some("/lib64/ld.so.2".to_owned()), libraries };
        let files = files(&[&[
            ("usr/lib/x86_64-linux-gnu/libc.so.6", None),
            ("lib", Some("usr/lib")),
            ("lib64/ld.so.2", Some("/lib/x86_64-linux-gnu/ld.so.2")),
            ("usr/lib/libm.so.6", Some("libm-2.so")),
            ("home/me/libz.so.1", None),
        ]]);
        assert_eq!(files.lack(&needs), ["/lib64/ld.so.2", "libm.so.6", "libz.so.1"]);
        assert_eq!(Files::default().lack(&Needs::default()), [""; 0]);
    }
}
