//! Every verb has a defined answer in every state, and every request ends even if nobody ever answers.
//!
//! The answers are the table in `docs/life-cycle.md`. `MILLSTREAM_REWRITE=1` writes it anew.

#![allow(clippy::panic, reason = "a test says what is wrong by a panic")]

mod states;

use std::fmt::Write;
use std::path::Path;

use millstream_core::JobStatus;
use millstream_protocol::{Action, Event, JobMachine, Millis, OperationResult, Then};

use states::{STATES, VERBS, Verb, asked, brought_to, earlier, request};

/// Statuses of a job that has no machine: before it is there, or while its process is away.
const WITHOUT_MACHINE: [JobStatus; 3] = [
    JobStatus::Initializing,
    JobStatus::Suspended,
    JobStatus::Reconciling,
];

/// What a verb does, in a few words.
fn answer(verb: Verb, before: JobStatus, machine: &JobMachine, actions: &[Action]) -> String {
    let mut parts = Vec::new();
    for action in actions {
        match action {
            Action::OperationEnded { id, result } if *id == asked() => parts.push(outcome(result)),
            Action::OperationEnded { result, .. } => {
                parts.push(format!("the operation before: {}", outcome(result)));
            }
            Action::JobSwitched { to, .. } => parts.push(format!("-> {to}")),
            Action::HeldUp { why } => parts.push(format!("waits: {why}")),
            Action::RecoverCommits { .. } => parts.push("commits, then starts".to_owned()),
            Action::Trigger { kind, then, .. } => parts.push(match then {
                Then::Continue => format!("{} begins", kind.noun()),
                Then::Suspend | Then::Drain => format!("{} begins, sources wait", kind.noun()),
            }),
            Action::Warn { message } => parts.push(format!("warning: {message}")),
            _ => {}
        }
    }
    let pending = machine
        .operation(asked())
        .is_some_and(|operation| operation.ended.is_none());
    let begun = actions
        .iter()
        .any(|action| matches!(action, Action::Trigger { .. }));
    if pending && verb == Verb::Cancel {
        parts.push("ends with the job".to_owned());
    } else if pending && !begun {
        parts.push("waits in line".to_owned());
    }
    if parts.is_empty() {
        assert_eq!(machine.status(), before);
        assert_eq!(
            verb,
            Verb::TaskFails,
            "{before}: a request without an answer"
        );
        parts.push("changes nothing".to_owned());
    }
    parts.join("; ")
}

fn outcome(result: &OperationResult) -> String {
    match result {
        OperationResult::Failed { code, reason, .. } if code == "MS-2004" => {
            format!("refused: {reason}")
        }
        OperationResult::Failed { reason, .. } => format!("fails: {reason}"),
        OperationResult::Cancelled => "done".to_owned(),
        // Of the operation before, whose snapshot is there.
        OperationResult::Completed { .. } => "done".to_owned(),
        OperationResult::Stopped { .. } => panic!("nothing stops at once: {result:?}"),
    }
}

/// Lets time pass and nothing else happen, until the operation has ended.
fn wait_for_the_end(mut machine: JobMachine) {
    for _ in 0..100 {
        if machine
            .operation(asked())
            .is_none_or(|operation| operation.ended.is_some())
        {
            return;
        }
        let deadline = machine
            .next_deadline()
            .expect("an operation waits for something");
        machine.handle(deadline, Event::Tick);
    }
    panic!("an operation never ends: {machine:#?}");
}

fn table() -> String {
    let mut text = HEAD.to_owned();
    let names: Vec<_> = VERBS.iter().map(|(_, name)| *name).collect();
    let rule = "|---".repeat(names.len() + 1);
    writeln!(text, "| state | {} |\n{rule}|", names.join(" | ")).expect("a text grows");
    for (name, steps) in STATES {
        let before = brought_to(steps);
        write!(text, "| {}, {name} |", before.status()).expect("a text grows");
        for (verb, _) in VERBS {
            let mut machine = before.clone();
            let actions = machine.handle(Millis(1), request(verb, asked()));
            let answer = answer(verb, before.status(), &machine, &actions);
            let answer = answer.replace(&asked().to_string(), "this");
            let answer = answer
                .replace(&earlier().to_string(), "…")
                .replace(&"cc".repeat(16), "…");
            write!(text, " {answer} |").expect("a text grows");
            wait_for_the_end(machine);
        }
        text.push('\n');
    }
    text
}

const HEAD: &str = "\
# What every verb does in every state

Made from the machine itself by the test `every_verb_has_an_answer_in_every_state` of `crates/protocol`; edit that, not this.

- *Refused* is error MS-2004: nothing has changed.
- A request that *waits in line* begins once tasks run and no snapshot or commit is under way. It fails after twice
  `execution.checkpointing.timeout`. Before the tasks start it is refused by the next try to commit what the snapshot holds that is in
  vain, with the reason.
- Asking again with the same trigger id is the same operation, in every state: nothing happens a second time.
- Once every task has acknowledged the last snapshot (of a stop, or at the end of the input) tasks are not needed any more: their
  failures do not spoil it.
- A drain that fails restarts the job from its newest checkpoint, without using up a restart: operators were told that time has
  ended, which can't be taken back. A suspend that fails lets the sources read on.
- A savepoint is a checkpoint as well: it is committed like one, and the job never goes back behind it. Its operation, as that of a
  checkpoint, ends once its output is committed and that is noted beside it; where the attempt ends first, it fails and names the
  savepoint, which can be gone on from all the same.
- A start whose snapshot is missing or can't be reached waits for it, RESTARTING, however long that takes; only damage ends the job.
  So does one whose stop has written its savepoint: it is finished once the savepoint is there.
- INITIALIZING, RECONCILING and SUSPENDED are statuses of a job whose machine is not there yet, or whose process is away: all requests
  are refused until it is.

";

#[test]
fn the_table_in_the_documentation_is_what_the_machine_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/life-cycle.md");
    let table = table();
    if std::env::var_os("MILLSTREAM_REWRITE").is_some() {
        std::fs::write(&path, &table).expect("docs/life-cycle.md can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == table,
        "docs/life-cycle.md is not what the machine does; run this test with MILLSTREAM_REWRITE=1:\n{table}"
    );
}

#[test]
fn the_table_has_a_row_for_every_status() {
    for status in JobStatus::ALL
        .iter()
        .filter(|status| !WITHOUT_MACHINE.contains(status))
    {
        let reached = STATES
            .iter()
            .any(|(_, steps)| brought_to(steps).status() == *status);
        assert!(reached, "no row for {status}");
    }
}

#[test]
fn asking_again_is_the_same_operation_in_every_state() {
    for (name, steps) in STATES {
        for (verb, _) in VERBS
            .iter()
            .filter(|(v, _)| !matches!(v, Verb::Start | Verb::TaskFails))
        {
            let mut machine = brought_to(steps);
            machine.handle(Millis(1), request(*verb, asked()));
            let again = machine.handle(Millis(1), request(*verb, asked()));
            assert_eq!(again, [], "{verb:?} again: {name}");
        }
    }
}
