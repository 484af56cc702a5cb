//! Each service answers as the document that it serves says, to everything that this allows and to much that it
//! forbids.

use crate::running::{Running, programs, servers, variables};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use std::process::Command;

/// What each answer is held to. Not asked is what a document cannot say: that a rule of the domain takes all that the
/// schema allows, and that what was made for one author is there for the next one as well.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
    response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,ignored_auth";

/// An answer that goes on for ever is read for a second.
const SETTINGS: &str = "[[operations]]\ninclude-tag = \"live\"\nrequest-timeout = 1.0\n";

#[test]
fn every_service_keeps_to_its_openapi_document() {
    let Ok(schemathesis) = which::which("schemathesis") else {
        return test_cluster::not_tested("there is no `schemathesis`");
    };
    let programs = programs();
    assert!(programs.len() >= 12, "the services are there: {programs:?}");
    let servers = servers(programs.keys().cloned());
    // It looks for its settings in its current directory, and keeps notes there.
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join("schemathesis.toml"), SETTINGS).expect("it can be written");
    let services: Vec<_> = programs.iter().map(|(name, program)| (name, program, variables(&servers, name))).collect();
    let failures: Vec<String> = services
        .par_iter()
        .filter_map(|(service, program, variables)| {
            let running = Running::start(program, variables);
            let mut ask = Command::new(&schemathesis);
            let document = format!("{}/openapi.json", running.url);
            // The same questions in every run: what it finds today it found yesterday.
            let how = ["--max-examples", "20", "--generation-deterministic"];
            ask.current_dir(directory.path()).args(["run", &document, "--checks", CHECKS]).args(how);
            ask.args(["--wait-for-schema", "30", "--no-color"]);
            let output = ask.output().expect("schemathesis starts");
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            (!output.status.success()).then(|| format!("{service}:\n{said}{}", String::from_utf8_lossy(&output.stderr)))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
