//! `--json`: the summary on stdout, for programs.

use super::{Printer, Summary};

/// Prints the summary as one JSON document.
pub fn print(summary: &Summary, printer: &Printer) {
    printer.data(&summary.to_json());
}

#[cfg(test)]
mod tests {
    use super::super::{Fold, printer, sample};
    use super::*;

    #[test]
    fn stdout_holds_one_document_and_nothing_else() {
        let (printer, out, err) = printer::tests::memory(true);
        let summary = Fold::of(&sample::hostile()).finish();
        print(&summary, &printer);
        assert_eq!(serde_json::from_str::<Summary>(&out.text()).expect("stdout is JSON"), summary);
        assert_eq!(err.text(), "");
        assert!(out.text().lines().all(|line| !line.trim_start().starts_with("::")), "no line is a workflow command");
    }
}
