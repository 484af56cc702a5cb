//! What cargo and the machine know about a workspace: its packages, the flags that its code is compiled with, and the
//! advisory database.

pub mod advisories;
pub mod flags;
pub mod load;
