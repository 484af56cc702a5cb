//! The process: everything it does is in the library.

fn main() -> std::process::ExitCode {
    kit::serve(&template_service::SERVICE)
}
