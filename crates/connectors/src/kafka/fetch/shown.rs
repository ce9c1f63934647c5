//! What people are shown of trouble with brokers, beside what others show in the same place.

use std::cell::Cell;

use millstream_engine::connector::Notice;

/// The place where people see what holds a subtask up, and what this thread has shown there.
pub(super) struct Shown {
    notice: Notice,
    last: Cell<Option<String>>,
}

impl Shown {
    /// What is shown there now counts as this thread's own, to be taken back by it.
    pub(super) fn new(notice: Notice) -> Self {
        let last = Cell::new(notice.get());
        Self { notice, last }
    }

    /// Shows what holds reading up; `None`: nothing does. What others show there stays until this is another one: whoever looks for
    /// partitions would tell the log of the same trouble each time that it was replaced.
    pub(super) fn set(&self, why: Option<String>) {
        let is_lost = why.is_some() && self.notice.get().is_none();
        let last = self.last.replace(why.clone());
        if is_lost || last != why {
            self.notice.set(why);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Notice, Shown};

    #[test]
    fn what_others_show_stays_until_there_is_something_else_to_show() {
        let notice = Notice::default();
        notice.set(Some("from before".to_owned()));
        let shown = Shown::new(notice.clone());
        shown.set(None);
        assert_eq!(notice.get(), None);
        let away = || Some("away".to_owned());
        shown.set(away());
        assert_eq!(notice.get(), away());
        let others = || Some("topics can't be asked for: away".to_owned());
        notice.set(others());
        shown.set(away());
        assert_eq!(notice.get(), others());
        notice.set(None);
        shown.set(away());
        assert_eq!(notice.get(), away());
        shown.set(None);
        assert_eq!(notice.get(), None);
    }
}
