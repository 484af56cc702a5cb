//! Protocol Buffers, as kubectl's typed clients send the few objects that they make themselves (`kubectl auth`,
//! `kubectl create namespace`): decoded into the same JSON that everything else comes in. Answers are always JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// What a message's field holds.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Texts,
    Bool,
    /// A map from texts to texts, or to bytes, which JSON has in Base64.
    Map,
    Bytes,
    Message(&'static [Field]),
    /// The server's own: read over.
    Ignored,
}

type Field = (u64, &'static str, Kind);

const METADATA: Field = (
    1,
    "metadata",
    Kind::Message(&[
        (1, "name", Kind::Text),
        (2, "generateName", Kind::Text),
        (3, "namespace", Kind::Text),
        (8, "creationTimestamp", Kind::Ignored),
        (11, "labels", Kind::Map),
        (12, "annotations", Kind::Map),
    ]),
);
const RESOURCE_ATTRIBUTES: &[Field] = &[
    (1, "namespace", Kind::Text),
    (2, "verb", Kind::Text),
    (3, "group", Kind::Text),
    (4, "version", Kind::Text),
    (5, "resource", Kind::Text),
    (6, "subresource", Kind::Text),
    (7, "name", Kind::Text),
];
const STATUS: Field = (3, "status", Kind::Ignored);

/// The kinds that are understood. The numbers are those of Kubernetes's `generated.proto` files.
const KINDS: [(&str, &[Field]); 7] = [
    ("Namespace", &[METADATA, (2, "spec", Kind::Message(&[(1, "finalizers", Kind::Texts)])), STATUS]),
    ("ConfigMap", &[METADATA, (2, "data", Kind::Map), (3, "binaryData", Kind::Bytes), (4, "immutable", Kind::Bool)]),
    ("Secret", &[METADATA, (2, "data", Kind::Bytes), (3, "type", Kind::Text), (5, "immutable", Kind::Bool)]),
    ("ServiceAccount", &[METADATA]),
    (
        "SelfSubjectAccessReview",
        &[
            METADATA,
            (
                2,
                "spec",
                Kind::Message(&[
                    (1, "resourceAttributes", Kind::Message(RESOURCE_ATTRIBUTES)),
                    (2, "nonResourceAttributes", Kind::Message(&[(1, "path", Kind::Text), (2, "verb", Kind::Text)])),
                ]),
            ),
            STATUS,
        ],
    ),
    ("SelfSubjectRulesReview", &[METADATA, (2, "spec", Kind::Message(&[(1, "namespace", Kind::Text)])), STATUS]),
    ("SelfSubjectReview", &[METADATA, (2, "status", Kind::Ignored)]),
];

/// What Kubernetes puts before a message, so that it is known.
const MAGIC: &[u8] = b"k8s\0";

/// The object of a body, or `None` when it is none of Protocol Buffers. The error says which kind is not understood.
pub fn decode(body: &[u8]) -> Option<Result<Value, String>> {
    let envelope = body.strip_prefix(MAGIC)?;
    Some(object(envelope).unwrap_or_else(|| Err("the message is cut off".to_owned())))
}

fn object(envelope: &[u8]) -> Option<Result<Value, String>> {
    let (types, raw) = (part(envelope, 1)?, part(envelope, 2).unwrap_or_default());
    let text = |number| part(types, number).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let kind = text(2)?;
    let Some((_, fields)) = KINDS.iter().find(|(known, _)| *known == kind) else {
        return Some(Err(format!("this server understands no {kind} in Protocol Buffers: give it as a file, with -f")));
    };
    let mut object = message(raw, fields)?;
    object.insert("apiVersion".into(), json!(text(1)?));
    object.insert("kind".into(), json!(kind));
    Some(Ok(Value::Object(object)))
}

/// The bytes of the first field of that number.
fn part(bytes: &[u8], wanted: u64) -> Option<&[u8]> {
    parts(bytes)?.into_iter().find(|(number, _)| *number == wanted).map(|(_, part)| part)
}

fn message(bytes: &[u8], fields: &[Field]) -> Option<Map<String, Value>> {
    let mut object = Map::new();
    for (number, bytes) in parts(bytes)? {
        let Some((_, name, kind)) = fields.iter().find(|(known, ..)| *known == number) else { continue };
        let text = || json!(String::from_utf8_lossy(bytes));
        let entry = |value: fn(&[u8]) -> Value| {
            let key = String::from_utf8_lossy(part(bytes, 1).unwrap_or_default()).into_owned();
            (key, value(part(bytes, 2).unwrap_or_default()))
        };
        let mut add = |(key, value): (String, Value)| object.entry(*name).or_insert(json!({}))[key] = value;
        match kind {
            Kind::Ignored => {}
            // What is empty was not given: the encoding does not tell the two apart.
            Kind::Text if bytes.is_empty() => {}
            Kind::Map => add(entry(|value| json!(String::from_utf8_lossy(value)))),
            Kind::Bytes => add(entry(|value| json!(STANDARD.encode(value)))),
            Kind::Text => drop(object.insert((*name).into(), text())),
            Kind::Bool => drop(object.insert((*name).into(), json!(bytes != [0]))),
            Kind::Message(fields) => drop(object.insert((*name).into(), Value::Object(message(bytes, fields)?))),
            Kind::Texts => {
                let mut all = object.get(*name).and_then(Value::as_array).cloned().unwrap_or_default();
                all.push(text());
                object.insert((*name).into(), json!(all));
            }
        }
    }
    Some(object)
}

/// The fields of a message: their numbers and bytes. Numbers come as the bytes that they were written in.
fn parts(mut bytes: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let (tag, rest) = varint(bytes)?;
        let (length, rest) = match tag & 7 {
            0 => (rest.len() - varint(rest)?.1.len(), rest),
            1 => (8, rest),
            5 => (4, rest),
            _ => varint(rest).and_then(|(length, rest)| Some((usize::try_from(length).ok()?, rest)))?,
        };
        parts.push((tag >> 3, rest.get(..length)?));
        bytes = &rest[length..];
    }
    Some(parts)
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().take(10).position(|byte| byte & 0x80 == 0)?;
    let number = bytes[..=end].iter().rev().fold(0, |number, byte| (number << 7) | u64::from(byte & 0x7f));
    Some((number, &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(bytes.len()).expect("short")], bytes].concat()
    }

    fn body(kind: &str, raw: &[u8]) -> Vec<u8> {
        let types = [field(1, b"v1"), field(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), field(1, &types), field(2, raw)].concat()
    }

    #[test]
    fn an_object_is_decoded() {
        let labels = [field(11, &[field(1, b"a"), field(2, b"1")].concat()), field(1, b"m")].concat();
        let data = [field(2, &[field(1, b"k"), field(2, b"v")].concat()), vec![4 << 3, 1]].concat();
        let decoded = decode(&body("ConfigMap", &[field(1, &labels), data].concat()));
        let wanted = json!({ "apiVersion": "v1", "kind": "ConfigMap", "immutable": true, "data": { "k": "v" },
            "metadata": { "name": "m", "labels": { "a": "1" } } });
        assert_eq!(decoded, Some(Ok(wanted)));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        assert_eq!(decode(b"{}"), None);
        assert!(
            decode(&body("Deployment", b"")).is_some_and(|result| result.is_err_and(|why| why.contains("Deployment")))
        );
        let cut = &body("ConfigMap", &field(1, b"abc"))[..20];
        assert_eq!(decode(cut), Some(Err("the message is cut off".to_owned())));
    }
}
