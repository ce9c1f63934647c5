//! The commands of README.md are run as they stand, one after the other, and give what stands below them.
//!
//! In a fenced block ```` ```console ```` a line with `$ ` before it is a command, with a here-document behind it if it has one; the
//! lines up to the next command are what it prints, where `…` stands for anything. A command without such lines may print what it likes.
//!
//! One thing is not as it stands: the server listens at a free port instead of 8081, by a configuration file that the commands find in their
//! environment, since something else may use 8081 on a machine that runs tests.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

/// A command and what it prints.
#[derive(Debug, Default)]
struct Step {
    command: String,
    printed: Vec<String>,
}

/// How long all commands may take, in seconds: the build among them, on a machine that is busy.
const LIMIT: &str = "1800";

/// What ends the output of a step, before its number and exit code.
const MARK: &str = "== step";

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line != "```console" {
            continue;
        }
        while let Some(line) = lines.next().filter(|line| *line != "```") {
            let Some(command) = line.strip_prefix("$ ") else {
                let step = steps.last_mut().expect("a block begins with a command");
                step.printed.push(line.to_owned());
                continue;
            };
            let mut step = Step {
                command: command.to_owned(),
                printed: Vec::new(),
            };
            if let Some((_, end)) = command.split_once("<<") {
                let end = end.trim_matches('\'');
                for line in lines.by_ref() {
                    step.command.push('\n');
                    step.command.push_str(line);
                    if line == end {
                        break;
                    }
                }
            }
            steps.push(step);
        }
    }
    steps
}

/// A port that nobody uses now.
fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    free.local_addr().expect("an address").port()
}

/// The shell that the commands are typed into: in `directory`, with the tools of this build, a home for data, and a server that
/// listens at `port`.
fn shell(directory: &Path, repository: &Path, port: u16) -> Command {
    let target = Path::new(env!("CARGO_BIN_EXE_millstream"))
        .ancestors()
        .nth(2)
        .expect("target/release/millstream");
    // `make` is that of the repository, where the reader stands.
    let makefile = format!(
        "%:\n\t@$(MAKE) --no-print-directory -C '{}' $@\n",
        repository.display()
    );
    fs::write(directory.join("Makefile"), makefile).expect("written");
    fs::copy(repository.join("README.md"), directory.join("README.md")).expect("copied");
    let configuration = directory.join("configuration");
    fs::create_dir(&configuration).expect("created");
    fs::write(
        configuration.join("config.yaml"),
        format!("rest.port: {port}\n"),
    )
    .expect("written");
    // Some of the commands wait for something: they and what they have started are ended when it does not come.
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=10", LIMIT, "bash"])
        .current_dir(directory)
        .env_clear()
        .env("CARGO_TARGET_DIR", target)
        .env("XDG_DATA_HOME", directory.join("home"))
        .env("MILLSTREAM_CONF_DIR", configuration)
        .stdin(Stdio::null());
    for name in [
        "PATH",
        "HOME",
        "CARGO_HOME",
        "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN",
        "CARGO_NET_OFFLINE",
    ] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Whether `line` is `pattern`, in which `…` stands for anything.
fn is_like(line: &str, pattern: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('…') else {
        return line == pattern;
    };
    let rest = line.strip_prefix(head);
    rest.is_some_and(|rest| {
        let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
        ends.any(|at| rest.get(at..).is_some_and(|rest| is_like(rest, tail)))
    })
}

#[test]
fn every_command_gives_what_stands_below_it() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let repository = repository.canonicalize().expect("the repository");
    let text = fs::read_to_string(repository.join("README.md")).expect("text");
    let port = free_port();
    let text = text.replace(":8081", &format!(":{port}"));
    let steps = steps(&text);
    assert!(steps.len() > 10, "{steps:#?}");
    let mut script = String::new();
    for (number, step) in steps.iter().enumerate() {
        script.push_str(&format!(
            "{}\nprintf '{MARK} %d %d\\n' {number} $?\n",
            step.command
        ));
    }
    let directory = tempfile::tempdir().expect("temporary directory");
    let output = shell(directory.path(), &repository, port)
        .arg("-c")
        .arg(script)
        .output();
    let output = output.expect("bash");
    let printed = String::from_utf8(output.stdout).expect("text");
    let log = String::from_utf8(output.stderr).expect("text");
    let mut lines = printed.lines();
    for (number, step) in steps.iter().enumerate() {
        let end = format!("{MARK} {number} ");
        let mut found: Vec<&str> = Vec::new();
        let code = loop {
            let line = lines
                .next()
                .unwrap_or_else(|| unreachable!("{step:?} did not end:\n{log}"));
            match line.strip_prefix(&end) {
                Some(code) => break code,
                None => found.push(line),
            }
        };
        assert_eq!(code, "0", "{step:?}\n{found:#?}\n{log}");
        if step.printed.is_empty() {
            continue;
        }
        let same = found.len() == step.printed.len()
            && found
                .iter()
                .zip(&step.printed)
                .all(|(line, pattern)| is_like(line, pattern));
        assert!(same, "{step:#?} printed {found:#?}\n{log}");
    }
}

#[test]
fn an_ellipsis_stands_for_anything() {
    assert!(
        is_like("a/b/c", "a/…/c")
            && is_like("a/b/c", "…")
            && is_like("", "…")
            && is_like("ab", "ab…")
    );
    assert!(!is_like("a/b/c", "a/…/d") && !is_like("ba", "a…") && !is_like("ab", "a"));
}
