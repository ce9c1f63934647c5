//! A server answers 409 to every document of a bulk, and nothing to who asks which version of them is there: it is asked once for each
//! bulk, not once for each document, and the documents are sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::documents::load;
use crate::common::{put, running};
use crate::fake;

const ROWS: usize = 200;
const CONFLICT: &str =
    r#"{"index":{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"r"}}}"#;

/// What the server was asked.
#[derive(Default)]
struct Counts {
    /// Bulks that were answered with conflicts, and their documents.
    bulks: AtomicUsize,
    documents: AtomicUsize,
    /// Questions for a document.
    questions: AtomicUsize,
}

#[test]
fn but_once() {
    let counts = Arc::new(Counts::default());
    let own = Arc::clone(&counts);
    let port = fake::listen(None, move |asked| {
        if asked.line.contains("/_doc/") {
            own.questions.fetch_add(1, Ordering::Relaxed);
            fake::stand_still();
            return None;
        }
        if !asked.is_bulk() || own.questions.load(Ordering::Relaxed) > 0 {
            return Some(fake::elasticsearch_8(&asked));
        }
        own.bulks.fetch_add(1, Ordering::Relaxed);
        own.documents
            .fetch_add(asked.documents(), Ordering::Relaxed);
        Some((200, fake::items(&vec![CONFLICT; asked.documents()])))
    });
    let place = tempfile::tempdir().expect("a directory");
    let rows: String = (0..ROWS).map(|id| format!("{id},n{id}\n")).collect();
    put(place.path(), "in/a.csv", format!("id,name\n{rows}"));
    let more = [
        "--sink.es.version=5",
        "--sink.es.request.timeout.ms=1000",
        "--sink.es.bulk.flush.concurrent=1",
    ];
    let address = format!("127.0.0.1:{port}");
    let said = running::run(load(place.path(), &address, "orders", "full", &more));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told = format!("{ROWS} read = {ROWS} written");
    assert!(said.err.contains(&told), "{}", said.err);
    let of = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    let (bulks, questions) = (of(&counts.bulks), of(&counts.questions));
    assert!(
        (1..=bulks).contains(&questions),
        "{questions} of {bulks} bulks"
    );
    assert!(of(&counts.documents) > bulks, "a bulk has several");
}
