//! Parameters for a process elsewhere: its working directory is another one, so paths are absolute.

use std::path::Path;

use millstream_ingest::parameters::{Input, portable};

#[test]
fn paths_are_taken_from_the_directory_of_whoever_submits() {
    let arguments = [
        "--source.type=csv",
        "--source.path=file:in",
        "--sink.type=file",
        "--sink.path=out",
        "--stream.checkpoint.dir=file:///checkpoints",
        "--error.policy=dead-letter",
        "--error.dead-letter.path=/dead",
        "--source.file.bad=quarantine",
        "--source.file.bad.path=bad",
        "--source.after.commit=move",
        "--source.after.commit.path=in/_done",
        "--hadoop.home.dir=hadoop",
    ]
    .map(str::to_owned);
    let portable = portable(&Input {
        environment: &[],
        arguments: &arguments,
        directory: Path::new("/where/ann/is"),
    })
    .expect("complete");
    for expected in [
        "--source.path=/where/ann/is/in",
        "--sink.path=/where/ann/is/out",
        "--stream.checkpoint.dir=/checkpoints",
        "--error.dead-letter.path=/dead",
        "--source.file.bad.path=/where/ann/is/bad",
        "--source.after.commit.path=/where/ann/is/in/_done",
        "--hadoop.home.dir=/where/ann/is/hadoop",
    ] {
        assert!(
            portable.arguments.iter().any(|given| given == expected),
            "{expected}: {:?}",
            portable.arguments
        );
    }
}
