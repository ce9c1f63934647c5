//! Crates are cut by what they may not know. The tables here are that cut: a package depends on what its row allows
//! and on nothing else of the workspace, and heavy libraries stay in the crates that are their home.

use millstream_house::packages::{Package, packages};

/// What a crate may depend on in the workspace, its tests included. A new crate gets a row here and in
/// ARCHITECTURE.md.
const ARROWS: &[(&str, &[&str])] = &[
    ("millstream-core", &[]),
    ("millstream-log", &[]),
    ("millstream-process", &["millstream-core"]),
    ("millstream-protocol", &["millstream-core"]),
    ("millstream-waiting", &[]),
    (
        "millstream-hdfs",
        &["millstream-core", "millstream-gssapi", "millstream-waiting"],
    ),
    (
        "millstream-objects",
        &["millstream-core", "millstream-waiting"],
    ),
    ("millstream-storage", &["millstream-core"]),
    (
        "millstream-remote",
        &[
            "millstream-core",
            "millstream-hdfs",
            "millstream-objects",
            "millstream-storage",
        ],
    ),
    (
        "millstream-state",
        &["millstream-core", "millstream-storage"],
    ),
    ("millstream-sql", &["millstream-core"]),
    (
        "millstream-engine",
        &[
            "millstream-core",
            "millstream-protocol",
            "millstream-storage",
            "millstream-state",
        ],
    ),
    (
        "millstream-connectors",
        &[
            "millstream-core",
            "millstream-engine",
            "millstream-gssapi",
            "millstream-hdfs",
            "millstream-hive-thrift",
            "millstream-log",
            "millstream-objects",
        ],
    ),
    ("millstream-gssapi", &[]),
    // The name of what it stands in for.
    ("sasl2-sys", &["millstream-gssapi"]),
    ("millstream-hive-thrift", &[]),
    (
        "millstream",
        &[
            "millstream-core",
            "millstream-log",
            "millstream-process",
            "millstream-protocol",
            "millstream-remote",
            "millstream-storage",
            "millstream-state",
            "millstream-engine",
            "millstream-connectors",
        ],
    ),
    (
        "millstream-ingest",
        &[
            "millstream",
            "millstream-core",
            "millstream-process",
            "millstream-engine",
            "millstream-connectors",
            "millstream-sql",
        ],
    ),
    (
        "millstream-server",
        &[
            "millstream-core",
            "millstream-log",
            "millstream-process",
            "millstream-protocol",
            "millstream-remote",
            "millstream-storage",
        ],
    ),
    (
        "millstream-cli",
        &[
            "millstream",
            "millstream-core",
            "millstream-process",
            "millstream-ingest",
            "millstream-server",
        ],
    ),
    ("millstream-house", &["millstream-core"]),
    ("millstream-services", &["millstream-hive-thrift"]),
    // It knows the command as users do, and nothing that is inside.
    ("millstream-chaos", &["datagen"]),
];

/// What a package outside of `crates/` may depend on: what the author of a job links.
const ARROWS_OF_PROGRAMS: &[&str] = &["millstream"];

/// What a package in `bench/` may depend on: as other programs, and the generator of their data.
const ARROWS_OF_BENCHMARKS: &[&str] = &["millstream", "datagen"];

/// What every package may use in its tests: generated data, the independent check of output, and real services.
const TEST_TOOLS: &[&str] = &["datagen", "millstream-services"];

/// Crates that know no I/O, no threads and no async: the only libraries that they may be built with.
const PURE: &[(&str, &[&str])] = &[
    (
        "millstream-core",
        &["percent-encoding", "serde", "thiserror"],
    ),
    ("millstream-protocol", &["serde", "thiserror"]),
];

/// Libraries (`*` at the end: all that begin so) and the crates that are their home.
const HOMES: &[(&str, &[&str])] = &[
    ("timely*", &["millstream-engine"]),
    ("differential-dataflow", &[]),
    ("datafusion", &[]),
    ("datafusion-*", &["millstream-sql"]),
    ("sqlparser", &["millstream-sql"]),
    ("parquet", &["millstream-storage", "millstream-connectors"]),
    ("arrow*", ARROW_USERS),
    ("clap*", &["millstream-cli", "millstream"]),
    ("indicatif", &["millstream"]),
    ("signal-hook*", &["millstream", "millstream-cli"]),
    ("ureq", &["millstream-cli", "millstream-connectors"]),
    ("tracing-subscriber", &["millstream-log"]),
    (
        "tokio*",
        &["millstream-server", "millstream-waiting", "millstream-hdfs"],
    ),
    ("hdfs-native*", &["millstream-hdfs"]),
    ("object_store", &["millstream-objects"]),
    ("axum*", &["millstream-server"]),
    ("hyper*", &["millstream-server"]),
    ("tower*", &["millstream-server"]),
    ("utoipa*", &["millstream-server"]),
    ("rusqlite", &["millstream-server"]),
    ("rdkafka*", &["millstream-connectors"]),
    ("openssl*", &[]),
    (
        "rustls*",
        &[
            "millstream-server",
            "millstream-cli",
            "millstream-connectors",
        ],
    ),
    ("ring", &["millstream-connectors"]),
    ("libloading", &["millstream-gssapi"]),
    ("thrift", &["millstream-hive-thrift"]),
    ("reqwest", &[]),
];

/// Where data is columns.
const ARROW_USERS: &[&str] = &[
    "millstream-storage",
    "millstream-state",
    "millstream-sql",
    "millstream-connectors",
    "millstream-ingest",
];

fn workspace() -> Vec<Package> {
    packages().expect("cargo tells about the workspace")
}

#[test]
fn crates_depend_on_what_they_may_know_only() {
    let packages = workspace();
    let names: Vec<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut wrong = Vec::new();
    for package in &packages {
        let row = ARROWS.iter().find(|(name, _)| *name == package.name);
        let allowed = match row {
            Some((_, allowed)) => *allowed,
            None if package.folder.starts_with("crates/") => {
                wrong.push(format!("{} has no row in ARROWS", package.name));
                continue;
            }
            None if package.folder.starts_with("bench/") => ARROWS_OF_BENCHMARKS,
            None => ARROWS_OF_PROGRAMS,
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let is_tool = dependency.for_tests && TEST_TOOLS.contains(&name);
            let is_known = allowed.contains(&name) || name == package.name || is_tool;
            if names.contains(&name) && !is_known {
                wrong.push(format!("{} may not know {name}", package.name));
            }
        }
    }
    for (name, _) in ARROWS {
        if !names.contains(name) {
            wrong.push(format!("ARROWS has a row for {name}, which is no package"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn pure_crates_are_built_with_pure_libraries_only() {
    let packages = workspace();
    let names: Vec<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut wrong = Vec::new();
    for (pure, allowed) in PURE {
        let package = packages
            .iter()
            .find(|package| package.name == *pure)
            .expect("a package of the workspace");
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| !dependency.for_tests)
        {
            let name = dependency.name.as_str();
            if !names.contains(&name) && !allowed.contains(&name) {
                wrong.push(format!("{pure} is built with {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn libraries_stay_in_the_crates_that_are_their_home() {
    let mut wrong = Vec::new();
    for package in workspace()
        .iter()
        .filter(|package| package.folder.starts_with("crates/"))
    {
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| !dependency.for_tests)
        {
            let home = HOMES
                .iter()
                .find(|(pattern, _)| matches(pattern, &dependency.name));
            if home.is_some_and(|(_, crates)| !crates.contains(&package.name.as_str())) {
                wrong.push(format!("{} may not use {}", package.name, dependency.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}
