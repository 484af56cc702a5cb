//! The difference of two texts, line by line, as people know it from git.

/// What happens to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It stays.
    Kept,
    /// It is only in the text before.
    Removed,
    /// It is only in the text after.
    Added,
}

impl Mark {
    fn sign(self) -> char {
        match self {
            Self::Kept => ' ',
            Self::Removed => '-',
            Self::Added => '+',
        }
    }
}

/// How many unchanged lines are shown around a change.
const AROUND: usize = 3;

/// All lines of both texts, with their line ends.
pub fn rows<'a>(before: &'a str, after: &'a str) -> Vec<(Mark, &'a str)> {
    let (a, b): (Vec<&str>, Vec<&str>) =
        (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    // How many lines from here on both have in common, at most.
    let mut common = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = if a[i] == b[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut rows) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            rows.push((Mark::Kept, a[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || common[i + 1][j] >= common[i][j + 1]) {
            rows.push((Mark::Removed, a[i]));
            i += 1;
        } else {
            rows.push((Mark::Added, b[j]));
            j += 1;
        }
    }
    rows
}

/// The difference as a patch of the file `path`; `before` is `None` for a new file.
pub fn patch(path: &str, before: Option<&str>, after: &str) -> String {
    let from = before.map_or_else(|| "/dev/null".to_owned(), |_| format!("a/{path}"));
    let mut patch = format!("--- {from}\n+++ b/{path}\n");
    let rows = rows(before.unwrap_or_default(), after);
    let is_near = |at: usize| {
        let near = at.saturating_sub(AROUND)..rows.len().min(at + AROUND + 1);
        rows[near].iter().any(|(mark, _)| *mark != Mark::Kept)
    };
    let (mut old, mut new, mut at) = (0, 0, 0);
    while at < rows.len() {
        let length = (at..rows.len()).take_while(|&at| is_near(at)).count();
        let hunk = &rows[at..at + length];
        let of = |mark: Mark| hunk.iter().filter(|row| row.0 != mark).count();
        let (olds, news) = (of(Mark::Added), of(Mark::Removed));
        if length > 0 {
            // A side without lines is at the line before, as git has it.
            let start = |before: usize, lines: usize| if lines == 0 { before } else { before + 1 };
            patch.extend([format!("@@ -{},{olds} +{},{news} @@\n", start(old, olds), start(new, news))]);
            patch.extend(hunk.iter().map(|(mark, line)| shown(*mark, line)));
        }
        (old, new, at) = (old + olds, new + news, at + length);
        if at < rows.len() {
            // The next row is far from every change.
            (old, new, at) = (old + 1, new + 1, at + 1);
        }
    }
    patch
}

/// A line as a patch shows it.
pub fn shown(mark: Mark, line: &str) -> String {
    let missing = if line.ends_with('\n') { "" } else { "\n\\ No newline at end of file\n" };
    format!("{}{line}{missing}", mark.sign())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_surroundings_of_a_change_are_shown() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let after = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n";
        assert_eq!(
            patch("f", Some(before), after),
            "--- a/f\n+++ b/f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
        );
    }

    #[test]
    fn a_new_file_has_nothing_before_it() {
        assert_eq!(patch("f", None, "x\n"), "--- /dev/null\n+++ b/f\n@@ -0,0 +1,1 @@\n+x\n");
    }

    #[test]
    fn a_missing_line_end_is_shown() {
        let patch = patch("f", Some("a"), "a\nb\n");
        assert_eq!(patch, "--- a/f\n+++ b/f\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n");
    }
}
