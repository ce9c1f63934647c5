//! What is said where a group does not take the offsets that it is told.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Lines of librdkafka's log with this name say that a group has not taken offsets. Nothing else tells of those for whose answer
/// nobody waits.
pub(super) const NOT_TAKEN: &str = "COMMITFAIL";

/// What passes by itself: the next checkpoint tells the group again. What begins with the first is librdkafka's own: no answer came.
/// Not every broker knows a topic that is new, and of one that is gone the source tells itself.
const PASSING: [&str; 7] = [
    "Local: ",
    "Broker: Broker disconnected before response received",
    "Broker: Coordinator load in progress",
    "Broker: Coordinator not available",
    "Broker: Not coordinator",
    "Broker: Request timed out",
    "Broker: Unknown topic or partition",
];

/// A group that is told how far a job is.
#[derive(Default)]
pub(super) struct Group {
    name: String,
    warned: Mutex<BTreeSet<String>>,
}

impl Group {
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            warned: Mutex::default(),
        }
    }

    /// Takes note of a line that says that offsets were not taken: each reason is warned of once.
    pub(super) fn refuses(&self, line: &str) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        for why in lasting(line) {
            if warned.insert(why.to_owned()) {
                tracing::warn!(
                    "Group {} does not take the job's offsets ({why}): Kafka's tools show an older lag, and who starts without a snapshot \
                     begins there. The job itself loses nothing, as its checkpoints hold its positions. Give a group.id that no consumer \
                     is a member of, and on which the user has Read.",
                    self.name
                );
            }
        }
    }
}

/// The reasons of a line that do not pass by themselves, each once.
fn lasting(line: &str) -> BTreeSet<&str> {
    let mut reasons = reasons(line).peekable();
    if reasons.peek().is_none() {
        return BTreeSet::from(["for no reason that it tells"]);
    }
    let passes = |why: &str| PASSING.iter().any(|passing| why.starts_with(passing));
    reasons.filter(|why| !passes(why)).collect()
}

/// The reason of each partition: it stands in brackets behind an offset, which is another one each time.
fn reasons(line: &str) -> impl Iterator<Item = &str> {
    let behind_offsets = line.split('@').skip(1);
    behind_offsets.filter_map(|rest| {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let (why, _) = rest.strip_prefix('(')?.split_once(')')?;
        Some(why)
    })
}

#[cfg(test)]
mod tests {
    use super::lasting;

    fn line(partitions: &str) -> String {
        format!(
            "[thrd:main]: Offset commit (manual) failed for 1/2 partition(s) in join-state init: Success: {partitions}"
        )
    }

    fn told(line: &str) -> Vec<&str> {
        lasting(line).into_iter().collect()
    }

    #[test]
    fn the_reason_is_the_same_whatever_the_offsets_are() {
        for offset in [0, 10, 1_234_567] {
            let line = line(&format!(
                "orders((null))[0]@{offset}(Broker: Unknown member), orders((null))[1]@7(Broker: Unknown member)"
            ));
            assert_eq!(told(&line), ["Broker: Unknown member"]);
        }
        let without = line("orders((null))[0]@1");
        assert_eq!(told(&without), ["for no reason that it tells"]);
    }

    #[test]
    fn what_passes_for_one_partition_does_not_hide_what_does_not_for_another() {
        let line = line(
            "new((null))[0]@1(Broker: Unknown topic or partition), orders((null))[0]@2(Broker: Topic authorization failed), \
             orders((null))[1]@3(Broker: Unknown member)",
        );
        assert_eq!(
            told(&line),
            [
                "Broker: Topic authorization failed",
                "Broker: Unknown member"
            ]
        );
    }

    #[test]
    fn what_the_next_checkpoint_mends_is_not_told() {
        for passing in [
            "Local: Timed out",
            "Broker: Not coordinator",
            "Broker: Unknown topic or partition",
            "Broker: Broker disconnected before response received",
        ] {
            let line = line(&format!("orders((null))[0]@1({passing})"));
            assert!(told(&line).is_empty(), "{passing}");
        }
    }
}
