use std::sync::Arc;
use std::time::Duration;

use super::{Cancelled, Cluster, Session, TransactionVersion};

fn lowest(told: &[(i16, &str)]) -> TransactionVersion {
    let told = told.iter();
    TransactionVersion::lowest(
        told.map(|(version, broker)| (*version, (*broker).to_owned()))
            .collect(),
    )
}

#[test]
fn the_lowest_version_counts_and_who_tells_it_is_named() {
    let mixed = lowest(&[(2, "a:1"), (0, "b:1"), (2, "c:1")]);
    assert_eq!((mixed.version, mixed.told_by.as_deref()), (0, Some("b:1")));
    let said = mixed.to_string();
    assert!(said.contains("of broker b:1 is 0"), "{said}");
}

#[test]
fn nobody_is_named_where_all_tell_the_same() {
    for told in [[(1, "a:1"), (1, "b:1")].as_slice(), &[]] {
        assert_eq!(lowest(told).told_by, None, "{told:?}");
    }
    let said = lowest(&[(1, "a:1"), (1, "b:1")]).to_string();
    assert!(said.contains("of the cluster is 1"), "{said}");
}

#[test]
fn people_are_told_to_ask_again_and_jobs_that_they_do() {
    let told = |begin: fn(Arc<Cluster>) -> Session| {
        let settings = [("socket.timeout.ms", "500")];
        let cluster = Cluster::new("127.0.0.1:1", settings).expect("a cluster");
        let mut session = Session {
            patience: Duration::ZERO,
            ..begin(Arc::new(cluster))
        };
        let error = session.describe("x").expect_err("nobody listens there");
        error.next_step().to_owned()
    };
    let people = told(Session::asking);
    assert!(people.contains("then ask again"), "{people}");
    let job = told(|cluster| Session::new(cluster, Cancelled::default()));
    assert!(job.contains("when it is restarted"), "{job}");
}
