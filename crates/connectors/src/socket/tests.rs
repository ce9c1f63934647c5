use millstream_core::{JobId, Lineage};
use millstream_engine::connector::{
    Limit, Source, SourceContext, SourceOutput, SourceProgress, SourceStatus, StateEntry, Waker,
};

use super::SocketTextSource;

fn context(subtask: usize, restored: Option<Vec<StateEntry>>) -> SourceContext {
    SourceContext {
        job: JobId::from_bytes([1; 16]),
        uid: "source".to_owned(),
        subtask,
        parallelism: 2,
        lineage: Lineage::default(),
        run: 1,
        restored,
        snapshot: None,
        waker: Waker::none(),
        progress: SourceProgress::default(),
    }
}

#[test]
fn only_the_first_subtask_reads() {
    let source = SocketTextSource::new("localhost", 1);
    let mut reader = source.open(context(1, None)).expect("nothing is connected");
    let status = reader
        .poll(&mut SourceOutput::new(), Limit::records(10))
        .expect("there is nothing that can fail");
    assert_eq!(status, SourceStatus::Ended);
}

#[test]
fn an_empty_delimiter_and_a_foreign_position_are_refused() {
    let error = SocketTextSource::new("localhost", 1)
        .delimiter("")
        .open(context(0, None));
    assert_eq!(error.err().expect("refused").code(), "MS-1002");
    let foreign = StateEntry {
        key: "split-1".to_owned(),
        value: serde_json::json!("x"),
    };
    let error = SocketTextSource::new("localhost", 1).open(context(0, Some(vec![foreign])));
    assert_eq!(error.err().expect("refused").code(), "MS-3006");
}
