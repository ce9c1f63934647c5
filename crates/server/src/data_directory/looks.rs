//! Looks at what may lie on a disk or share that does not answer.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::Builder;
use std::time::Duration;

use millstream_core::Result;

use crate::files;

/// A disk or share that has not answered by then does not answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What `look` finds at those of the places that answer, where it finds something.
///
/// # Errors
/// There is no thread to look with.
pub(super) fn at_all<const N: usize>(
    places: [PathBuf; N],
    look: fn(&Path) -> Option<Metadata>,
) -> Result<Vec<(PathBuf, Metadata)>> {
    let (answer, answers) = mpsc::sync_channel(N);
    for place in places {
        let (of, answer) = (place.clone(), answer.clone());
        let looks = move || {
            let about = look(&of);
            // Nobody waits any more for what was away for long.
            drop(answer.send(about.map(|about| (of, about))));
        };
        // A share that hangs holds up its own thread alone.
        let looking = Builder::new().name("look".to_owned()).spawn(looks);
        drop(looking.map_err(|cause| files::unusable(&place, "looked at", cause))?);
    }
    drop(answer);
    let answers = std::iter::from_fn(|| answers.recv_timeout(PATIENCE).ok());
    Ok(answers.flatten().collect())
}
