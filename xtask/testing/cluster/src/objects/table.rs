//! Objects as a `Table`, which is what `kubectl get` asks for.

use super::columns::{self, Column};
use super::kinds::Resource;
use serde_json::{Value, json};

/// A table of these objects. `whole`: the rows carry the objects, not their metadata alone.
pub fn table(resource: &Resource, objects: &[Value], metadata: &Value, whole: bool, now: u64) -> Value {
    let columns = columns::of(resource.plural);
    let definitions: Vec<Value> = columns.iter().map(definition).collect();
    let rows: Vec<Value> = objects.iter().map(|object| row(columns, object, whole, now)).collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": definitions, "rows": rows,
    })
}

fn definition(column: &Column) -> Value {
    let format = if column.name == "Name" { "name" } else { "" };
    let priority = u8::from(column.wide);
    json!({ "name": column.name, "type": "string", "format": format, "description": "", "priority": priority })
}

fn row(columns: &[Column], object: &Value, whole: bool, now: u64) -> Value {
    let cells: Vec<Value> = columns.iter().map(|column| (column.cell)(object, now)).collect();
    let object = if whole {
        object.clone()
    } else {
        json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] })
    };
    json!({ "cells": cells, "object": object })
}
