use super::*;

/// No server is asked any more, not even the first.
#[test]
fn a_session_that_nobody_waits_for_is_not_opened() {
    let url = HiveUrl::parse("jdbc:hive2://127.0.0.1:1,127.0.0.1:2/d").expect("a URL");
    let login = Login::new(None, None, &url);
    let (stop, stopped) = crossbeam_channel::bounded(0);
    let open = || Session::open(&url, &login, &Reach::default(), &stopped).err();
    assert!(matches!(open(), Some(Trouble::Away(_))));
    drop(stop);
    assert_eq!(open(), Some(Trouble::Cancelled));
}

#[test]
fn progress_is_what_lines_of_the_log_say_of_it() {
    let table = [
        (
            "2026-11-28 21:00:01,123 Stage-1 map = 40%,  reduce = 0%",
            Some("Stage-1 map = 40%,  reduce = 0%"),
        ),
        (
            "Map 1: 0/1\tReducer 2: 0/1",
            Some("Map 1: 0/1\tReducer 2: 0/1"),
        ),
        (
            "INFO  : Launching Job 1 out of 2",
            Some("Launching Job 1 out of 2"),
        ),
        (
            "INFO  : 2026-11-28 21:00:01,123 Stage-12 map = 100%,  reduce = 33%, Cumulative CPU 3.2 sec",
            Some("Stage-12 map = 100%,  reduce = 33%, Cumulative CPU 3.2 sec"),
        ),
        (
            "INFO  : Hadoop job information for Stage-1: number of mappers: 1; number of reducers: 1",
            Some("Stage-1: number of mappers: 1; number of reducers: 1"),
        ),
        (
            "INFO  : Starting task [Stage-1:MAPRED] in serial mode",
            None,
        ),
        ("INFO  : Starting task [Stage-1:MAPRED] in parallel", None),
        (
            "INFO  : Stage-Stage-1: Map: 1   Cumulative CPU: 3.1 sec   HDFS Read: 7 SUCCESS",
            None,
        ),
        ("INFO  : select * from t where at = 'Stage-1'", None),
        ("INFO  : Compiling command(queryId=x)", None),
        ("", None),
    ];
    for (line, expected) in table {
        assert_eq!(progress_of(line), expected, "{line}");
    }
}
