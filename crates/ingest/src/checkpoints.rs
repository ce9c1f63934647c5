//! Where checkpoints go that were given no place: into HDFS where that is configured, as those of the CSP operator do.

use millstream_connectors::hdfs::{HdfsSettings, HdfsUrl};
use millstream_core::options::{CHECKPOINT_DIRECTORY, CHECKPOINT_INTERVAL};
use millstream_core::{Configuration, Error, Result, codes};

/// The CSP operator's default, in the cluster that is meant where none is named.
const PLACE: &str = "/tmp/csp/flink/checkpoints";

/// Gives checkpoints their place in HDFS if `configuration` has them taken, names none, and Hadoop's settings tell of a cluster.
/// Answers what is worth telling about that.
///
/// # Errors
/// There are to be settings, and they can't be read: checkpoints that went elsewhere then would not be found again.
pub(crate) fn place(configuration: &mut Configuration) -> Result<Option<String>> {
    let interval = configuration.get(&CHECKPOINT_INTERVAL)?;
    let are_taken = interval.is_some_and(|interval| !interval.is_zero());
    // It may be written as a reference, and whatever that stands for is a place.
    if !are_taken || configuration.is_set(&CHECKPOINT_DIRECTORY) {
        return Ok(None);
    }
    let settings = HdfsSettings::of(configuration)?;
    let cluster = settings.default_cluster().map_err(|cause| {
        let message = "it can't be told whether checkpoints go to HDFS";
        Error::new(&codes::HADOOP_SETTINGS, message)
            .cause(cause)
            .next("correct HADOOP_CONF_DIR, HADOOP_HOME or hadoop.home.dir, or give stream.checkpoint.dir")
    })?;
    Ok(cluster.map(|cluster: HdfsUrl| {
        let place = format!("hdfs://{}{PLACE}", cluster.authority());
        let note = format!(
            "checkpoints go to {place}: Hadoop's settings name that cluster, and stream.checkpoint.dir is not given"
        );
        configuration.set(CHECKPOINT_DIRECTORY.name, place);
        note
    }))
}
