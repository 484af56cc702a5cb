//! Objects as data, without requests and without controllers: what kinds there are, what fields they have, how they are
//! checked, merged, selected, printed, owned and stored.

pub mod columns;
pub mod fields;
pub mod json;
pub mod kinds;
pub mod merge;
pub mod owners;
pub mod protobuf;
pub mod schema;
pub mod selector;
pub mod store;
pub mod table;
pub mod validate;
