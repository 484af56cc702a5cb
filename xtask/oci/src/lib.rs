//! Packs files into an OCI image layout, and reads such layouts.
//!
//! An image is a pure function of what is handed in: layers are sorted, owned by root, and carry the time that their
//! caller says, so that the same input gives the same bytes and therefore the same digest on every machine. Knows
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
