//! The directories of the partitions that there are, as the metastore tells them.

mod known;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::ArrayRef;
use millstream_core::{Error, Result};

use self::known::Known;
use super::client::Client;
use super::partition::{Partition, name_of};
use super::table::{Table, refused};
use super::trouble::Trouble;
use crate::files_source::{Changed, Directories, Test};

/// The values of a partition: one of each of its columns.
pub(super) type Values = Arc<[ArrayRef]>;

/// The directories of a table's partitions.
#[derive(Debug)]
pub(super) struct Tree {
    table: Arc<Table>,
    filter: Option<String>,
    /// What becomes of partitions that move.
    changed: Changed,
    asked: Mutex<Client>,
    known: Mutex<Known>,
}

impl Tree {
    /// Asks for the partitions that there are.
    ///
    /// # Errors
    /// The metastore refuses or is away, or a partition is of a kind that is not read.
    pub(super) fn new(
        table: Arc<Table>,
        client: Client,
        filter: Option<String>,
        changed: Changed,
    ) -> Result<Self> {
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
            changed,
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

    /// Why the job is to fail, once a look has found that.
    pub(super) fn take_failure(&self) -> Option<Error> {
        self.known().failure.take()
    }

    /// Asks the metastore for partitions that are not known yet and, in turn, for some of the others, and forgets those that
    /// it does not know any more.
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
            match Partition::of(&self.table, partition) {
                Ok(found) => added.push((name, found)),
                Err(error) => {
                    // It is asked for, and told of, at each look until it can be read.
                    self.known().partitions.remove(&name);
                    return Err(error);
                }
            }
        }
        let mut known = self.known();
        if let Some(names) = names {
            known.partitions.retain(|name, _| names.contains(name));
        } else {
            known.partitions.clear();
        }
        for (name, partition) in added {
            if let Err(error) = known.note(&self.table, name, partition, self.changed) {
                // A look that comes to nothing is tried again: that the job fails is told by who announces files.
                known.failure = Some(error.clone());
                return Err(error);
            }
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
        let fresh = self.known().asked_now(&names);
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
