//! `cargo xtask` of this repository.

use std::process::ExitCode;
use xtask_app::App;

fn main() -> ExitCode {
    App::new().main()
}
