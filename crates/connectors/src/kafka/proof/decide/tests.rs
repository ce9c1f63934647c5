use millstream_engine::connector::CommitOutcome;

use super::{Facts, Next, Question, next};
use crate::kafka::transaction::{Described, Place, Proof, State, Transaction};
use crate::kafka::wire::{Ended, Marker, Readable};

/// What a broker answers, question by question; the last answer goes on for ever.
struct Row {
    situation: &'static str,
    proof: Proof,
    any: &'static [Marker],
    stable: &'static [Marker],
    ended: &'static [Answer],
    described: &'static [Option<(State, i16, i64)>],
    readable: &'static [Reading],
    outcome: Outcome,
}

/// As [`Ended`], without texts.
#[derive(Clone, Copy)]
enum Answer {
    Done,
    TooLate,
    Later,
}

/// As [`Readable`], without texts.
#[derive(Clone, Copy)]
enum Reading {
    Committed,
    Aborted,
    Undecided,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Committed,
    AlreadyCommitted,
    Lost,
    Unknown,
    /// Asked again for ever.
    Waits,
}

use Answer::{Done, Later, TooLate};
use Marker::{Absent, At, Unstable};
use Outcome::{AlreadyCommitted, Committed, Lost, Unknown, Waits};

/// The checkpoint in question, when its transaction began, and its epoch.
const N: u64 = 7;
const START: i64 = 1_000;
const EPOCH: i16 = 3;

/// What a question is answered that must not be asked.
const NEVER: Row = Row {
    situation: "",
    proof: Proof::Marker,
    any: &[],
    stable: &[],
    ended: &[],
    described: &[],
    readable: &[],
    outcome: Waits,
};

const OPEN: Option<(State, i16, i64)> = Some((State::Ongoing, EPOCH, START));
const COMMITTING: Option<(State, i16, i64)> = Some((State::Committing, EPOCH, START));
const DONE: Option<(State, i16, i64)> = Some((State::Committed, EPOCH, START));
/// The epoch of a commit of the newer protocol is the next one.
const DONE_AND_RAISED: Option<(State, i16, i64)> = Some((State::Committed, EPOCH + 1, START));
const ABORTED: Option<(State, i16, i64)> = Some((State::Aborted, EPOCH, START));
const TIMED_OUT: Option<(State, i16, i64)> = Some((State::Aborted, EPOCH + 1, START));
const INITIALISED: Option<(State, i16, i64)> = Some((State::Empty, EPOCH + 1, -1));
/// The next transaction, of the same producer and epoch.
const NEXT_OPEN: Option<(State, i16, i64)> = Some((State::Ongoing, EPOCH, START + 500));

/// One row for each row of what was observed of brokers 4.1 and 3.9.
const OBSERVED: &[Row] = &[
    Row {
        situation: "n committed",
        any: &[At(N)],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "n committed, its marker visible to the second question only",
        any: &[At(N - 1)],
        stable: &[At(N)],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "n prepared, process dead",
        any: &[At(N - 1), At(N)],
        stable: &[Unstable],
        ended: &[Done],
        outcome: Committed,
        ..NEVER
    },
    Row {
        situation: "n prepared, the broker killed and restarted as well (14 and 16 are asked again below)",
        any: &[At(N - 1), At(N - 1), At(N)],
        stable: &[Unstable],
        ended: &[Later, Done],
        outcome: Committed,
        ..NEVER
    },
    Row {
        situation: "n aborted by EndTxn",
        any: &[At(N - 1)],
        stable: &[At(N - 1)],
        outcome: Lost,
        ..NEVER
    },
    Row {
        situation: "n timed out at the broker",
        any: &[At(N - 1)],
        stable: &[Unstable, Unstable, At(N - 1)],
        ended: &[Later, TooLate],
        outcome: Lost,
        ..NEVER
    },
    Row {
        situation: "n committed, then another init_transactions",
        any: &[At(N)],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "n not committed, then another init_transactions",
        any: &[At(N - 1)],
        stable: &[At(N - 1)],
        outcome: Lost,
        ..NEVER
    },
    Row {
        situation: "transactional id expired since, n committed",
        any: &[At(N)],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "transactional id expired since, n not committed",
        any: &[At(N - 1)],
        stable: &[At(N - 1)],
        outcome: Lost,
        ..NEVER
    },
    Row {
        situation: "the group is gone (retention, deleted, topic deleted), n committed",
        any: &[Absent],
        stable: &[Absent],
        described: &[DONE],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "the group is gone, n aborted",
        any: &[Absent],
        stable: &[Absent],
        described: &[ABORTED],
        outcome: Lost,
        ..NEVER
    },
    Row {
        situation: "group deleted while n is open",
        any: &[Absent],
        stable: &[Absent],
        described: &[OPEN],
        ended: &[Done],
        outcome: Committed,
        ..NEVER
    },
    Row {
        situation: "group deleted while n is open, and it times out just then",
        any: &[Absent],
        stable: &[Absent],
        described: &[OPEN, TIMED_OUT],
        ended: &[TooLate],
        outcome: Lost,
        ..NEVER
    },
    Row {
        situation: "n open for longer than the retention, 4.1",
        any: &[At(N - 1), At(N)],
        stable: &[Unstable],
        ended: &[Done],
        outcome: Committed,
        ..NEVER
    },
    Row {
        situation: "n open for longer than the retention, 3.9",
        any: &[Absent, At(N)],
        stable: &[Unstable],
        described: &[OPEN],
        ended: &[Done],
        outcome: Committed,
        ..NEVER
    },
    Row {
        situation: "n open for longer than the retention, 3.9; the next sweep removes what was committed",
        any: &[Absent],
        stable: &[Unstable, Absent],
        ended: &[Done],
        described: &[OPEN, DONE_AND_RAISED],
        outcome: Committed,
        ..NEVER
    },
    Row {
        situation: "n committed, n+1 open in the same producer, its marker not sent yet",
        any: &[At(N)],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "n committed, n+1 open in the same producer, its marker sent",
        any: &[At(N)],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "n committed, n+1 open in the same producer, the group gone: no commit, which would be n+1's",
        any: &[Absent],
        stable: &[Absent],
        described: &[NEXT_OPEN],
        readable: &[Reading::Committed],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "n committed, the group gone, n+1 open in the same producer, its marker sent: no commit, which would be n+1's",
        any: &[Absent],
        stable: &[Unstable],
        described: &[NEXT_OPEN],
        readable: &[Reading::Committed],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "n aborted, the group gone, n+1 open in the same producer, its marker sent: no commit, which would be n+1's",
        any: &[Absent],
        stable: &[Unstable],
        described: &[NEXT_OPEN],
        readable: &[Reading::Aborted],
        outcome: Lost,
        ..NEVER
    },
    Row {
        situation: "n being committed, the group gone, its marker not yet committed",
        any: &[Absent],
        stable: &[Unstable],
        described: &[COMMITTING],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "abort marker of an administrator in the partition, then EndTxn",
        any: &[At(N)],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "a later checkpoint was committed since",
        any: &[At(N + 3)],
        outcome: AlreadyCommitted,
        ..NEVER
    },
];

/// What is asked where there is no marker: what the coordinator says, then the record.
const WITHOUT_MARKER: &[Row] = &[
    Row {
        situation: "prepared, process dead",
        proof: Proof::None,
        described: &[OPEN],
        ended: &[Done],
        outcome: Committed,
        ..NEVER
    },
    Row {
        situation: "asked again",
        proof: Proof::None,
        described: &[DONE_AND_RAISED],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "the answer to the commit never came, and it had arrived",
        proof: Proof::None,
        described: &[OPEN, DONE],
        ended: &[Later],
        outcome: Committed,
        ..NEVER
    },
    Row {
        situation: "the answer to the commit never came, and it had not arrived",
        proof: Proof::None,
        described: &[OPEN],
        ended: &[Later, Done],
        outcome: Committed,
        ..NEVER
    },
    Row {
        situation: "aborted by an operator",
        proof: Proof::None,
        described: &[ABORTED],
        outcome: Lost,
        ..NEVER
    },
    Row {
        situation: "timed out at the broker",
        proof: Proof::None,
        described: &[TIMED_OUT],
        outcome: Lost,
        ..NEVER
    },
    Row {
        situation: "another producer called init_transactions since, nothing else to ask",
        proof: Proof::None,
        described: &[INITIALISED],
        outcome: Unknown,
        ..NEVER
    },
    Row {
        situation: "expired, nothing else to ask",
        proof: Proof::None,
        described: &[None],
        outcome: Unknown,
        ..NEVER
    },
    Row {
        situation: "initialised since, n committed",
        proof: Proof::Record,
        described: &[INITIALISED],
        readable: &[Reading::Committed],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "initialised since, n aborted by that",
        proof: Proof::Record,
        described: &[INITIALISED],
        readable: &[Reading::Aborted],
        outcome: Lost,
        ..NEVER
    },
    Row {
        situation: "expired, an older transaction open in the partition for a while",
        proof: Proof::Record,
        described: &[None],
        readable: &[Reading::Undecided, Reading::Undecided, Reading::Committed],
        outcome: AlreadyCommitted,
        ..NEVER
    },
    Row {
        situation: "expired, an older transaction open in the partition for ever",
        proof: Proof::Record,
        described: &[None],
        readable: &[Reading::Undecided],
        outcome: Waits,
        ..NEVER
    },
    Row {
        situation: "expired, the record deleted or compacted away",
        proof: Proof::Record,
        described: &[None],
        readable: &[Reading::Gone],
        outcome: Unknown,
        ..NEVER
    },
    Row {
        situation: "marker, transactional id and record gone",
        any: &[Absent],
        stable: &[Absent],
        described: &[None],
        readable: &[Reading::Gone],
        outcome: Unknown,
        ..NEVER
    },
];

fn transaction() -> Transaction {
    Transaction {
        id: "orders-0".to_owned(),
        producer: 41,
        epoch: EPOCH,
        started: START,
        checkpoint: N,
        group: "millstream-orders-0".to_owned(),
        topic: "orders".to_owned(),
        record: Some(Place {
            topic: "orders".to_owned(),
            partition: 2,
            offset: 100,
        }),
        records: 10,
    }
}

/// The next of a row's answers.
fn told<T: Copy>(answers: &[T], asked: &mut usize, question: Question, row: &Row) -> T {
    let last = answers.len().checked_sub(1);
    let last = last.unwrap_or_else(|| panic!("{}: {question:?} is asked", row.situation));
    let answer = answers[(*asked).min(last)];
    *asked += 1;
    answer
}

fn play(row: &Row, transaction: &Transaction) -> Outcome {
    let mut asked = [0; 5];
    let mut asked_to_commit = false;
    for _round in 0..10 {
        let mut facts = Facts {
            asked_to_commit,
            ..Facts::default()
        };
        loop {
            let question = match next(transaction, row.proof, &facts) {
                Next::Ask(question) => question,
                Next::Again(_) => break,
                Next::Decided(outcome) => {
                    return match outcome {
                        CommitOutcome::Committed => Committed,
                        CommitOutcome::AlreadyCommitted => AlreadyCommitted,
                        CommitOutcome::Lost(_) => Lost,
                        CommitOutcome::Unknown(_) => Unknown,
                    };
                }
            };
            match question {
                Question::Any => facts.any = Some(told(row.any, &mut asked[0], question, row)),
                Question::Stable => {
                    facts.stable = Some(told(row.stable, &mut asked[1], question, row));
                }
                Question::Describe => {
                    let told = told(row.described, &mut asked[2], question, row);
                    facts.described = Some(told.map(|(state, epoch, started)| Described {
                        producer: transaction.producer,
                        epoch,
                        state,
                        started,
                        timeout: 60_000,
                    }));
                }
                Question::Commit => {
                    facts.asked_to_commit = true;
                    facts.ended = Some(match told(row.ended, &mut asked[3], question, row) {
                        Done => Ended::Done,
                        TooLate => Ended::TooLate("48".to_owned()),
                        Later => Ended::Later("51".to_owned()),
                    });
                }
                Question::Readable => {
                    facts.readable = Some(match told(row.readable, &mut asked[4], question, row) {
                        Reading::Committed => Readable::Committed,
                        Reading::Aborted => Readable::Aborted,
                        Reading::Undecided => Readable::Undecided,
                        Reading::Gone => Readable::Gone("compacted".to_owned()),
                    });
                }
            }
        }
        asked_to_commit = facts.asked_to_commit;
    }
    Waits
}

#[test]
fn every_situation_that_was_observed_is_decided() {
    for row in OBSERVED.iter().chain(WITHOUT_MARKER) {
        assert_eq!(play(row, &transaction()), row.outcome, "{}", row.situation);
    }
}

#[test]
fn of_a_transaction_without_records_nothing_is_missing() {
    let empty = Transaction {
        record: None,
        records: 0,
        ..transaction()
    };
    for row in OBSERVED.iter().chain(WITHOUT_MARKER) {
        let outcome = play(row, &empty);
        let expected = [Committed, AlreadyCommitted];
        assert!(
            expected.contains(&outcome),
            "{}: {outcome:?}",
            row.situation
        );
    }
}

/// An older marker proves that it was not committed only where nothing is open any more, and a commit is asked for only
/// where what is open can be no other transaction.
#[test]
fn nothing_is_committed_that_may_be_another_transaction() {
    let transaction = transaction();
    let markers = [
        None,
        Some(Absent),
        Some(At(N - 1)),
        Some(At(N)),
        Some(Unstable),
    ];
    let states = [
        State::Empty,
        State::Ongoing,
        State::Committing,
        State::Committed,
        State::Aborting,
        State::Aborted,
        State::Other,
    ];
    let mut described = vec![None, Some(None)];
    for state in states {
        for (producer, epoch, started) in [
            (41, EPOCH, START),
            (41, EPOCH, START + 1),
            (42, EPOCH, START),
            (41, EPOCH + 1, START),
        ] {
            described.push(Some(Some(Described {
                producer,
                epoch,
                state,
                started,
                timeout: 1,
            })));
        }
    }
    for proof in [Proof::Marker, Proof::Record, Proof::None] {
        for any in markers {
            for stable in markers {
                for described in &described {
                    let facts = Facts {
                        any,
                        stable,
                        described: described.clone(),
                        ..Facts::default()
                    };
                    let asks = next(&transaction, proof, &facts) == Next::Ask(Question::Commit);
                    let by_marker = proof == Proof::Marker
                        && stable == Some(Unstable)
                        && any == Some(At(N - 1));
                    let by_start = described.as_ref().is_some_and(|described| {
                        described.as_ref().is_some_and(|it| {
                            it.state == State::Ongoing
                                && (it.producer, it.epoch, it.started) == (41, EPOCH, START)
                        })
                    });
                    assert!(!asks || by_marker || by_start, "{facts:?}");
                }
            }
        }
    }
}
