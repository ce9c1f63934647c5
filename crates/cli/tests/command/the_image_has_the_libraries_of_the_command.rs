//! What the command is linked with is in the image of the `Dockerfile`: in Debian's slim image, or installed upon it.

use std::path::Path;
use std::process::Command;

use crate::common::running;
use crate::the_containers_steps_run_here::{Stage, stages};

/// What Debian's slim images have: of `libc6`, and of `libgcc-s1`, without which that is not installed.
const SLIM: [&str; 9] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "linux-vdso.so.1",
];

/// Other libraries that it may come to need, and the packages that have them.
const PACKAGES: [(&str, &str); 7] = [
    ("libcrypto.so.3", "libssl3"),
    ("libgssapi_krb5.so.2", "libgssapi-krb5-2"),
    ("libsasl2.so.2", "libsasl2-2"),
    ("libssl.so.3", "libssl3"),
    ("libstdc++.so.6", "libstdc++6"),
    ("libz.so.1", "zlib1g"),
    ("libzstd.so.1", "libzstd1"),
];

/// Releases of Debian, as images name them.
const RELEASES: [&str; 4] = ["bullseye", "bookworm", "trixie", "forky"];

/// The libraries that are loaded with the command, and those that they load, as `libc.so.6`.
fn needed() -> Vec<String> {
    let mut ldd = Command::new("ldd");
    ldd.arg(env!("CARGO_BIN_EXE_millstream"));
    let said = running::run(ldd);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    // `libc.so.6 => /lib/…/libc.so.6 (0x…)`, or a path without an arrow.
    let first = said
        .out
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let names = first.filter_map(|first| Path::new(first).file_name()?.to_str());
    names.map(str::to_owned).collect()
}

/// Whether a stage installs a package.
fn installs(stage: &Stage, package: &str) -> bool {
    let runs = stage.all("RUN").into_iter();
    let mut installing = runs.filter(|run| run.contains("apt-get install"));
    installing.any(|run| run.split_whitespace().any(|word| word == package))
}

#[test]
fn each_that_it_needs() {
    let stages = stages();
    let image = stages.last().expect("a stage");
    let needed = needed();
    assert!(needed.iter().any(|name| name == "libc.so.6"), "{needed:?}");
    for name in needed {
        if SLIM.contains(&name.as_str()) {
            continue;
        }
        let package = PACKAGES.iter().find(|(library, _)| *library == name);
        let (_, package) = package.expect(&name);
        assert!(installs(image, package), "{name} is of {package}");
    }
}

/// By versions of symbols a library is one of where it was built: no older one will do.
#[test]
fn of_the_release_that_it_is_built_on() {
    let releases: Vec<_> = stages()
        .iter()
        .filter(|stage| !stage.image.is_empty())
        .map(|stage| {
            RELEASES
                .into_iter()
                .find(|release| stage.image.contains(release))
        })
        .collect();
    let [Some(build), Some(image)] = releases.as_slice() else {
        unreachable!("two stages on Debian: {releases:?}")
    };
    assert_eq!(build, image);
}
