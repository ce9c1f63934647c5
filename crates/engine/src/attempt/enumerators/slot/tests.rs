//! What people see of an enumerator that is held up.

use super::*;

/// It is always held up.
struct Away;

impl Enumerator for Away {
    fn poll(&mut self) -> Result<Enumerated> {
        Ok(Enumerated::HeldUp("away".to_owned()))
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<SourceSnapshot> {
        Ok(SourceSnapshot::default())
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a time to begin with")]
fn what_holds_it_up_is_shown_again_where_a_reader_has_taken_its_own_notice_back() {
    let mut slot = Slot {
        vertex: 0,
        title: "Source: topics".to_owned(),
        enumerator: Box::new(Away),
        woken: Arc::default(),
        due: None,
        ended: false,
        said: None,
        progress: SourceProgress::default(),
    };
    let notice = slot.progress.held_up.clone();
    let mut shown = || {
        slot.woken.store(true, Ordering::Release);
        drop(slot.poll(Instant::now()).expect("it is held up"));
        notice.get()
    };
    let away = || Some("away".to_owned());
    assert_eq!(shown(), away());
    let of_reader = || Some("a file is being written".to_owned());
    notice.set(of_reader());
    assert_eq!(shown(), of_reader(), "that stays while it is true");
    notice.set(None);
    assert_eq!(shown(), away());
}
