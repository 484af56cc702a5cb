//! What the tests share: a sandbox with the real xtask in it, fixtures, and the other sides that xtask talks to.

pub mod advisories;
pub mod awkward;
pub mod deploying;
pub mod engine;
pub mod hook;
pub mod peers;
pub mod private;
pub mod pushing;
pub mod runner;
pub mod running;
pub mod sandbox;
pub mod terminal;
pub mod traces;
#[path = "../../tidy/yaml.rs"]
pub mod yaml;
