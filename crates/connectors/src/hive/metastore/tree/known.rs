//! What the metastore has told of partitions, and what becomes of those that lie elsewhere than they did. Pure.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use tracing::warn;

use super::Values;
use crate::files_source::{Changed, Test};
use crate::hive::metastore::partition::Partition;
use crate::hive::metastore::table::refused;

/// In so many looks the metastore is asked once again for each partition that is known: it tells no more of what has changed than
/// names, and to ask for thousands of partitions at each look would be most of its work.
pub(super) const LOOKS: usize = 10;

/// What is known of a table's partitions.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By their names, as the metastore told them last.
    pub(super) partitions: BTreeMap<String, Partition>,
    /// By their directories; those that are gone as well.
    pub(super) values: BTreeMap<PathBuf, Values>,
    /// What is so of each partition that is read.
    pub(super) tests: Vec<(usize, Test)>,
    /// Why the job is to fail.
    pub(super) failure: Option<Error>,
    /// The directory of each partition, by name; those that are gone as well, which may be added again elsewhere.
    places: BTreeMap<String, PathBuf>,
    /// New places that are not read, and of which the user has been told.
    told: BTreeMap<String, PathBuf>,
    /// The partition that was asked for again last.
    asked: String,
}

impl Known {
    /// Whether rows of the partition may be wanted.
    pub(super) fn wants(&self, partition: &Partition) -> bool {
        self.tests.iter().all(|(key, test)| {
            let value = partition.values.get(*key);
            value.is_none_or(|value| test.may_be_of(value))
        })
    }

    /// Of the partitions with these names, those that are to be asked for: all that are not known, and some of those that are, each in
    /// its turn.
    pub(super) fn asked_now(&mut self, names: &[String]) -> Vec<String> {
        let is_fresh = |name: &&String| !self.partitions.contains_key(*name);
        let mut asked: Vec<String> = names.iter().filter(is_fresh).cloned().collect();
        let wanted = self.partitions.iter().filter(|(_, one)| self.wants(one));
        let wanted: Vec<&String> = wanted.map(|(name, _)| name).collect();
        let behind = wanted.partition_point(|name| **name <= self.asked);
        let most = wanted.len().div_ceil(LOOKS);
        let turn = wanted.iter().cycle().skip(behind).take(most);
        let turn: Vec<String> = turn.map(|name| (*name).clone()).collect();
        if let Some(last) = turn.last() {
            self.asked.clone_from(last);
        }
        asked.extend(turn);
        asked
    }

    /// Takes note of what the metastore says of a partition of the table. One that lies elsewhere than it did is a changed one.
    ///
    /// # Errors
    /// SOURCE_CHANGED: it is, and that fails the job.
    pub(super) fn note(
        &mut self,
        table: &impl Display,
        name: String,
        mut partition: Partition,
        changed: Changed,
    ) -> Result<()> {
        let before = self.places.get(&name).cloned();
        let before = before.filter(|place| *place != partition.directory);
        if let Some(before) = before.filter(|_| self.wants(&partition)) {
            let moved = moved(table, &name, &before, &partition.directory);
            match changed {
                Changed::Fail => {
                    return Err(Error::new(&codes::SOURCE_CHANGED, moved).next(
                        "set its location back, or set source.file.changed to reread to read what lies there now beside what was read before",
                    ));
                }
                Changed::Ignore => {
                    if self.told.get(&name) != Some(&partition.directory) {
                        warn!(
                            "{moved}; what lies there is not read before the job is started anew"
                        );
                        self.told.insert(name.clone(), partition.directory.clone());
                    }
                    partition.directory = before;
                }
                Changed::Reread | Changed::Append => {
                    warn!("{moved}; what lies there is read, too");
                }
            }
        }
        let values = Arc::clone(&partition.values);
        self.values.insert(partition.directory.clone(), values);
        self.places
            .insert(name.clone(), partition.directory.clone());
        self.partitions.insert(name, partition);
        Ok(())
    }

    /// Whether each partition has a directory of its own.
    ///
    /// # Errors
    /// SOURCE_TABLE: two have the same.
    pub(super) fn check(&self, table: &impl Display) -> Result<()> {
        let mut places: BTreeMap<&Path, &str> = BTreeMap::new();
        for (name, partition) in &self.partitions {
            if let Some(other) = places.insert(&partition.directory, name) {
                let why = format!(
                    "has the partitions {other} and {name} in one directory, {}",
                    partition.directory.display()
                );
                return Err(refused(&table.to_string(), &why));
            }
        }
        Ok(())
    }
}

/// What is said of a partition that lies elsewhere than it did.
fn moved(table: &impl Display, name: &str, before: &Path, now: &Path) -> String {
    format!(
        "{table}: partition {name} has moved: it lay at {} when it was read, and lies at {} now",
        before.display(),
        now.display()
    )
}

#[cfg(test)]
mod tests;
