//! Where checkpoints go that were given no place: into HDFS where that is configured, as those of the CSP operator do.

use millstream_connectors::hdfs::{HdfsSettings, HdfsUrl};
use millstream_core::options::{CHECKPOINT_DIRECTORY, CHECKPOINT_INTERVAL, SAVEPOINT_DIRECTORY};
use millstream_core::{Configuration, Error, Result, codes};

use crate::parameters::{SourceSettings, lies_among_input};

/// The CSP operator's default, in the cluster that is meant where none is named.
const PLACE: &str = "/tmp/csp/flink/checkpoints";

/// Gives checkpoints their place in HDFS if `configuration` has them taken, names none, and Hadoop's settings tell of a cluster.
/// Answers what is worth telling about that.
///
/// # Errors
/// There are to be settings, and they can't be read: checkpoints that went elsewhere then would not be found again.
pub(crate) fn place(configuration: &mut Configuration) -> Result<Option<String>> {
    let are_taken = match configuration.get(&CHECKPOINT_INTERVAL) {
        // What it stands for only the process knows that runs the job; a place harms nobody who takes none.
        Err(error) if error.code() == codes::REFERENCE.id => true,
        interval => interval?.is_some_and(|interval| !interval.is_zero()),
    };
    // It may be written as a reference, and whatever that stands for is a place.
    if !are_taken || configuration.is_set(&CHECKPOINT_DIRECTORY) {
        return Ok(None);
    }
    let unknown = Error::new(
        &codes::HADOOP_SETTINGS,
        "it can't be told whether checkpoints go to HDFS",
    );
    let unknown = unknown.next(
        "correct HADOOP_CONF_DIR, HADOOP_HOME or hadoop.home.dir, or give stream.checkpoint.dir",
    );
    let settings = match HdfsSettings::of(configuration) {
        Err(cause) if cause.code() == codes::REFERENCE.id => return Err(unknown.cause(cause)),
        settings => settings?,
    };
    let cluster = settings.default_cluster();
    let cluster = cluster.map_err(|cause| unknown.cause(cause))?;
    Ok(cluster.map(|cluster: HdfsUrl| {
        let place = format!("hdfs://{}{PLACE}", cluster.authority());
        let note = format!(
            "checkpoints go to {place}: Hadoop's settings name that cluster, and stream.checkpoint.dir is not given"
        );
        configuration.set(CHECKPOINT_DIRECTORY.name, place);
        note
    }))
}

/// Refuses snapshots in the directory that is read: the job would take them for input, and with source.file.bad quarantine move
/// its own checkpoints away. Names that the source leaves out are another matter.
///
/// # Errors
/// Checkpoints or savepoints would lie there.
pub(crate) fn refuse_among_input(
    configuration: &Configuration,
    source: &SourceSettings,
) -> Result<()> {
    let source = match source {
        SourceSettings::Text(text) => &text.path,
        SourceSettings::Columns(columns) => &columns.path,
        SourceSettings::Table(_) | SourceSettings::Kafka(_) | SourceSettings::Hive(_) => {
            return Ok(());
        }
    };
    for option in [&CHECKPOINT_DIRECTORY, &SAVEPOINT_DIRECTORY] {
        // What a reference stands for only the process knows that runs the job: it asks again.
        let Ok(Some(directory)) = configuration.get(option) else {
            continue;
        };
        if lies_among_input(&directory, source) {
            let message = format!(
                "{} is {directory}, which lies in source.path, so the job would read its own snapshots",
                option.name
            );
            return Err(Error::new(&codes::INGEST_PARAMETERS, message)
                .next("give a directory outside of source.path"));
        }
    }
    Ok(())
}
