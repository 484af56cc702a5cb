//! No module of a crate imports itself by way of others, so that each can be read, tested and moved without those above
//! it. Between crates, cargo allows no circle.
//!
//! The graph is made from the code's own paths. Of two files, what counts is the pair of modules where their paths part:
//! `report/text.rs` importing `plan/task.rs` is `report` → `plan`, and `report/fold.rs` importing `report/summary.rs` is
//! `fold` → `summary` within `report`. A module and those within it are one thing, and may name each other.

use crate::sources::{Source, xtask};
use std::collections::{BTreeMap, BTreeSet};

/// A module's names from the crate's root: `["report", "text"]`.
type Module = Vec<String>;

/// By each module the graph of those directly within it: who imports whom, and an example of it.
type Graphs = BTreeMap<Module, BTreeMap<(String, String), String>>;

#[test]
fn no_module_imports_itself_by_way_of_others() {
    let mut crates: BTreeMap<String, Vec<Source>> = BTreeMap::new();
    for source in xtask() {
        crates.entry(source.place().0.to_owned()).or_default().push(source);
    }
    let graphs: Vec<(String, Graphs)> = crates.into_iter().map(|(name, sources)| (name, graphs(&sources))).collect();
    let edges: usize = graphs.iter().flat_map(|(_, graphs)| graphs.values()).map(BTreeMap::len).sum();
    assert!(edges > 300, "only {edges} imports were found");
    let found: Vec<String> = graphs
        .iter()
        .flat_map(|(name, graphs)| circles(graphs).into_iter().map(move |circle| format!("{name}: {circle}")))
        .collect();
    assert!(found.is_empty(), "data flows one way; these imports run in circles:\n{}", found.join("\n"));
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let file = |path: &str, code: &str| Source {
        path: format!("xtask/crates/x/src/{path}"),
        text: String::new(),
        code: code.to_owned(),
        lines: 1,
    };
    let sources = [
        file("a.rs", "use crate::b::{self, inner::{Thing, Other as Same}};\n"),
        file("b/mod.rs", "mod inner;\nmod outer;\npub use inner::Thing;\n"),
        file("b/inner.rs", "use super::outer::Shape;\n"),
        file("b/outer.rs", "fn of(it: super::inner::Thing) -> crate::c::It { it.into() }\n"),
        file("c.rs", "use crate::a::A;\n"),
        file("d.rs", "use crate::a::A;\n"),
    ];
    let found = circles(&graphs(&sources));
    assert_eq!(
        found,
        [
            "a → b → c → a\n  a → b: a.rs\n  b → c: b/outer.rs\n  c → a: c.rs",
            "in b: inner → outer → inner\n  inner → outer: b/inner.rs\n  outer → inner: b/outer.rs",
        ]
    );
}

/// Who imports whom, level by level.
fn graphs(sources: &[Source]) -> Graphs {
    let files: BTreeMap<Module, &Source> = sources
        .iter()
        .filter(|source| !source.code.is_empty())
        .filter_map(|source| Some((module(source)?, source)))
        .collect();
    let mut graphs = Graphs::new();
    for (from, source) in &files {
        for to in paths(&source.code).iter().filter_map(|path| target(from, path, &files)) {
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) {
                let file = source.place().1.to_owned();
                let edges = graphs.entry(from[..shared].to_vec()).or_default();
                edges.entry((a.clone(), b.clone())).or_insert(file);
            }
        }
    }
    graphs
}

/// One circle for each module that lies on one, none twice.
fn circles(graphs: &Graphs) -> Vec<String> {
    let mut found = Vec::new();
    for (level, edges) in graphs {
        let mut seen = BTreeSet::new();
        for (a, b) in edges.keys() {
            let Some(way) = way(b, a, edges) else { continue };
            if way.iter().any(|module| !seen.insert(module.clone())) {
                continue;
            }
            let circle: Vec<&String> = std::iter::once(a).chain(way.iter()).collect();
            let names = circle.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" → ");
            let steps = circle.windows(2).map(|pair| (pair[0].clone(), pair[1].clone()));
            let steps: Vec<String> =
                steps.map(|step| format!("\n  {} → {}: {}", step.0, step.1, edges[&step])).collect();
            let place = if level.is_empty() { String::new() } else { format!("in {}: ", level.join("/")) };
            found.push(format!("{place}{names}{}", steps.concat()));
        }
    }
    found
}

/// The shortest way along the edges, both ends included.
fn way(from: &str, to: &str, edges: &BTreeMap<(String, String), String>) -> Option<Vec<String>> {
    let mut ways = vec![vec![from.to_owned()]];
    let mut next = 0;
    while let Some(way) = ways.get(next).cloned() {
        next += 1;
        let last = way.last()?;
        if last == to {
            return Some(way);
        }
        for (_, further) in edges.keys().filter(|(a, _)| a == last) {
            if !ways.iter().any(|way| way.contains(further)) {
                ways.push(way.iter().chain([further]).cloned().collect());
            }
        }
    }
    None
}

fn module(source: &Source) -> Option<Module> {
    let path = source.place().1.strip_suffix(".rs")?;
    let path = path.strip_suffix("/mod").unwrap_or(path);
    (!["lib", "main"].contains(&path)).then(|| path.split('/').map(str::to_owned).collect())
}

/// The module that a path leads to, seen from the module `from`; `None` for what lies outside of the crate.
fn target(from: &Module, path: &[String], files: &BTreeMap<Module, &Source>) -> Option<Module> {
    let up = path.iter().take_while(|name| *name == "super").count();
    let (mut module, names) = match path.first()?.as_str() {
        "crate" => (Module::new(), &path[1..]),
        "super" => (from[..from.len().checked_sub(up)?].to_vec(), &path[up..]),
        _ => return None,
    };
    for name in names {
        module.push(name.clone());
        if !files.contains_key(&module) {
            module.pop();
            break;
        }
    }
    Some(module)
}

/// Every path that begins with `crate` or `super`, those within the braces of an import one by one.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        let before = code[..at].chars().next_back();
        // `super::super::x` is found by its first `super`.
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        expand(&code[at..], &[], &mut found);
    }
    found
}

/// Adds the paths of an import tree that `text` begins with; returns what is behind it.
fn expand<'a>(text: &'a str, before: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let mut path = before.to_vec();
    let mut rest = text.trim_start();
    loop {
        let name = rest.len() - rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len();
        if name > 0 {
            path.push(rest[..name].to_owned());
        }
        rest = &rest[name..];
        match rest.strip_prefix("::") {
            Some(further) => rest = further,
            None => break,
        }
        if let Some(mut inner) = rest.strip_prefix('{') {
            while !inner.trim_start().starts_with('}') && !inner.trim_start().is_empty() {
                inner = expand(inner, &path, found);
                // Behind an `as`, too, the next one comes after the comma.
                inner = inner.trim_start_matches(|c| c != ',' && c != '}').trim_start_matches(',');
            }
            return inner.trim_start().strip_prefix('}').unwrap_or_default();
        }
    }
    found.push(path);
    rest
}
