//! What people are told of a lane that waits. All lanes of a writer show that in one place.

use millstream_engine::connector::Notice;

/// What a lane has said last that it waits for, since it began with a bulk.
#[derive(Default)]
pub(super) struct Told {
    why: Option<String>,
}

impl Told {
    /// The lane waits. Whether that is news: what another lane shows meanwhile makes it none.
    pub(super) fn waits(&mut self, shown: &Notice, why: &str) -> bool {
        shown.set(Some(why.to_owned()));
        let is_news = self.why.as_deref() != Some(why);
        if is_news {
            self.why = Some(why.to_owned());
        }
        is_news
    }

    /// It goes on. What another lane shows stays.
    pub(super) fn goes_on(&mut self, shown: &Notice) {
        let own = self.why.take();
        if own.is_some() && shown.get() == own {
            shown.set(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use millstream_engine::connector::Notice;

    use super::Told;

    #[test]
    fn lanes_that_wait_for_different_things_tell_each_once() {
        let shown = Notice::default();
        let (mut one, mut other) = (Told::default(), Told::default());
        assert!(one.waits(&shown, "index a"));
        assert!(other.waits(&shown, "index b"));
        for _ in 0..3 {
            assert!(!one.waits(&shown, "index a"));
            assert_eq!(shown.get().as_deref(), Some("index a"));
            assert!(!other.waits(&shown, "index b"));
            assert_eq!(shown.get().as_deref(), Some("index b"));
        }
        assert!(one.waits(&shown, "a server"), "it waits for another thing");
    }

    #[test]
    fn a_lane_that_goes_on_takes_away_what_it_shows_itself() {
        let shown = Notice::default();
        let (mut one, mut other) = (Told::default(), Told::default());
        one.waits(&shown, "index a");
        other.goes_on(&shown);
        assert_eq!(shown.get().as_deref(), Some("index a"));
        other.waits(&shown, "index b");
        one.goes_on(&shown);
        assert_eq!(shown.get().as_deref(), Some("index b"));
        other.goes_on(&shown);
        assert_eq!(shown.get(), None);
        assert!(one.waits(&shown, "index a"), "it is news again");
    }
}
