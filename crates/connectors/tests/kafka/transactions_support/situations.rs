//! Every situation in which a transaction can be found, made at a broker with the producer that the sink has.

use std::time::Duration;

use crossbeam_channel::never;
use millstream_connectors::kafka::proof::{Ended, end, fence};
use millstream_connectors::kafka::{Proof, State, Transaction};
use millstream_engine::connector::CommitOutcome;
use millstream_services::kafka::Kafka;

use super::{Job, RECORDS, committed_records, session, settled, state};

const ALL: [Proof; 3] = [Proof::Marker, Proof::Record, Proof::None];

fn is_lost(outcome: &CommitOutcome) -> bool {
    matches!(outcome, CommitOutcome::Lost(why) if why.contains("10 records"))
}

/// Looks until the coordinator says so.
fn until(brokers: &str, id: &str, wanted: State) {
    for _look in 0..3_000 {
        if state(brokers, id) == wanted {
            return;
        }
        // Each answer of a broker takes some milliseconds.
        let _over = never::<()>().recv_timeout(Duration::from_millis(20));
    }
    unreachable!("{id} does not become {wanted:?}");
}

/// Deletes a group, as an administrator does.
fn delete_group(kafka: &Kafka, group: &str) {
    let arguments = ["--delete", "--group", group];
    let deleted = kafka.tool("consumer.group.ConsumerGroupCommand", &arguments, "");
    deleted.expect("the group is deleted");
}

pub(crate) fn what_is_open_is_committed_and_asked_again_it_is_committed_already(kafka: &Kafka) {
    let brokers = kafka.brokers();
    for proof in ALL {
        let name = format!("open-{proof:?}");
        let job = Job::start(kafka, &name);
        let transaction = job.prepare(1);
        job.vanish();
        let outcome = settled(&brokers, proof, &transaction);
        assert_eq!(outcome, CommitOutcome::Committed, "{proof:?}");
        assert_eq!(committed_records(&brokers, &name), RECORDS);
        let outcome = settled(&brokers, proof, &transaction);
        assert_eq!(outcome, CommitOutcome::AlreadyCommitted, "{proof:?}");
        assert_eq!(committed_records(&brokers, &name), RECORDS);
    }
}

pub(crate) fn what_was_committed_is_committed_already(kafka: &Kafka) {
    let brokers = kafka.brokers();
    for proof in ALL {
        let job = Job::start(kafka, &format!("committed-{proof:?}"));
        let transaction = job.prepare(1);
        job.commit();
        job.vanish();
        // Its markers may be on their way for a moment, and then it is committed once more, which is no harm.
        until(&brokers, &transaction.id, State::Committed);
        let outcome = settled(&brokers, proof, &transaction);
        assert_eq!(outcome, CommitOutcome::AlreadyCommitted, "{proof:?}");
    }
}

pub(crate) fn what_was_aborted_by_hand_is_lost(kafka: &Kafka) {
    let brokers = kafka.brokers();
    for proof in ALL {
        let name = format!("aborted-{proof:?}");
        let job = Job::start(kafka, &name);
        let transaction = job.prepare(1);
        job.vanish();
        let mut session = session(&brokers);
        let described = session.describe(&name).expect("asked").expect("known");
        let ended = end(&mut session, &name, &described, false).expect("asked");
        assert_eq!(ended, Ended::Done);
        let again = end(&mut session, &name, &described, true).expect("asked");
        assert_eq!(again, Ended::Before(State::Aborted));
        let outcome = settled(&brokers, proof, &transaction);
        assert!(is_lost(&outcome), "{proof:?}: {outcome:?}");
        assert_eq!(committed_records(&brokers, &name), 0);
    }
}

pub(crate) fn what_timed_out_is_lost(kafka: &Kafka) {
    let brokers = kafka.brokers();
    let jobs = ALL.map(|proof| Job::with_timeout(kafka, &format!("timed-{proof:?}"), 1_000));
    let transactions: Vec<Transaction> = jobs.iter().map(|job| job.prepare(1)).collect();
    jobs.into_iter().for_each(Job::vanish);
    for (proof, transaction) in ALL.into_iter().zip(&transactions) {
        until(&brokers, &transaction.id, State::Aborted);
        let outcome = settled(&brokers, proof, transaction);
        assert!(is_lost(&outcome), "{proof:?}: {outcome:?}");
    }
}

/// Another producer has taken the id: what was open is aborted by that, what was committed stays so.
pub(crate) fn what_another_producer_has_taken_is_known_by_its_marker_or_its_record(kafka: &Kafka) {
    let brokers = kafka.brokers();
    for proof in ALL {
        for commit in [false, true] {
            let name = format!("taken-{proof:?}-{commit}");
            let job = Job::start(kafka, &name);
            let transaction = job.prepare(1);
            if commit {
                job.commit();
            }
            job.vanish();
            Job::join(&brokers, &name, 60_000).vanish();
            let outcome = settled(&brokers, proof, &transaction);
            match (proof, commit) {
                (Proof::None, _) => {
                    assert!(matches!(outcome, CommitOutcome::Unknown(_)), "{outcome:?}");
                }
                (_, true) => assert_eq!(outcome, CommitOutcome::AlreadyCommitted, "{proof:?}"),
                (_, false) => assert!(is_lost(&outcome), "{proof:?}: {outcome:?}"),
            }
        }
    }
}

/// When somebody deletes the group of the markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deleted {
    Never,
    BeforeTheMark,
    BehindTheMark,
}

/// The next transaction has the same producer and epoch: to end it would commit its records.
pub(crate) fn the_next_transaction_is_never_committed_in_its_place(kafka: &Kafka) {
    let brokers = kafka.brokers();
    for proof in [Proof::Marker, Proof::Record] {
        for (marked, deleted) in [
            (false, Deleted::Never),
            (false, Deleted::BeforeTheMark),
            (true, Deleted::Never),
            // The marker of the next one waits, and none is committed.
            (true, Deleted::BeforeTheMark),
            (true, Deleted::BehindTheMark),
        ] {
            let name = format!("next-{proof:?}-{marked}-{deleted:?}");
            let job = Job::start(kafka, &name);
            let transaction = job.prepare(1);
            job.commit();
            job.begin();
            job.write();
            if deleted == Deleted::BeforeTheMark {
                delete_group(kafka, &name);
            }
            if marked {
                job.mark(2);
            }
            if deleted == Deleted::BehindTheMark {
                delete_group(kafka, &name);
            }
            job.vanish();
            let outcome = settled(&brokers, proof, &transaction);
            assert_eq!(outcome, CommitOutcome::AlreadyCommitted, "{name}");
            assert_eq!(state(&brokers, &name), State::Ongoing, "{name}");
            // What follows: the ids are initialised, and nothing of the next one is left open.
            fence(&mut session(&brokers), std::slice::from_ref(&name)).expect("fenced");
            assert_eq!(state(&brokers, &name), State::Empty, "{name}");
            assert_eq!(committed_records(&brokers, &name), RECORDS, "{name}");
        }
    }
}

pub(crate) fn a_group_that_was_deleted_proves_nothing_and_the_transaction_is_settled_all_the_same(
    kafka: &Kafka,
) {
    let brokers = kafka.brokers();
    let name = "deleted-open";
    let job = Job::start(kafka, name);
    let transaction = job.prepare(1);
    delete_group(kafka, name);
    job.vanish();
    let outcome = settled(&brokers, Proof::Marker, &transaction);
    assert_eq!(outcome, CommitOutcome::Committed);
    assert_eq!(committed_records(&brokers, name), RECORDS);

    let name = "deleted-committed";
    let job = Job::start(kafka, name);
    let transaction = job.prepare(1);
    job.commit();
    delete_group(kafka, name);
    job.vanish();
    let outcome = settled(&brokers, Proof::Marker, &transaction);
    assert_eq!(outcome, CommitOutcome::AlreadyCommitted);
    // Nor when the id was taken since, and only the record is left to ask.
    fence(&mut session(&brokers), &[name.to_owned()]).expect("fenced");
    let outcome = settled(&brokers, Proof::Marker, &transaction);
    assert_eq!(outcome, CommitOutcome::AlreadyCommitted);

    let name = "deleted-aborted";
    let job = Job::start(kafka, name);
    let transaction = job.prepare(1);
    job.vanish();
    fence(&mut session(&brokers), &[name.to_owned()]).expect("fenced");
    delete_group(kafka, name);
    let outcome = settled(&brokers, Proof::Marker, &transaction);
    assert!(is_lost(&outcome), "{outcome:?}");
}

pub(crate) fn a_record_that_is_gone_leaves_the_outcome_unknown(kafka: &Kafka) {
    let brokers = kafka.brokers();
    let name = "gone";
    let job = Job::start(kafka, name);
    let transaction = job.prepare(1);
    job.commit();
    job.vanish();
    fence(&mut session(&brokers), &[name.to_owned()]).expect("fenced");
    kafka.delete_records(name, 0, RECORDS).expect("deleted");
    let outcome = settled(&brokers, Proof::Record, &transaction);
    assert!(matches!(outcome, CommitOutcome::Unknown(_)), "{outcome:?}");
    // The marker still knows.
    let outcome = settled(&brokers, Proof::Marker, &transaction);
    assert_eq!(outcome, CommitOutcome::AlreadyCommitted);
    // A topic that was made anew holds other records.
    kafka.delete_topic(name).expect("deleted");
    let outcome = settled(&brokers, Proof::Record, &transaction);
    assert!(matches!(outcome, CommitOutcome::Unknown(_)), "{outcome:?}");
}

pub(crate) fn topics_are_known_by_their_ids_and_transactions_listed(kafka: &Kafka) {
    let brokers = kafka.brokers();
    let job = Job::start(kafka, "listed");
    job.prepare(1);
    job.vanish();
    let mut session = session(&brokers);
    let listed = session.transactions("listed").expect("an answer");
    let states: Vec<(&str, State)> = listed
        .iter()
        .map(|listed| (listed.id.as_str(), listed.described.state))
        .collect();
    assert_eq!(states, [("listed", State::Ongoing)]);
    let before = session.topics(&["listed", "nowhere"]).expect("an answer");
    let [before] = before.as_slice() else {
        unreachable!("one topic: {before:?}")
    };
    assert_eq!((before.name.as_str(), before.partitions), ("listed", 1));
    kafka.delete_topic("listed").expect("deleted");
    kafka.create_topic("listed", 1).expect("made anew");
    let after = session.topics(&["listed"]).expect("an answer");
    let [after] = after.as_slice() else {
        unreachable!("one topic: {after:?}")
    };
    assert_ne!(before.id, after.id);
}
