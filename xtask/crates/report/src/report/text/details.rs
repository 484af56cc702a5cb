//! The findings of a stage that was run alone, as tables: in a run of many stages the report has them. Pushed images
//! are always shown, because others can use them now.

use super::super::display::{Display, Verbosity, clean};
use super::super::summary::Summary;
use super::super::words;
use xtask_core::outcome::Outcome;
use xtask_core::reading::{Image, Table};
use xtask_core::text;

/// Rows of a table; the report has more.
const ROWS: usize = 40;

/// The tables: tests, coverage, sizes, and the findings of the tools.
pub(super) fn tables(summary: &Summary, display: Display) -> String {
    let ran = |outcome: Outcome| !matches!(outcome, Outcome::Skipped | Outcome::NothingToDo);
    let alone = summary.stages.iter().filter(|stage| ran(stage.outcome)).count() == 1;
    let mut tables = Vec::new();
    if alone || display.verbosity == Verbosity::Verbose {
        // Without a terminal every task has had its own line.
        tables.extend(tests(summary).filter(|_| display.interactive));
        tables.extend(coverage(summary));
        tables.extend(binaries(summary).filter(|_| summary.images.is_empty()));
        tables.extend(images(summary));
        tables.extend(summary.tasks().flat_map(|(_, task)| task.tables.clone()));
    } else if summary.images.iter().any(|image| image.repository.is_some()) {
        tables.extend(images(summary));
    }
    let shown: Vec<String> =
        tables.iter().filter(|table| !table.rows.is_empty()).map(|table| lay_out(table, display)).collect();
    shown.join("\n\n")
}

fn tests(summary: &Summary) -> Option<Table> {
    let rows: Vec<Vec<String>> =
        summary.tasks().filter_map(|(_, task)| Some(vec![task.id.to_string(), words::tests(task.tests?)])).collect();
    (rows.len() > 1).then(|| table("Tests", &["task", "tests"], rows))
}

fn coverage(summary: &Summary) -> Option<Table> {
    let coverage = summary.coverage.as_ref()?;
    let mut rows = vec![vec!["all".to_owned(), words::percent(coverage.line_percent)]];
    rows.extend(coverage.services.iter().map(|(name, percent)| vec![name.clone(), words::percent(*percent)]));
    Some(table("Coverage", &["service", "lines"], rows))
}

fn binaries(summary: &Summary) -> Option<Table> {
    let all = summary.tasks().flat_map(|(_, task)| &task.binaries);
    let shipped = all.filter(|binary| binary.kind == "bin" && !binary.test && binary.bytes > 0);
    let rows: Vec<Vec<String>> = shipped.map(|binary| vec![binary.target.clone(), text::bytes(binary.bytes)]).collect();
    (!rows.is_empty()).then(|| table("Binaries", &["binary", "size"], rows))
}

fn images(summary: &Summary) -> Option<Table> {
    let pushed = summary.images.iter().any(|image| image.repository.is_some());
    let row = |image: &Image| {
        let mut row = vec![image.service.clone(), text::bytes(image.bytes), image.digest.clone()];
        row.extend(pushed.then(|| image.tags.join(" ")));
        row
    };
    let columns = ["service", "size", "digest", "pushed as"];
    let columns = &columns[..if pushed { 4 } else { 3 }];
    let rows: Vec<Vec<String>> = summary.images.iter().map(row).collect();
    (!rows.is_empty()).then(|| table("Images", columns, rows))
}

fn table(title: &str, columns: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table { title: title.to_owned(), columns: columns.iter().map(|&name| name.to_owned()).collect(), rows }
}

/// Title, head and rows with their columns one below the other, cut where a terminal ends.
fn lay_out(table: &Table, display: Display) -> String {
    let style = display.style();
    let rows: Vec<Vec<String>> = std::iter::once(&table.columns)
        .chain(table.rows.iter().take(ROWS))
        .map(|row| row.iter().map(|cell| clean(cell)).collect())
        .collect();
    let widths: Vec<usize> = (0..table.columns.len())
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|c| console::measure_text_width(c)).max())
        .map(Option::unwrap_or_default)
        .collect();
    let mut lines = vec![style.bold(&clean(&table.title))];
    for (index, row) in rows.iter().enumerate() {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| console::pad_str(cell, *width, console::Alignment::Left, None).into_owned());
        let line = format!("  {}", cells.collect::<Vec<_>>().join("  "));
        let line = style.cut(line.trim_end(), display.limit());
        lines.push(if index == 0 { style.dim(&line) } else { line });
    }
    if let Some(more) = table.rows.len().checked_sub(ROWS).filter(|more| *more > 0) {
        lines.push(style.dim(&format!("  {} and {}", style.ellipsis(), text::count(more, "more row"))));
    }
    lines.join("\n")
}
