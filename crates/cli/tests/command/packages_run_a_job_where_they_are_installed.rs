//! What `make dist` packs (a tar.gz with Flink's layout, a .deb, a wheel) is installed into an empty root, where it runs a job of
//! its examples and finds its configuration.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::running::{self, Said};
use crate::common::{environment, lines};

/// Packs the command that was built, as `kind`, and answers the file.
fn pack(directory: &Path, kind: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/dist");
    let mut command = Command::new(script);
    command.arg(env!("CARGO_BIN_EXE_millstream"));
    command.arg(directory).arg(kind);
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let file = PathBuf::from(said.out.trim_end());
    assert!(file.is_file(), "{}", said.out);
    file
}

/// Runs a program, which must succeed.
#[track_caller]
fn succeed<A: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[A]) -> String {
    let mut command = Command::new(&program);
    command.args(arguments);
    let said = running::run(command);
    let program = program.as_ref();
    assert_eq!(said.code, Some(0), "{program:?}: {}{}", said.out, said.err);
    said.out
}

/// Runs the command at `program` in `directory`, which is all that it knows of the machine.
fn installed(program: &Path, directory: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(program);
    environment::without_settings(&mut command);
    command.env("HOME", directory).env_remove("XDG_DATA_HOME");
    command.current_dir(directory).args(arguments);
    running::run(command)
}

/// Runs the job of the examples with the command at `program`, in a copy of `examples` as their page says.
#[track_caller]
fn assert_runs_a_job(program: &Path, examples: &Path) {
    let directory = tempfile::tempdir().expect("temporary directory");
    let place = directory.path().join("examples");
    succeed(
        "cp",
        &[OsStr::new("-R"), examples.as_os_str(), place.as_os_str()],
    );
    let page = fs::read_to_string(place.join("README.md")).expect("a page");
    let line = "millstream run --target local ingest --config orders.properties";
    assert!(page.contains(line), "{page}");
    let words: Vec<&str> = line.split(' ').skip(1).collect();
    let said = installed(program, &place, &words);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert_eq!(
        lines(&place.join("out")),
        [
            r#"{"id":1,"customer":"ANN","items":["apple","pear"],"amount":12.50}"#,
            r#"{"id":2,"customer":"BOB","items":["plum"],"amount":3.20}"#,
            r#"{"id":3,"customer":"CLARK, DEE","items":["apple","\"fig\"","nut"],"amount":41.00}"#,
        ]
    );
}

/// That the command at `program` follows the configuration at `file`, without being told of it.
#[track_caller]
fn assert_follows(program: &Path, file: &Path) {
    let text = fs::read_to_string(file).expect("a configuration");
    fs::write(file, text + "rest.port: 1\n").expect("written");
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = installed(program, directory.path(), &["list"]);
    assert!(
        said.err.contains("no server at 127.0.0.1:1 "),
        "{}",
        said.err
    );
}

#[test]
fn the_archive() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let file = pack(directory.path(), "tar");
    let root = directory.path().join("root");
    fs::create_dir(&root).expect("created");
    succeed(
        "tar",
        &[
            "-xzf".as_ref(),
            file.as_os_str(),
            "-C".as_ref(),
            root.as_os_str(),
        ],
    );
    let top = root.join(format!("millstream-{}", env!("CARGO_PKG_VERSION")));
    let program = top.join("bin/millstream");
    assert_runs_a_job(&program, &top.join("examples"));
    assert_follows(&program, &top.join("conf/config.yaml"));
    let flink = top.join("bin/flink");
    assert_eq!(
        succeed(&flink, &["--version"]),
        succeed(&program, &["--version"])
    );
    let said = installed(&flink, directory.path(), &["list"]);
    assert!(said.err.contains(" at 127.0.0.1:1 "), "{}", said.err);
    for page in [
        "docs/guide/deploy.md",
        "docs/errors/MS-1016.md",
        "LICENSE",
        "README.md",
    ] {
        assert!(top.join(page).is_file(), "{page}");
    }
}

/// `dpkg` with `root` as the machine that it works on.
#[track_caller]
fn dpkg(root: &Path, arguments: &[&OsStr]) -> String {
    let mut command = Command::new("dpkg");
    // The libraries of this machine are not those of the empty root, and its scripts are run from here.
    command.args([
        "--force-depends",
        "--force-script-chrootless",
        "--force-not-root",
    ]);
    command.arg(format!("--root={}", root.display()));
    command.arg(format!("--log={}", root.join("dpkg.log").display()));
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    let said = running::run(command);
    assert_eq!(
        said.code,
        Some(0),
        "{arguments:?}: {}{}",
        said.out,
        said.err
    );
    said.out
}

#[test]
fn the_package_of_debian() {
    environment::assert_is_there("systemd-sysusers");
    let directory = tempfile::tempdir().expect("temporary directory");
    let file = pack(directory.path(), "deb");
    let root = directory.path().join("root");
    for place in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "etc"] {
        fs::create_dir_all(root.join(place)).expect("made");
    }
    fs::write(root.join("var/lib/dpkg/status"), "").expect("written");
    let install = ["--install".as_ref(), file.as_os_str()];
    dpkg(&root, &install);
    let state = || dpkg(&root, &["--list", "millstream"].map(OsStr::new));
    assert!(state().contains("\nii  millstream "), "{}", state());
    let program = root.join("usr/bin/millstream");
    assert_runs_a_job(&program, &root.join("usr/share/doc/millstream/examples"));
    let said = installed(&program, directory.path(), &["explain", "1016"]);
    let page = root.join("usr/share/doc/millstream/docs/errors/MS-1016.md");
    let place = format!("\nThis page is {}.\n", page.display());
    assert!(said.out.ends_with(&place), "{}", said.out);
    // Its script has made the user of the service, in the root.
    let users = fs::read_to_string(root.join("etc/passwd")).expect("users");
    assert!(
        users.contains("\nmillstream:") || users.starts_with("millstream:"),
        "{users}"
    );
    let configuration = root.join("etc/millstream/config.yaml");
    assert_follows(&program, &configuration);
    let field = |name: &str| {
        succeed(
            "dpkg-deb",
            &["-f".as_ref(), file.as_os_str(), name.as_ref()],
        )
    };
    assert_eq!(field("Version").trim_end(), env!("CARGO_PKG_VERSION"));
    assert!(
        field("Depends").starts_with("libc6 (>= 2."),
        "{}",
        field("Depends")
    );
    for place in [
        "usr/lib/systemd/system/millstream.service",
        "usr/lib/sysusers.d/millstream.conf",
        "usr/share/bash-completion/completions/millstream",
        "usr/share/man/man1/millstream-run.1.gz",
    ] {
        assert!(root.join(place).is_file(), "{place}");
    }

    // An upgrade and a removal keep what was configured, and a purge does not.
    let changed = fs::read_to_string(&configuration).expect("it is there");
    assert!(changed.ends_with("rest.port: 1\n"));
    dpkg(&root, &install);
    let kept = || fs::read_to_string(&configuration).ok();
    assert_eq!(kept(), Some(changed.clone()));
    dpkg(&root, &["--remove", "millstream"].map(OsStr::new));
    assert!(!program.exists());
    assert_eq!(kept(), Some(changed));
    dpkg(&root, &["--purge", "millstream"].map(OsStr::new));
    assert!(!configuration.exists());
}

#[test]
fn the_wheel() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let file = pack(directory.path(), "wheel");
    let root = directory.path().join("root");
    environment::assert_is_there("python3");
    let mut venv = Command::new("python3");
    venv.args(["-c", "import ensurepip, venv"]);
    let said = running::run(venv);
    assert_eq!(
        said.code,
        Some(0),
        "no venv; run scripts/setup test: {}",
        said.err
    );
    succeed(
        "python3",
        &["-m".as_ref(), "venv".as_ref(), root.as_os_str()],
    );
    let mut pip = Command::new(root.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]);
    pip.args(["--no-index", "--no-deps"]).arg(&file);
    let said = running::run(pip);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let program = root.join("bin/millstream");
    assert_runs_a_job(&program, &root.join("share/doc/millstream/examples"));
    // Nothing is left of it but the environment.
    let mut pip = Command::new(root.join("bin/pip"));
    pip.args(["uninstall", "--quiet", "--yes", "millstream"]);
    assert_eq!(running::run(pip).code, Some(0));
    assert!(!program.exists() && !root.join("share/doc/millstream/README.md").exists());
}
