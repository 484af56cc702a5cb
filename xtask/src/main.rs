//! `cargo xtask` of this repository.

use own_tests::OwnTests;
use std::process::ExitCode;
use xtask_app::App;

fn main() -> ExitCode {
    App::new().command(OwnTests).main()
}
