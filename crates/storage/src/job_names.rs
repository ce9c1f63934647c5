//! What the jobs are called that have checkpoints.

use millstream_core::{JobId, Result};

use crate::checkpoints::job_directories;
use crate::ended::Ended;
use crate::location::Location;
use crate::owner::Holder;

/// The jobs that have a directory below that of the checkpoints, by what is noted there of who ran them or of their end.
///
/// # Errors
/// It can't be listed.
pub fn job_names(checkpoints: &Location) -> Result<Vec<(JobId, String)>> {
    let mut names = Vec::new();
    for (job, directory) in job_directories(checkpoints)? {
        let ran = Holder::noted(&directory)?.map(|holder| holder.job_name);
        let ended = || Ended::noted(&directory).ok().flatten();
        let name = ran.or_else(|| ended().map(|ended| ended.job_name));
        names.extend(name.map(|name| (job, name)));
    }
    Ok(names)
}
