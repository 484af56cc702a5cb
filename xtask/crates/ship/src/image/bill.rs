//! The SBOM of a service: every crate that is compiled into it, in the format `CycloneDX` 1.5.
//!
//! Pure except for [`write`]: cargo's metadata goes in, JSON comes out, the same for the same lock file and commit.

use super::spec::BillSpec;
use cargo_metadata::{DependencyKind, Metadata, Package, PackageId};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use xtask_core::error::{Error, Result};

/// Writes the SBOMs from the output of `cargo metadata`; `time` is the commit's, RFC 3339.
pub fn write(metadata: &[u8], bills: &[BillSpec], time: Option<&str>) -> Result<()> {
    let metadata: Metadata = serde_json::from_slice(metadata)
        .map_err(|error| Error::environment("read the answer of `cargo metadata`").because(error))?;
    for bill in bills {
        let text = format!("{:#}\n", of(&metadata, &bill.package, time));
        if let Some(directory) = bill.file.parent() {
            std::fs::create_dir_all(directory)
                .map_err(|error| Error::environment(format!("create {}", directory.display())).because(error))?;
        }
        xtask_core::files::write_atomic(&bill.file, text.as_bytes())?;
    }
    Ok(())
}

/// The SBOM of one package.
fn of(metadata: &Metadata, package: &str, time: Option<&str>) -> Value {
    let packages: HashMap<&PackageId, &Package> = metadata.packages.iter().map(|it| (&it.id, it)).collect();
    let edges = edges(metadata);
    let root = PackageId { repr: package.to_owned() };
    let mut found: BTreeMap<String, &PackageId> = BTreeMap::new();
    let mut open = vec![&root];
    while let Some(id) = open.pop() {
        let Some(package) = packages.get(id) else { continue };
        if found.insert(purl(package), &package.id).is_none() {
            open.extend(edges.get(id).into_iter().flatten().copied());
        }
    }
    let component = |id: &PackageId, kind: &str| packages.get(id).map(|package| component(package, kind));
    let components: Vec<Value> =
        found.values().filter(|id| ***id != root).filter_map(|id| component(id, "library")).collect();
    let dependencies: Vec<Value> = found
        .iter()
        .map(|(name, id)| {
            let on = edges.get(*id).into_iter().flatten().filter_map(|id| packages.get(*id));
            let mut on: Vec<String> = on.map(|package| purl(package)).collect();
            on.sort_unstable();
            json!({ "ref": name, "dependsOn": on })
        })
        .collect();
    let mut about = json!({ "component": component(&root, "application") });
    if let Some(time) = time {
        about["timestamp"] = json!(time);
    }
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": about,
        "components": components,
        "dependencies": dependencies,
    })
}

/// The dependencies compiled into each package: neither those of its tests only nor those of its build script only.
fn edges(metadata: &Metadata) -> HashMap<&PackageId, Vec<&PackageId>> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    nodes
        .map(|node| {
            let normal = node
                .deps
                .iter()
                .filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
            (&node.id, normal.map(|dependency| &dependency.pkg).collect())
        })
        .collect()
}

fn component(package: &Package, kind: &str) -> Value {
    let name = purl(package);
    let mut component = json!({
        "type": kind,
        "bom-ref": name,
        "name": package.name.as_str(),
        "version": package.version.to_string(),
        "purl": name,
    });
    if let Some(licence) = &package.license {
        // The slash is how manifests wrote it before there were expressions.
        component["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    } else if let Some(file) = &package.license_file {
        component["licenses"] = json!([{ "license": { "name": format!("see {file} in the package") } }]);
    }
    component
}

/// The package's globally unique name: <https://github.com/package-url/purl-spec>.
fn purl(package: &Package) -> String {
    let name = format!("pkg:cargo/{}@{}", package.name, package.version.to_string().replace('+', "%2B"));
    match package.source.as_ref().and_then(|source| source.repr.strip_prefix("git+")) {
        Some(url) => {
            let encode = |c: char| match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' | '~' | ':' | '/' => c.to_string(),
                other => format!("%{:02X}", u32::from(other)),
            };
            format!("{name}?vcs_url=git%2B{}", url.chars().map(encode).collect::<String>())
        }
        None => name,
    }
}

#[cfg(test)]
mod tests;
