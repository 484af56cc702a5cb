//! Packages whose names are those of jobs, or read like a part of another task's name.

use super::*;
use std::collections::BTreeSet;

/// What stages call their jobs, and names that would be the same with another separator.
const LIKE_JOBS: [&str; 24] = [
    "all",
    "auth",
    "auth-push",
    "bills-of-materials",
    "clean",
    "compile",
    "doc",
    "fmt",
    "foo",
    "foo-doc",
    "gate",
    "instrument",
    "lcov",
    "lint",
    "login",
    "push",
    "push-auth",
    "release",
    "report",
    "server-postgres",
    "server-redis",
    "servers",
    "setup",
    "test-services-foo",
];

/// A workspace in which each of these is a service with all kinds of tests.
fn workspace() -> Workspace {
    let service = |name: &&str| Package {
        name: (*name).to_owned(),
        id: format!("path+file:///shop/services/{name}#0.1.0"),
        dir: format!("/shop/services/{name}").into(),
        crate_name: name.replace('-', "_"),
        library_tests: true,
        doc_tests: true,
        programs: vec![(*name).to_owned()],
        tested_programs: vec![(*name).to_owned()],
        integration_tests: vec!["api".to_owned()],
        metadata: json!({ "service": { "needs": ["postgres", "redis"] } }),
        ..Package::default()
    };
    Workspace { packages: LIKE_JOBS.iter().map(service).collect(), ..shop(Value::Null) }
}

#[test]
fn every_task_has_a_name_and_a_log_of_its_own_whatever_packages_are_called() {
    let (workspace, pipeline) = (workspace(), Pipeline::default());
    for (line, stage) in [
        ("ci", "test-services"),
        ("ci --event push --skip docker", "test-services"),
        ("test-matrix", "test-services"),
        ("coverage", "code-coverage"),
        ("integration", "integration-tests"),
        ("docker", "build-and-push"),
    ] {
        let settings = resolved(&pipeline, line, &workspace).expect("it can be resolved");
        let plan = build(&workspace, &settings, &pipeline).expect("it can be planned");
        let ids: BTreeSet<&str> = plan.tasks().map(|task| task.id.as_str()).collect();
        let logs: BTreeSet<String> = plan.tasks().map(|task| task.id.log_file()).collect();
        assert_eq!((ids.len(), logs.len()), (plan.tasks().count(), plan.tasks().count()), "{line}");
        let stage = plan.stages.iter().find(|known| known.id.as_str() == stage).expect("it is part of the plan");
        let services: BTreeSet<&str> = stage.tasks.iter().filter_map(|task| task.service.as_deref()).collect();
        assert_eq!(services, BTreeSet::from(LIKE_JOBS), "{line}");
        for task in plan.tasks() {
            let lost: Vec<_> = task.needs.iter().filter(|need| !ids.contains(need.as_str())).collect();
            assert!(lost.is_empty(), "{} needs {lost:?}", task.id);
        }
    }
}
