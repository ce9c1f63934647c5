//! Asking again what a cluster can't do now.

use std::time::{Duration, Instant};

use millstream_hdfs::{HdfsError, Trouble};

/// For how long it is asked again: what a NameNode that is started again needs to leave its safe mode, mostly. Who asked decides
/// what follows then.
const PATIENCE: Duration = Duration::from_secs(15);
/// The first pause; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Does what may be done again, until the cluster can.
///
/// # Errors
/// It can't for [`PATIENCE`], or says that it won't. A NameNode that says nothing takes longer: the next one is asked all the same, once.
#[allow(
    clippy::disallowed_methods,
    reason = "the home of this clock: nothing announces that a cluster is back"
)]
pub(super) fn patiently<T>(
    mut action: impl FnMut() -> Result<T, HdfsError>,
) -> Result<T, HdfsError> {
    let begun = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut is_first = true;
    loop {
        match action() {
            Err(error)
                if error.trouble() == Trouble::Unreachable
                    && (begun.elapsed() < PATIENCE || (is_first && error.is_left())) =>
            {
                is_first = false;
                std::thread::sleep(pause);
                pause = LONGEST_PAUSE.min(pause * 2);
            }
            done => return done,
        }
    }
}
