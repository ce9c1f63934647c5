use std::collections::BTreeSet;

use super::{FAULTS, Retention, Schedule, seed_of};

fn shown(seed: u64, most: u64) -> String {
    format!("{:?}", Schedule::draw(seed, most, &[]))
}

#[test]
fn a_seed_is_a_schedule() {
    assert_eq!(shown(7, 100), shown(7, 100));
    assert_ne!(shown(7, 100), shown(8, 100));
}

#[test]
fn a_round_of_a_run_can_be_played_alone() {
    let seed = seed_of(7, 3);
    assert_eq!(seed_of(seed, 0), seed);
    let whole = Schedule::draw(seed, 1_000, &[]);
    let again = Schedule::draw(seed_of(seed, 0), whole.drawn, &[]);
    assert_eq!(format!("{whole:?}"), format!("{again:?}"));
}

#[test]
fn fewer_faults_are_the_first_of_the_round() {
    let (all, some) = (Schedule::draw(7, 100, &[]), Schedule::draw(7, 4, &[]));
    assert_eq!(some.steps.len(), 4);
    assert_eq!(
        format!("{:?}", some.steps),
        format!("{:?}", &all.steps[..4])
    );
}

#[test]
fn rounds_have_as_many_faults_as_they_should_and_every_kind_is_drawn() {
    let mut names = BTreeSet::new();
    let mut modes = BTreeSet::new();
    for number in 0..200 {
        let schedule = Schedule::draw(seed_of(7, number), 1_000, &[]);
        assert!(
            (FAULTS.0..=FAULTS.1).contains(&schedule.drawn),
            "{}",
            schedule.drawn
        );
        names.extend(schedule.steps.iter().map(|step| step.fault.name()));
        modes.insert(schedule.setup.server);
    }
    let all = [
        "away",
        "clock",
        "consume",
        "disk",
        "empty",
        "freeze",
        "kill",
        "leave",
        "odd",
        "owner",
        "resume",
        "savepoint",
    ];
    assert_eq!(names.into_iter().collect::<Vec<_>>(), all);
    assert_eq!(modes.len(), 2);
}

#[test]
fn what_is_left_out_is_not_played_and_changes_nothing_else() {
    let without = ["kill".to_owned()];
    let (all, some) = (
        Schedule::draw(7, 100, &[]),
        Schedule::draw(7, 100, &without),
    );
    let rest: Vec<_> = all
        .steps
        .iter()
        .filter(|step| step.fault.name() != "kill")
        .collect();
    assert!(rest.len() < all.steps.len());
    assert_eq!(
        format!("{rest:?}"),
        format!("{:?}", some.steps.iter().collect::<Vec<_>>())
    );
}

#[test]
fn what_was_drawn_later_is_drawn_too() {
    let schedules: Vec<Schedule> = (0..200)
        .map(|number| Schedule::draw(seed_of(7, number), 1_000, &[]))
        .collect();
    let setups: BTreeSet<String> = schedules
        .iter()
        .map(|schedule| {
            let setup = schedule.setup;
            format!("{:?} {:?} {:?}", setup.after, setup.retention, setup.last)
        })
        .collect();
    // Three times kept, and with each of the other two retentions three ends.
    assert_eq!(setups.len(), 3 * (1 + 2 * 3), "{setups:?}");
    let shown = format!("{schedules:?}");
    for wanted in [
        "SuspendElsewhere",
        "fork: true, kills: 3",
        "place: Input, failure: Broken, operations: Names",
    ] {
        assert!(shown.contains(wanted), "{wanted}");
    }
    for schedule in &schedules {
        let keeps = schedule.setup.retention == Retention::Kept;
        assert!(keeps || !format!("{:?}", schedule.steps).contains("Cancel"));
    }
}
