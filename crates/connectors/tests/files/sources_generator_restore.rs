//! A generator refuses a position that it does not have, and says what to do.

use millstream_connectors::generator::GeneratorSource;
use millstream_core::{JobId, Lineage};
use millstream_engine::connector::{
    Limit, Source, SourceContext, SourceOutput, SourceProgress, StateEntry, Waker,
};

fn open(
    source: &GeneratorSource<u64>,
    restored: Option<Vec<StateEntry>>,
) -> Result<Vec<StateEntry>, String> {
    let context = SourceContext {
        job: JobId::from_bytes([1; 16]),
        uid: "source".to_owned(),
        subtask: 0,
        parallelism: 1,
        lineage: Lineage::default(),
        run: 1,
        snapshot: None,
        restored,
        waker: Waker::none(),
        progress: SourceProgress::default(),
    };
    let mut reader = source.open(context).map_err(|error| error.to_string())?;
    reader
        .poll(&mut SourceOutput::new(), Limit::records(50))
        .map_err(|error| error.to_string())?;
    let snapshot = reader.snapshot(1).map_err(|error| error.to_string())?;
    Ok(snapshot.entries)
}

fn generator(splits: u32, count: u64) -> GeneratorSource<u64> {
    GeneratorSource::new(splits, |_, index| index).count(count)
}

#[test]
fn fewer_splits_fewer_records_and_foreign_state_are_refused() {
    let entries = open(&generator(3, 100), None).expect("a fresh start");
    let refused = |splits, count, entries: &[StateEntry]| {
        open(&generator(splits, count), Some(entries.to_vec())).expect_err("refused")
    };
    assert_eq!(
        refused(2, 100, &entries),
        "MS-3005: the snapshot holds split 2 of a generator that has only 2 splits; give the \
         generator as many splits as it had"
    );
    assert!(refused(3, 10, &entries).contains("the snapshot lies behind record 50 of split 0"));
    let foreign = StateEntry {
        key: "file-1".to_owned(),
        value: serde_json::json!({"offset": 7}),
    };
    let message = refused(3, 100, &[foreign]);
    assert!(
        message.starts_with("MS-3006: file-1 in the snapshot is no position"),
        "{message}"
    );
    open(&generator(4, 100), Some(entries)).expect("more splits begin at their start");
}
