//! The process: everything it does is in the library.

fn main() -> std::process::ExitCode {
    kit::serve(&content_service::SERVICE)
}
