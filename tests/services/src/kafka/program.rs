//! Programs of Kafka: brokers and tools.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::keeper::Keeper;
use crate::maven::{Libraries, java};
use crate::{Doing, Failure, Result, wait};

/// How long a broker may take to be ready: 3 s on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the broker logs when it takes requests.
const READY: &str = "Kafka Server started";

/// Memory and start-up of short programs.
const SHORT: &[&str] = &[
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
];

/// Starts a broker, which may not be ready yet. `option`: one more of Java.
pub(super) fn broker(
    libraries: &Libraries,
    option: Option<&str>,
    properties: &str,
    log: &Path,
) -> Result<Keeper> {
    let memory = ["-Xmx512m", "-XX:+UseSerialGC"].into_iter();
    let options: Vec<&str> = memory.chain(option).collect();
    let arguments = arguments(libraries, &options, "kafka.Kafka", &[properties]);
    Keeper::start(&java(), &arguments, log, None)
}

/// Waits until a broker takes requests.
pub(super) fn await_ready(broker: &Keeper, log: &Path) -> Result<()> {
    let what = format!("the broker (process {}) to be ready", broker.id());
    let logged = || fs::read_to_string(log).unwrap_or_default();
    let ready = wait::until(&what, PATIENCE, || {
        if broker.has_ended() {
            return Err(Failure::new("the broker has ended"));
        }
        Ok(logged().contains(READY).then_some(()))
    });
    ready.map_err(|failure| Failure::new(format!("{failure}; it logged:\n{}", logged())))
}

/// Runs a tool; what it printed.
pub(super) fn run(
    libraries: &Libraries,
    class: &str,
    given: &[&str],
    input: &str,
) -> Result<String> {
    let mut child = Command::new(java())
        .args(arguments(libraries, SHORT, class, given))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .doing(|| "run java (scripts/setup test installs it)".to_owned())?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin
            .write_all(input.as_bytes())
            .doing(|| format!("write to {class}"))?;
    }
    let output = child
        .wait_with_output()
        .doing(|| format!("wait for {class}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let complained = String::from_utf8_lossy(&output.stderr);
    let words = given.join(" ");
    Err(Failure::new(format!("{class} {words}: {said}{complained}")))
}

fn arguments(
    libraries: &Libraries,
    options: &[&str],
    class: &str,
    arguments: &[&str],
) -> Vec<String> {
    let class_path = libraries.class_path();
    let all = options
        .iter()
        .copied()
        .chain(["-cp", class_path.as_str(), class])
        .chain(arguments.iter().copied());
    all.map(str::to_owned).collect()
}
