//! What is worth telling about parameters and is no error.

use super::choices::{CheckpointType, SourceType};
use super::definition::Chosen;
use super::given::{Given, Origin};
use super::{hive, kerberos, paths, resolve, table};

/// What is worth knowing and is no error.
pub(super) fn of(given: &Given) -> Vec<String> {
    let mut notes = Vec::new();
    if given.origin(table::CHECKPOINT_TYPE.name()).is_some()
        && given.get(&table::CHECKPOINT_TYPE) == Some(CheckpointType::Rocksdb)
    {
        notes.push(
            "--stream.checkpoint.type rocksdb: RocksDB is not there yet, state is kept in memory"
                .to_owned(),
        );
    }
    notes.extend(without_effect(given));
    notes
}

/// One line that names every parameter that was given and changes nothing.
fn without_effect(given: &Given) -> Option<String> {
    // Checkpoints that are given no place may be there.
    let hdfs = paths::are_in_hdfs(given)
        || given.get(&table::CHECKPOINT_ENABLE)?
            && given.origin(table::CHECKPOINT_DIR.name()).is_none();
    let chosen = Chosen {
        source: given.get(&table::SOURCE_TYPE)?,
        metastore: hive::is_metastore(given),
        sink: given.get(&table::SINK_TYPE)?,
        watch: given.get(&table::WATCH_TYPE)?,
        split: given.get(&table::SOURCE_TYPE) == Some(SourceType::Jdbc)
            && given.origin(table::DB_PARTITION_COLUMN.name()).is_some(),
        sql: resolve::sql_is_on(given),
        merge: given.get(&table::MERGE_ENABLE)?,
        checkpoints: given.get(&table::CHECKPOINT_ENABLE)?,
        errors: given.get(&table::ERROR_POLICY)?,
        letter_topic: given.origin(table::DEAD_LETTER_TOPIC.name()).is_some(),
        bad_file: given.get(&table::FILE_BAD),
        after_commit: given.get(&table::AFTER_COMMIT)?,
        // Where a table lies is known to the metastore.
        objects: paths::are_in_objects(given) || hive::is_metastore(given),
        hdfs,
        kerberos: kerberos::is_asked_for(given) || hive::is_metastore(given) || hdfs,
    };
    let json = given.origin(table::SQL_SCHEMA_JSON.name()).is_some();
    let by_scope = given
        .names()
        .filter(|(_, origin)| !matches!(origin, Origin::Foreign(_)))
        .filter_map(|(name, _)| {
            let parameter = table::find(name)?;
            let reason = if !parameter.scope.holds(&chosen) {
                format!(
                    "only with {}",
                    parameter.scope.condition()?.replace('`', "")
                )
            } else if json && parameter.name == table::SQL_SCHEMA.name() {
                "stream.sql.schema.json wins".to_owned()
            } else {
                return None;
            };
            Some(format!("{name} ({reason})"))
        });
    let idle: Vec<String> = by_scope.chain(hive::without_effect(given)).collect();
    if idle.is_empty() {
        return None;
    }
    Some(format!(
        "given, but without effect here: {}",
        idle.join(", ")
    ))
}
