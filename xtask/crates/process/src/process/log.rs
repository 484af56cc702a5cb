//! The log of one child: its raw bytes, in a file that never grows beyond its cap.
//!
//! The first half of the cap is the head and is written once. The second half is a ring buffer for the following bytes,
//! so the tail is complete whenever the child ends, and everything that had arrived is on disk when xtask is killed. At
//! the end the ring is unrolled after a line that says how many bytes are missing.
//!
//! It does not interpret the bytes. A failure with the file ends the logging with a note and affects nothing else.

use std::fs::{self, File, Permissions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A log that is being written.
pub(super) struct Log {
    path: PathBuf,
    /// `None` once writing has failed.
    file: Option<File>,
    /// Bytes of the head; the ring has the rest of the cap.
    head: u64,
    ring: u64,
    /// Bytes that arrived.
    total: u64,
    note: Option<String>,
}

impl Log {
    /// Starts the log at `path`, replacing an older one, with at most `cap` bytes of the child's.
    pub(super) fn create(path: &Path, cap: u64) -> Self {
        let cap = cap.max(2);
        let mut log =
            Self { path: path.to_owned(), file: None, head: cap / 2, ring: cap - cap / 2, total: 0, note: None };
        match File::options().read(true).write(true).create(true).truncate(true).open(path) {
            Ok(file) => log.file = Some(file),
            Err(err) => log.give_up(&err),
        }
        log
    }

    /// Adds what arrived.
    pub(super) fn write(&mut self, mut bytes: &[u8]) {
        while let (Some(file), false) = (&self.file, bytes.is_empty()) {
            let (at, room) = self.place();
            let fits = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
            if let Err(err) = file.write_all_at(&bytes[..fits], at) {
                return self.give_up(&err);
            }
            self.total += fits as u64;
            bytes = &bytes[fits..];
        }
    }

    /// Where in the file the next byte goes, and how many fit from there.
    fn place(&self) -> (u64, u64) {
        match self.total.checked_sub(self.head) {
            None => (self.total, self.head - self.total),
            Some(beyond) => (self.head + beyond % self.ring, self.ring - beyond % self.ring),
        }
    }

    /// Brings the file into reading order. Returns whether bytes were left out, and what went wrong.
    pub(super) fn finish(mut self) -> (bool, Option<String>) {
        let left_out = self.total.saturating_sub(self.head + self.ring);
        // Unrolling replaces this file with a new one: never do that to a device such as /dev/null.
        if left_out > 0
            && let Some(file) = self.file.take()
            && file.metadata().is_ok_and(|metadata| metadata.is_file())
            && let Err(err) = self.unroll(&file, left_out)
        {
            self.give_up(&err);
        }
        (left_out > 0, self.note)
    }

    /// Writes head, notice and tail to a new file and replaces the ring's with it.
    fn unroll(&self, from: &File, left_out: u64) -> io::Result<()> {
        let directory =
            self.path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut to = tempfile::NamedTempFile::new_in(directory)?;
        let (oldest, until_end) = self.place();
        copy(from, 0, self.head, to.as_file_mut())?;
        writeln!(to, "\n[xtask: {left_out} bytes left out here, the log is capped at {}]", self.head + self.ring)?;
        copy(from, oldest, until_end, to.as_file_mut())?;
        copy(from, self.head, self.ring - until_end, to.as_file_mut())?;
        let permissions: Permissions = from.metadata()?.permissions();
        fs::set_permissions(to.path(), permissions)?;
        to.persist(&self.path)?;
        Ok(())
    }

    fn give_up(&mut self, err: &io::Error) {
        self.file = None;
        self.note = Some(format!("the log {} is incomplete: {err}", self.path.display()));
    }
}

/// Copies `length` bytes that start at `at`.
fn copy(mut from: &File, at: u64, length: u64, to: &mut File) -> io::Result<()> {
    from.seek(SeekFrom::Start(at))?;
    io::copy(&mut io::Read::take(from, length), to).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes the chunks under a cap of 16 and returns the log.
    fn logged(chunks: &[&str]) -> (String, bool) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("task.log");
        fs::write(&path, "of an older run").expect("an older log");
        let mut log = Log::create(&path, 16);
        for chunk in chunks {
            log.write(chunk.as_bytes());
        }
        let (cut, note) = log.finish();
        assert_eq!(note, None);
        assert_eq!(fs::read_dir(directory.path()).expect("the directory").count(), 1, "nothing is left beside the log");
        (fs::read_to_string(path).expect("the log"), cut)
    }

    #[track_caller]
    fn case(chunks: &[&str], want: &str, want_cut: bool) {
        assert_eq!(logged(chunks), (want.to_owned(), want_cut));
    }

    #[test]
    fn a_log_keeps_its_head_and_its_tail() {
        let notice = |n: u64| format!("\n[xtask: {n} bytes left out here, the log is capped at 16]\n");
        case(&[], "", false);
        case(&["12345678"], "12345678", false);
        case(&["1234567", "89abcdefg"], "123456789abcdefg", false);
        case(&["123456789abcdefgh"], &format!("12345678{}abcdefgh", notice(1)), true);
        case(&["12345678", "abcdefgh", "ABC"], &format!("12345678{}defghABC", notice(3)), true);
        case(&["12345678", "abcdefgh", "ABCDEFGH"], &format!("12345678{}ABCDEFGH", notice(8)), true);
        let long = format!("12345678{}ABCDEFGH", "-".repeat(1000));
        case(&[&long], &format!("12345678{}ABCDEFGH", notice(1000)), true);
    }

    #[test]
    fn a_device_is_written_to_and_never_replaced() {
        let mut log = Log::create(Path::new("/dev/null"), 16);
        log.write(&[b'x'; 1000]);
        assert_eq!(log.finish(), (true, None));
        assert!(!fs::metadata("/dev/null").expect("it is there").is_file());
    }

    #[test]
    fn a_full_disk_stops_the_logging_with_one_note() {
        let mut log = Log::create(Path::new("/dev/full"), 1 << 20);
        log.write(b"one");
        log.write(b"two");
        let (cut, note) = log.finish();
        assert!(!cut);
        assert!(note.is_some_and(|note| note.contains("/dev/full is incomplete: No space left")));
    }

    #[test]
    fn an_impossible_place_gives_a_note() {
        let mut log = Log::create(Path::new("/proc/no/such.log"), 1 << 20);
        log.write(b"one");
        assert!(log.finish().1.is_some_and(|note| note.contains("/proc/no/such.log")));
    }
}
