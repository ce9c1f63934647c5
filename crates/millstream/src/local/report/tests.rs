use std::path::Path;

use millstream_core::AttemptId;

use super::*;

fn task(subtask: usize) -> TaskView {
    TaskView {
        key: TaskKey { vertex: 0, subtask },
        name: format!("Source: in ({}/2)", subtask + 1),
        attempt: AttemptId::from_bytes([0; 16]),
        is_source: true,
        metrics: Default::default(),
    }
}

fn reporter() -> (Reporter, Watch) {
    let location = Location::from_path(Path::new("/s")).expect("a path");
    let given = Some(Newest::given(&location, false));
    Reporter::new("job", false, Counter::default(), given)
}

#[test]
fn a_job_is_down_until_its_attempt_has_tasks() {
    let (mut reporter, watch) = reporter();
    let did = |watch: &Watch| watch.down().map(|down| (down.did, down.waited_for));
    let told = |did: &str, why: Option<&str>| Some((did.to_owned(), why.map(str::to_owned)));
    assert_eq!(did(&watch), told("was INITIALIZING", None));
    reporter.job_switched(JobStatus::Created, JobStatus::Running);
    assert_eq!(did(&watch), told("had not begun to run", None));
    reporter.commits(Some("out is away"));
    let waits = told("had not begun to run", Some("out is away"));
    assert_eq!(did(&watch), waits);
    reporter.commits(None);
    reporter.attempt_started(&[task(0), task(1)]);
    assert_eq!(did(&watch), None);
    reporter.job_switched(JobStatus::Running, JobStatus::Failing);
    assert_eq!(did(&watch), told("was FAILING", None));
    reporter.job_switched(JobStatus::Failing, JobStatus::Restarting);
    reporter.held_up("/c is away");
    let waits = told("was RESTARTING", Some("/c is away"));
    assert_eq!(did(&watch), waits);
    reporter.job_switched(JobStatus::Restarting, JobStatus::Running);
    assert_eq!(did(&watch), told("had not begun to run", None));
}

#[test]
fn a_stop_waits_until_all_tasks_run() {
    let (mut reporter, watch) = reporter();
    reporter.job_switched(JobStatus::Created, JobStatus::Running);
    reporter.attempt_started(&[task(0), task(1)]);
    assert!(!watch.stop_waits_for_tasks(), "nobody has asked");
    assert!(watch.begin_stop());
    for (subtask, waits) in [(0, true), (1, false)] {
        let key = task(subtask).key;
        reporter.task_switched(key, TaskStatus::Created, TaskStatus::Initializing);
        assert!(watch.stop_waits_for_tasks());
        reporter.task_switched(key, TaskStatus::Initializing, TaskStatus::Running);
        assert_eq!(watch.stop_waits_for_tasks(), waits);
    }
}

#[test]
fn a_run_that_was_cancelled_before_it_began_goes_on_from_what_it_was_given() {
    let (mut reporter, watch) = reporter();
    assert_eq!(
        watch.how_to_go_on(true),
        "it had not begun: start it again with -s file:/s"
    );
    reporter.job_switched(JobStatus::Created, JobStatus::Running);
    reporter.attempt_started(&[task(0)]);
    let how = watch.how_to_go_on(true);
    assert!(how.contains("SIGTERM"), "{how}");
}

/// What sinks of Kafka show by these names.
fn shown(numbers: &[(&str, f64)]) -> TaskView {
    let view = task(0);
    for (name, value) in numbers {
        let name = format!("KafkaProducer.{name}");
        view.metrics.source.gauges.set(&name, *value);
    }
    view
}

#[test]
fn what_went_to_kafka_is_told_with_and_without_transactions() {
    assert_eq!(Sent::of(&[task(0)]), None);
    let plain = shown(&[("record-bytes-total", 1_500_000.0)]);
    let sent = Sent::of(&[plain]).expect("a sink");
    assert_eq!(sent.in_words(), "1.5 MB written, 0 requests sent again");
    let transactional = shown(&[
        ("record-bytes-total", 500_000.0),
        ("record-retry-total", 1.0),
        ("transactions-committed-total", 2.0),
        ("transactions-aborted-total", 1.0),
    ]);
    let other = Sent::of(&[transactional]).expect("a sink");
    assert_eq!(
        sent.and(other).and(other).in_words(),
        "2.5 MB written, 2 requests sent again, 4 transactions committed, 2 aborted"
    );
}
