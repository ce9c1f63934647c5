//! Loading parameters without the environment and the working directory of the test.

use millstream_core::Result;
use millstream_ingest::parameters::{Input, Loaded, load, split_program_args};

/// Loads the parameters of a line of arguments.
pub(crate) fn load_line(line: &str) -> Result<Loaded> {
    let arguments = split_program_args(line)?;
    let directory = tempfile::tempdir().expect("temporary directory");
    load(&Input {
        environment: &[],
        arguments: &arguments,
        directory: directory.path(),
    })
}
