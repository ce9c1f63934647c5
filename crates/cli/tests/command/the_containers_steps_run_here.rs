//! The `Dockerfile` is what it promises (stages, no root, a health check), and its steps do here what they do in a container, below
//! a root of the test. Only the compiler is not run again: what it would build is what is tested.

#![allow(clippy::panic, reason = "a test may panic")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::environment;
use crate::common::running::{self, Running};

/// A token that is long enough.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// What may stand in the file.
const WORDS: [&str; 14] = [
    "ARG",
    "FROM",
    "ENV",
    "WORKDIR",
    "COPY",
    "RUN",
    "USER",
    "VOLUME",
    "EXPOSE",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
    "LABEL",
];

#[derive(Debug)]
struct Instruction {
    word: String,
    rest: String,
}

/// From one `FROM` to the next; what stands before the first has no name.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    pub(crate) image: String,
    name: String,
    instructions: Vec<Instruction>,
}

impl Stage {
    pub(crate) fn all(&self, word: &str) -> Vec<&str> {
        let own = self.instructions.iter().filter(|own| own.word == word);
        own.map(|own| own.rest.as_str()).collect()
    }

    /// The only one of its kind.
    #[track_caller]
    fn one(&self, word: &str) -> &str {
        match self.all(word).as_slice() {
            [one] => one,
            all => panic!("{word}: {all:?}"),
        }
    }

    /// The words of the exec form.
    #[track_caller]
    fn exec(&self, word: &str) -> Vec<String> {
        let (_, list) = self.one(word).split_once('[').expect("the exec form");
        serde_json::from_str(&format!("[{list}")).expect("a list")
    }
}

fn repository() -> PathBuf {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    place.canonicalize().expect("the repository")
}

/// What the `Dockerfile` says.
pub(crate) fn stages() -> Vec<Stage> {
    let text = fs::read_to_string(repository().join("Dockerfile")).expect("a Dockerfile");
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let text = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let mut stages = vec![Stage::default()];
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (word, rest) = line.split_once(' ').expect(line);
        assert!(WORDS.contains(&word), "{line}");
        if word == "FROM" {
            let (image, name) = rest.split_once(" AS ").unwrap_or((rest, ""));
            stages.push(Stage {
                image: image.to_owned(),
                name: name.to_owned(),
                instructions: Vec::new(),
            });
            continue;
        }
        let stage = stages.last_mut().expect("a stage");
        stage.instructions.push(Instruction {
            word: word.to_owned(),
            rest: rest.trim().to_owned(),
        });
    }
    stages
}

/// What a `COPY` says: the stage that it takes from, its owner, sources and target.
fn copy(rest: &str) -> (Option<&str>, Option<&str>, Vec<&str>, &str) {
    let words = rest.split_whitespace();
    let (options, mut places): (Vec<&str>, Vec<&str>) =
        words.partition(|word| word.starts_with("--"));
    let of = |name: &str| options.iter().find_map(|option| option.strip_prefix(name));
    let target = places.pop().expect("a target");
    (of("--from="), of("--chown="), places, target)
}

#[test]
fn it_has_stages_a_user_and_a_health_check() {
    let stages = stages();
    let [arguments, build, image] = stages.as_slice() else {
        panic!("{stages:?}");
    };
    let manifest = fs::read_to_string(repository().join("Cargo.toml")).expect("a manifest");
    let rust = arguments
        .one("ARG")
        .strip_prefix("RUST=")
        .expect("a version of Rust");
    assert!(
        manifest.contains(&format!("rust-version = \"{rust}\"")),
        "{rust}"
    );
    assert_eq!(build.image, "rust:${RUST}-bookworm");
    // The C library that it is built with is the one that it runs with.
    assert_eq!(image.image, "debian:bookworm-slim");
    let (user, group) = image.one("USER").split_once(':').expect("user and group");
    for id in [user, group] {
        assert!(id.parse::<u32>().expect("a number") > 0, "root");
    }
    // As numbers, so that Kubernetes can tell that it is not root.
    assert!(image.all("RUN").is_empty(), "the image has no compiler");
    let data = image.exec("VOLUME");
    for rest in image.all("COPY") {
        let (from, owner, sources, target) = copy(rest);
        assert_eq!(owner.is_some(), data.contains(&target.to_owned()), "{rest}");
        assert!(
            owner.is_none_or(|owner| owner == format!("{user}:{group}")),
            "{rest}"
        );
        match from {
            Some(from) => assert_eq!(from, build.name),
            None => assert!(
                sources
                    .iter()
                    .all(|source| repository().join(source).exists())
            ),
        }
    }
    assert!(image.one("HEALTHCHECK").contains("--timeout="));
    assert_eq!(image.exec("ENTRYPOINT"), ["millstream"]);
}

/// Certificates of those who are trusted, where programs look for them.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";

#[test]
fn it_has_certificates_to_trust() {
    let stages = stages();
    let [_, build, image] = stages.as_slice() else {
        panic!("{stages:?}");
    };
    let copied = image.all("COPY").into_iter().map(copy);
    let trusted = copied
        .filter(|(from, _, sources, target)| {
            *from == Some(build.name.as_str()) && *sources == [TRUSTED] && *target == TRUSTED
        })
        .count();
    assert_eq!(trusted, 1);
}

/// A place in a container, below the root of the test.
fn place(root: &Path, place: &str) -> PathBuf {
    root.join(place.trim_start_matches('/'))
}

/// Does the steps of the stage that builds, but for the compiler.
fn build(root: &Path, stage: &Stage) {
    let built = place(root, "/build/release/millstream");
    fs::create_dir_all(built.parent().expect("a directory")).expect("created");
    // What the image of the compiler brings along.
    let trusted = place(root, TRUSTED);
    fs::create_dir_all(trusted.parent().expect("a directory")).expect("created");
    fs::write(trusted, "those who are trusted").expect("written");
    let mut compiled = false;
    for step in stage.all("RUN") {
        if let Some(what) = step.strip_prefix("scripts/setup") {
            assert!(repository().join("scripts/setup").is_file());
            // What packs the command is not missed behind the compiler only.
            assert_eq!((what.trim(), compiled), ("dist", false));
        } else if step.starts_with("cargo build ") {
            for word in ["--release", "--locked", "--bin millstream"] {
                assert!(step.contains(word), "{step}");
            }
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_millstream"), &built).expect("linked");
            compiled = true;
        } else {
            assert!(compiled, "{step} comes before the compiler");
            let here = step
                .split_whitespace()
                .map(|word| match word.starts_with('/') {
                    true => place(root, word).display().to_string(),
                    false => word.to_owned(),
                });
            let mut shell = Command::new("sh");
            let line = here.collect::<Vec<_>>().join(" ");
            shell.args(["-ec", &line]).current_dir(repository());
            let said = running::run(shell);
            assert_eq!(said.code, Some(0), "{line}: {}{}", said.out, said.err);
        }
    }
}

/// Puts into the image what it is made of.
fn assemble(root: &Path, image: &Stage) -> PathBuf {
    let made = root.join("final");
    for rest in image.all("COPY") {
        let (from, _, sources, target) = copy(rest);
        for source in sources {
            let source = match from {
                Some(_) => place(root, source),
                None => repository().join(source),
            };
            let target = place(&made, target);
            fs::create_dir_all(target.parent().expect("a directory")).expect("created");
            let mut copy = Command::new("cp");
            copy.args(["-R", "-T"]).arg(source).arg(target);
            assert_eq!(running::run(copy).code, Some(0), "{rest}");
        }
    }
    made
}

/// The program and the arguments `words` as they are run in the image.
fn within(made: &Path, image: &Stage, words: &[String]) -> Command {
    let environment: Vec<&str> = image.one("ENV").split_whitespace().collect();
    let of = |name: &str| {
        let value = environment.iter().find_map(|pair| pair.strip_prefix(name));
        value.expect(name)
    };
    let (program, arguments) = words.split_first().expect("a program");
    let mut bins = of("PATH=")
        .split(':')
        .map(|bin| place(made, bin).join(program));
    let program = bins.find(|program| program.is_file()).expect("on the path");
    let mut command = Command::new(program);
    environment::without_settings(&mut command);
    command
        .args(arguments)
        .env("HOME", place(made, of("HOME=")));
    command.current_dir(place(made, image.one("WORKDIR")));
    command
}

#[test]
fn its_steps_make_a_server_that_is_well() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let stages = stages();
    let [_, first, image] = stages.as_slice() else {
        panic!("{stages:?}");
    };
    build(directory.path(), first);
    let made = assemble(directory.path(), image);
    let start = [image.exec("ENTRYPOINT"), image.exec("CMD")].concat();
    // Where the container has its volume, and a port of the test.
    let here = [
        format!(
            "-Dmillstream.data-dir={}",
            place(&made, "/var/lib/millstream/data").display()
        ),
        "-Drest.port=0".to_owned(),
    ];
    let server = [start, here.to_vec()].concat();
    // It listens for others, and so it wants a token.
    let said = running::run(within(&made, image, &server));
    assert!(
        said.err.starts_with("MS-1017: "),
        "{}{}",
        said.out,
        said.err
    );
    let mut command = within(&made, image, &server);
    command.env("MILLSTREAM_TOKEN", TOKEN);
    let mut running = Running::start(command);
    // What `docker logs` shows is the log, every line of it.
    let line = running.await_printed(|line| line.contains(" listens at http://"));
    assert!(line.contains(" INFO  millstream_server::serve"), "{line}");
    running.await_printed(|line| line.contains(" and answers whoever has a token"));
    let kept = place(&made, "/var/lib/millstream/data/server.log");
    let kept = fs::read_to_string(kept).expect("the volume keeps it");
    assert!(kept.contains(&line), "{kept}");
    // As in the container, it has no token: the server may have its own from a file.
    let health = || {
        let mut words = image.exec("HEALTHCHECK");
        words.push(here[0].clone());
        running::run(within(&made, image, &words))
    };
    let well = health();
    assert_eq!(well.code, Some(0), "{}{}", well.out, well.err);
    assert_eq!(image.one("STOPSIGNAL"), "SIGTERM");
    assert_eq!(running.suspend().code, Some(0));
    assert_eq!(health().code, Some(1));
}

#[test]
fn its_health_is_what_the_server_says_of_itself() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let script = directory.path().join("millstream-health");
    let packaged = repository().join("packaging/container/millstream-health");
    std::os::unix::fs::symlink(packaged, &script).expect("linked");
    for (status, expected) in [("200 OK", Some(0)), ("503 Service Unavailable", Some(1))] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let bound = listener.local_addr().expect("an address");
        // Tells where the server listens, as `millstream server status --json` does.
        let told = format!(
            "#!/bin/sh\necho '{{\"address\": \"http://nowhere:1\", \"bound\": \"0.0.0.0:{}\"}}'\n",
            bound.port()
        );
        let command = directory.path().join("millstream");
        fs::write(&command, told).expect("written");
        fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).expect("allowed");
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        let (said, asked) = std::thread::scope(|scope| {
            let server = scope.spawn(|| {
                let (mut stream, _) = listener.accept().expect("somebody asks");
                // All of it: what is left unread would reset the connection.
                let lines = BufReader::new(&stream).lines();
                let lines = lines.map_while(Result::ok);
                let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                stream.write_all(answer.as_bytes()).expect("answered");
                head.first().cloned().unwrap_or_default()
            });
            let said = running::run(Command::new(&script));
            // Where it has not asked, the answer is waited for no longer.
            drop(TcpStream::connect(bound));
            (said, server.join().expect("it answers"))
        });
        assert_eq!(asked, "GET /readyz HTTP/1.1");
        assert_eq!(said.code, expected, "{status}: {}{}", said.out, said.err);
    }
}

#[test]
fn what_is_built_is_not_sent_along() {
    let text = fs::read_to_string(repository().join(".dockerignore")).expect("a list");
    let ignored: Vec<&str> = text.lines().collect();
    assert!(
        ignored.contains(&"target") && ignored.contains(&".git"),
        "{ignored:?}"
    );
    // Everything that the build needs is there.
    for source in [
        "Cargo.toml",
        "Cargo.lock",
        "crates",
        "docs",
        "packaging",
        "scripts",
    ] {
        assert!(!ignored.contains(&source) && repository().join(source).exists());
    }
}
