use std::path::PathBuf;
use std::sync::Arc;

use millstream_core::options::CHECKPOINT_INTERVAL;
use millstream_core::{JobStatus, OperatorId};
use millstream_protocol::link::VertexReport;

use super::super::tests::{book, report};
use super::*;

const TIMEOUT: &str = "task.cancellation.timeout";

/// The report of a process that has built its job with these settings.
fn built(settings: &[(&str, &str)]) -> JobReport {
    let mut report = report(10, JobStatus::Running);
    for (key, value) in settings {
        report.configuration.set(*key, *value);
    }
    report.vertices = vec![VertexReport {
        id: OperatorId::from_uid("source"),
        name: "source".to_owned(),
        operators: Vec::new(),
        is_source: true,
        inputs: Vec::new(),
        subtasks: Vec::new(),
    }];
    report
}

fn is_exponential(strategy: &RestartStrategy) -> bool {
    matches!(strategy, RestartStrategy::ExponentialDelay(_))
}

#[test]
fn without_checkpoints_and_strategy_a_job_is_not_restarted() {
    let mut book = book();
    book.report(20, built(&[]));
    assert_eq!(book.restart_strategy(), RestartStrategy::None);
    book.report(30, built(&[(CHECKPOINT_INTERVAL.name, "1 s")]));
    let strategy = book.restart_strategy();
    assert!(is_exponential(&strategy), "{strategy:?}");
}

#[test]
fn what_no_process_has_told_is_not_taken_for_none() {
    let mut book = book();
    assert!(is_exponential(&book.restart_strategy()));
    // Nor is what a process tells that could not build the job.
    book.report(20, report(10, JobStatus::Failed));
    assert!(is_exponential(&book.restart_strategy()));
}

#[test]
fn what_can_not_be_looked_up_is_not_taken_for_none() {
    let mut book = book().resolving(configuration::of_supervision);
    book.report(
        20,
        built(&[(CHECKPOINT_INTERVAL.name, "${env:NOBODY_SET_IT}")]),
    );
    assert!(is_exponential(&book.restart_strategy()));
    let none = [("restart-strategy.type", "none")];
    book.report(30, built(&none));
    assert_eq!(book.restart_strategy(), RestartStrategy::None);
}

#[test]
fn the_next_server_knows_what_a_process_has_told_the_one_before() {
    let mut first = book();
    let told = [
        ("restart-strategy.type", "none"),
        (CHECKPOINT_INTERVAL.name, "1 s"),
        (TIMEOUT, "7 s"),
        ("pipeline.name", "numbers"),
    ];
    let changes = first.report(20, built(&told));
    assert!(changes.is_worth_saving);
    let changes = first.report(21, built(&told));
    assert!(!changes.is_worth_saving, "it is on record");
    let changes = first.report(22, built(&[(TIMEOUT, "7 s")]));
    assert!(changes.is_worth_saving, "it has changed");
    first.report(23, built(&told));

    let next = Book::new(
        first.record().clone(),
        Arc::clone(&first.submission),
        PathBuf::from("/jobs"),
        3,
    );
    assert_eq!(next.restart_strategy(), RestartStrategy::None);
    assert_eq!(next.cancellation_limit(), Some(Duration::from_secs(7)));
    let kept = next.record().followed.as_ref().expect("it was told");
    let keys: Vec<&str> = kept.iter().map(|(key, _)| key).collect();
    assert_eq!(
        keys,
        [CHECKPOINT_INTERVAL.name, "restart-strategy.type", TIMEOUT],
        "what a server follows, and nothing else"
    );
}
