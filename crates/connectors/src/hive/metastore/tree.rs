//! The directories of the partitions that there are, as the metastore tells them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::ArrayRef;
use millstream_core::{Error, Result};

use super::client::Client;
use super::partition::{Partition, name_of};
use super::table::{Table, refused};
use super::trouble::Trouble;
use crate::files_source::{Directories, Test};

/// The values of a partition: one of each of its columns.
pub(super) type Values = Arc<[ArrayRef]>;

/// The directories of a table's partitions.
#[derive(Debug)]
pub(super) struct Tree {
    table: Arc<Table>,
    filter: Option<String>,
    asked: Mutex<Client>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By their names, as the metastore told them last.
    partitions: BTreeMap<String, Partition>,
    /// By their directories; those that are gone as well.
    values: BTreeMap<PathBuf, Values>,
    /// What is so of each partition that is read.
    tests: Vec<(usize, Test)>,
}

impl Tree {
    /// Asks for the partitions that there are.
    ///
    /// # Errors
    /// The metastore refuses or is away, or a partition is of a kind that is not read.
    pub(super) fn new(table: Arc<Table>, client: Client, filter: Option<String>) -> Result<Self> {
        if filter.is_some() && table.keys.is_empty() {
            let error = refused(
                &table.to_string(),
                "has no partitions, and source.db.partition.filter is given",
            );
            return Err(
                error.next("leave source.db.partition.filter out, and filter rows with stream.sql")
            );
        }
        let tree = Self {
            table,
            filter,
            asked: Mutex::new(client),
            known: Mutex::default(),
        };
        tree.refresh()?;
        Ok(tree)
    }

    /// The table.
    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    /// Who asks the metastore.
    pub(super) fn client(&self) -> MutexGuard<'_, Client> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Only partitions of which all of these may be so are read from now on: columns by their numbers among those of
    /// partitions.
    pub(super) fn only(&self, tests: Vec<(usize, Test)>) {
        self.known().tests = tests;
    }

    /// How many partitions there are, and how many of them are read.
    pub(super) fn count(&self) -> (usize, usize) {
        let known = self.known();
        let read = known.partitions.values();
        (
            known.partitions.len(),
            read.filter(|one| known.wants(one)).count(),
        )
    }

    /// The values of the partition of a file.
    ///
    /// # Errors
    /// SOURCE_TABLE: nobody knows it any more.
    pub(super) fn values(&self, file: &Path) -> Result<Values> {
        if self.table.keys.is_empty() {
            return Ok(Arc::from(Vec::new()));
        }
        let known = self.known();
        let above = file.ancestors().skip(1);
        let found = above
            .filter_map(|directory| known.values.get(directory))
            .next();
        if let Some(values) = found {
            return Ok(Arc::clone(values));
        }
        let values = Partition::values_by_path(&self.table.keys, file).ok_or_else(|| {
            let why = format!(
                "has no partition any more in which {} lies, and its path does not tell the values",
                file.display()
            );
            refused(&self.table.to_string(), &why)
                .next("add the partition again, or begin anew without the checkpoint")
        })?;
        Ok(self.table.as_told(&values))
    }

    /// Asks the metastore for partitions that are not known yet, and forgets those that it does not know any more.
    fn refresh(&self) -> Result<()> {
        if self.table.keys.is_empty() {
            return Ok(());
        }
        let told = self.ask().map_err(|trouble| {
            let about = format!("{}.{}", self.table.database, self.table.name);
            trouble.error(self.client().url(), &about)
        })?;
        let Told { names, fresh } = told;
        let mut added = Vec::new();
        for partition in &fresh {
            let values = partition.values.as_deref().unwrap_or_default();
            let name = name_of(&self.table.keys, values);
            added.push((name, Partition::of(&self.table, partition)?));
        }
        let mut known = self.known();
        if let Some(names) = names {
            known.partitions.retain(|name, _| names.contains(name));
        } else {
            known.partitions.clear();
        }
        for (name, partition) in added {
            let values = Arc::clone(&partition.values);
            known.values.insert(partition.directory.clone(), values);
            known.partitions.insert(name, partition);
        }
        known.check(&self.table)
    }

    fn ask(&self) -> std::result::Result<Told, Trouble> {
        let (database, table) = (&self.table.database, &self.table.name);
        let mut client = self.client();
        if let Some(filter) = &self.filter {
            let fresh = client.filtered(database, table, filter)?;
            return Ok(Told { names: None, fresh });
        }
        let names = client.partition_names(database, table)?;
        let fresh: Vec<String> = {
            let known = self.known();
            let is_fresh = |name: &&String| !known.partitions.contains_key(*name);
            names.iter().filter(is_fresh).cloned().collect()
        };
        let fresh = client.partitions(database, table, &fresh)?;
        Ok(Told {
            names: Some(names.into_iter().collect()),
            fresh,
        })
    }
}

/// What the metastore tells of partitions.
struct Told {
    /// The names of all; `None`: all are fresh.
    names: Option<BTreeSet<String>>,
    fresh: Vec<millstream_hive_thrift::hive_metastore::Partition>,
}

impl Known {
    /// Whether rows of the partition may be wanted.
    fn wants(&self, partition: &Partition) -> bool {
        self.tests.iter().all(|(key, test)| {
            let value = partition.values.get(*key);
            value.is_none_or(|value| test.may_be_of(value))
        })
    }

    /// Whether each partition has a directory of its own.
    fn check(&self, table: &Table) -> Result<(), Error> {
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

impl Directories for Tree {
    fn now(&self) -> io::Result<Vec<PathBuf>> {
        if self.table.keys.is_empty() {
            return Ok(vec![self.table.location.clone()]);
        }
        self.refresh().map_err(|error| {
            let why = format!("{error}");
            io::Error::other(why)
        })?;
        let known = self.known();
        let wanted = known.partitions.values().filter(|one| known.wants(one));
        Ok(wanted.map(|one| one.directory.clone()).collect())
    }
}
