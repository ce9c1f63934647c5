//! The files that the guide of deployment hands out (the unit for systemd, Prometheus' rules, Kubernetes' objects) are well-formed,
//! and name what the command and the server have.

use crate::common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::processes::signal;
use crate::common::running::{self, Running, Said};
use crate::common::server::{Server, first_file};
use crate::common::{command, environment};
use serde::Deserialize;
use serde_yaml_ng::Value;

fn repository() -> PathBuf {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    place.canonicalize().expect("the repository")
}

fn text(place: &str) -> String {
    fs::read_to_string(repository().join(place)).expect(place)
}

/// Runs a program, which must succeed.
#[track_caller]
fn checked(program: &str, arguments: &[&str], directory: &Path) -> Said {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory);
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{program}: {}{}", said.out, said.err);
    said
}

const UNIT: &str = "packaging/systemd/millstream.service";
const COMMAND: &str = "/usr/bin/millstream";
/// Tokens and the level of the log are read again.
const RELOAD: &str = "ExecReload=/bin/kill -HUP $MAINPID";

#[test]
fn the_unit_is_one_and_is_hardened() {
    environment::assert_is_there("systemd-analyze");
    let directory = tempfile::tempdir().expect("temporary directory");
    let unit = text(UNIT);
    // The command is here, not there.
    let here = unit.replace(COMMAND, env!("CARGO_BIN_EXE_millstream"));
    fs::write(directory.path().join("millstream.service"), here).expect("written");
    let verify = ["verify", "--man=no", "./millstream.service"];
    let said = checked("systemd-analyze", &verify, directory.path());
    assert_eq!(said.err, "");
    // 3.0 of 10 at most, where 10 is a service without any protection.
    let security = [
        "security",
        "--offline=true",
        "--threshold=30",
        "./millstream.service",
    ];
    checked("systemd-analyze", &security, directory.path());
    for line in [
        "KillMode=process",
        "OOMPolicy=continue",
        "User=millstream",
        RELOAD,
    ] {
        assert!(unit.lines().any(|own| own == line), "{line}");
    }
    assert!(!unit.contains("PrivateTmp=yes"), "jobs outlive the service");
    assert!(text("packaging/systemd/sysusers.conf").starts_with("u millstream "));
}

#[test]
fn the_service_starts_as_its_unit_says() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let unit = text(UNIT);
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="))
        .expect("a command");
    let state = directory.path().display().to_string();
    let file = repository()
        .join("packaging/config.yaml")
        .display()
        .to_string();
    let line = start
        .replace("/etc/millstream/config.yaml", &file)
        .replace("%S", &state);
    let mut words = line.split(' ');
    assert_eq!(words.next(), Some(COMMAND));
    let mut server = command(directory.path());
    server.args(words).arg("-Drest.port=0");
    let mut server = Running::start(server);
    assert!(server.await_print().contains(" listens at "));
    assert!(directory.path().join("millstream/server.lock").is_file());
    assert_eq!(server.suspend().code, Some(0));
}

#[test]
fn a_hangup_of_the_whole_service_ends_no_job() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    let process = server.job_process();
    // As `systemctl kill -s HUP` does.
    for pid in [server.pid(), process] {
        signal("HUP", pid);
    }
    server.succeed(&["checkpoint", &job]);
    assert_eq!(server.job_process(), process);
    server.end();
}

/// The names of metrics in the expressions of the rules.
fn metrics_of(rules: &str) -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Rules {
        groups: Vec<Group>,
    }
    #[derive(Deserialize)]
    struct Group {
        rules: Vec<Rule>,
    }
    #[derive(Deserialize)]
    struct Rule {
        expr: String,
    }
    let parsed: Rules = serde_yaml_ng::from_str(rules).expect("YAML");
    let rules = parsed.groups.iter().flat_map(|group| &group.rules);
    let expressions = rules.map(|rule| rule.expr.as_str());
    let words =
        expressions.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let own = words.filter(|word| word.starts_with("flink_"));
    own.map(str::to_owned).collect()
}

#[test]
fn the_alert_rules_are_prometheus_and_look_at_what_is_there() {
    let script = running::run(Command::new(repository().join("scripts/promtool")));
    assert_eq!(script.code, Some(0), "{}", script.err);
    let promtool = script.out.trim_end().to_owned();
    let place = repository().join("packaging/prometheus");
    let said = checked(&promtool, &["check", "rules", "alerts.yml"], &place);
    assert!(said.out.contains("SUCCESS"), "{}", said.out);
    let syntax = ["check", "config", "--syntax-only", "prometheus.yml"];
    checked(&promtool, &syntax, &place);
    the_rules_fire(&promtool);

    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    let wanted = metrics_of(&text("packaging/prometheus/alerts.yml"));
    assert!(wanted.len() > 5, "{wanted:?}");
    let port = server.port();
    // A job that has just begun has not told everything.
    server.await_that("every metric of the rules", || {
        let page = common::rest::send(port, "GET", "/metrics", &[], &[]).1;
        wanted
            .iter()
            .all(|name| page.contains(&format!("\n{name}{{")))
    });
    server.end();
}

/// The series of a job that has begun so many checkpoints, and completed none.
fn without_checkpoints(job: u32, begun: u32) -> String {
    let series = [
        ("runningTime", "0+60000x40".to_owned()),
        ("numberOfCompletedCheckpoints", "0x40".to_owned()),
        ("totalNumberOfCheckpoints", format!("{begun}x40")),
    ];
    let series = series.map(|(name, values)| {
        let labels = format!("job_name=\"orders\",job_id=\"{job}\"");
        let name = format!("flink_jobmanager_job_{name}");
        format!("      - {{series: '{name}{{{labels}}}', values: '{values}'}}\n")
    });
    series.concat()
}

/// That each of the rules fires when it should, and is silent when all is well.
fn the_rules_fire(promtool: &str) {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = "packaging/prometheus/alerts.yml";
    let count = text(path).matches("- alert: ").count();
    let rules = repository().join(path);
    let labels = "job_name=\"orders\",job_id=\"1\"";
    // All is well for ten minutes.
    let series = [
        ("up{job=\"millstream\"}", "1x10 0x30"),
        ("flink_jobmanager_job_downtime{L}", "0x10 0+60001x30"),
        ("flink_jobmanager_job_numRestarts{L}", "0x10 0+1x30"),
        (
            "flink_jobmanager_job_numberOfFailedCheckpoints{L}",
            "0x10 0+1x30",
        ),
        (
            "flink_jobmanager_job_numberOfCompletedCheckpoints{L}",
            "1x40",
        ),
        (
            "flink_jobmanager_job_lastCheckpointCompletedTimestamp{L}",
            "0x40",
        ),
        ("flink_jobmanager_job_recordsBad{L}", "7x10 7+1x30"),
        ("flink_jobmanager_job_recordsDifference{L}", "0x10 1x30"),
        (
            "flink_taskmanager_job_task_isBackPressured{L,task_name=\"map\"}",
            "0x10 1x30",
        ),
        ("flink_jobmanager_numJobs{status=\"FAILED\"}", "4x30 5x10"),
        ("flink_jobmanager_numJobs{status=\"FINISHED\"}", "0+1x40"),
        ("flink_jobmanager_dataDirectoryFreeBytes", "50x10 9x30"),
        ("flink_jobmanager_dataDirectoryTotalBytes", "100x40"),
        ("flink_jobmanager_numRefusedRequests", "3x10 3+10x30"),
    ];
    let series = series.map(|(name, values)| {
        let name = name.replace("{L", &format!("{{{labels}"));
        format!("      - {{series: '{name}', values: '{values}'}}\n")
    });
    let test = format!(
        "rule_files: [{rules:?}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
{}{}{}    promql_expr_test:
      - {{expr: 'count(ALERTS{{alertstate=\"firing\"}})', eval_time: 10m, exp_samples: []}}
      - {{expr: 'count(count by (alertname) (ALERTS{{alertstate=\"firing\"}}))', eval_time: 36m, exp_samples: [{{labels: '{{}}', value: {count}}}]}}
      - {{expr: 'count by (job_id) (ALERTS{{alertname=\"MillstreamCheckpointOld\",alertstate=\"firing\"}})', eval_time: 36m, exp_samples: [{{labels: '{{job_id=\"1\"}}', value: 1}}, {{labels: '{{job_id=\"2\"}}', value: 1}}]}}
",
        series.concat(),
        without_checkpoints(2, 1),
        without_checkpoints(3, 0),
    );
    fs::write(directory.path().join("test.yml"), test).expect("written");
    checked(promtool, &["test", "rules", "test.yml"], directory.path());
}

#[test]
fn the_objects_of_kubernetes_fit_the_image() {
    let file = text("packaging/kubernetes/millstream.yaml");
    let objects: Vec<Value> = serde_yaml_ng::Deserializer::from_str(&file)
        .map(|object| Value::deserialize(object).expect("YAML"))
        .collect();
    let kinds: Vec<&str> = objects
        .iter()
        .filter_map(|object| object["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["Service", "StatefulSet"]);
    let (service, set) = (&objects[0], &objects[1]["spec"]);
    assert_eq!(set["replicas"], 1);
    let pod = &set["template"]["spec"];
    let container = &pod["containers"][0];
    let image = text("Dockerfile");
    let user = pod["securityContext"]["runAsUser"]
        .as_u64()
        .expect("a user");
    assert!(image.contains(&format!("\nUSER {user}:{user}\n")));
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    let version = concat!("millstream:", env!("CARGO_PKG_VERSION"));
    assert_eq!(container["image"], version);
    let arguments = container["args"].as_sequence().expect("arguments");
    let arguments: Vec<_> = arguments.iter().filter_map(Value::as_str).collect();
    assert_eq!(arguments, ["server", "--log-to", "both"], "kubectl logs");
    assert!(image.contains(&format!("\nCMD {arguments:?}\n")));
    assert_eq!(container["env"][0]["name"], "MILLSTREAM_TOKEN");
    let mount = container["volumeMounts"][0]["mountPath"]
        .as_str()
        .expect("a mount");
    assert!(image.contains(&format!("VOLUME [\"{mount}\"]")));
    let configuration = text("packaging/container/config.yaml");
    assert!(configuration.contains(&format!("\nmillstream.data-dir: {mount}/")));
    let savepoints = format!("\nexecution.checkpointing.savepoint-dir: file://{mount}/");
    assert!(configuration.contains(&savepoints), "savepoints outlive it");
    let port = &container["ports"][0];
    assert!(image.contains(&format!(
        "\nEXPOSE {}\n",
        port["containerPort"].as_u64().expect("a port")
    )));
    assert_eq!(service["spec"]["ports"][0]["targetPort"], port["name"]);
    let labels = &set["template"]["metadata"]["labels"];
    assert_eq!(&service["spec"]["selector"], labels);
    assert_eq!(&set["selector"]["matchLabels"], labels);
    let health = image
        .lines()
        .find(|line| line.starts_with("HEALTHCHECK"))
        .expect("a check");
    // It needs no token, and no client of HTTP, which the image does not have.
    assert!(health.ends_with(" CMD [\"millstream-health\"]"));
    for (probe, path) in [("startupProbe", "/healthz"), ("readinessProbe", "/readyz")] {
        let asked = &container[probe]["httpGet"];
        assert_eq!(asked["path"], path);
        assert_eq!(asked["port"], port["name"]);
    }
    // To restart the server for its silence would end its jobs' processes with it.
    assert!(container.get("livenessProbe").is_none());
}
