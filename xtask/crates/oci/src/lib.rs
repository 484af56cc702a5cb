//! Packs files into an OCI image layout, and reads such layouts.
//!
//! An image is a pure function of its input: layers are sorted, owned by root, and carry the time that the caller
//! passes, so the same input yields the same bytes, and therefore the same digest, on every machine. The crate knows
//! nothing about services, registries or stages. The format: <https://github.com/opencontainers/image-spec>.

mod digest;
mod elf;
mod error;
mod files;
mod layer;
mod layout;
mod recipe;
pub mod spec;

pub use digest::Digest;
pub use elf::{Needs, needs};
pub use error::{Error, Result};
pub use files::Files;
pub use layer::Layer;
pub use layout::Image;
pub use recipe::Recipe;
