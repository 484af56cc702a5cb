//! `cargo xtask` in every workspace, once it is installed: `cargo install --path xtask/crates/app`.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask_app::App::new().main()
}
