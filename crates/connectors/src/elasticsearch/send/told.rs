//! What people are told of a lane that waits.

use crate::waiting::Waiting;

/// What a lane has said last that it waits for, since it began with a bulk.
#[derive(Default)]
pub(super) struct Told {
    why: Option<String>,
}

impl Told {
    /// The lane waits, which its place shows. Whether that is news.
    pub(super) fn waits(&mut self, place: &Waiting, why: &str) -> bool {
        place.waits_for(why.to_owned());
        let is_news = self.why.as_deref() != Some(why);
        if is_news {
            self.why = Some(why.to_owned());
        }
        is_news
    }

    /// It goes on.
    pub(super) fn goes_on(&mut self, place: &Waiting) {
        self.why = None;
        place.goes_on();
    }
}

#[cfg(test)]
mod tests {
    use millstream_engine::connector::Notice;

    use super::Told;
    use crate::waiting::Waiting;

    /// The places of two lanes, and what people see of them.
    fn lanes() -> (Waiting, Waiting, Notice) {
        let shown = Notice::default();
        let board = Waiting::new(shown.clone());
        (board.another(), board.another(), shown)
    }

    #[test]
    fn lanes_that_wait_for_different_things_tell_each_once() {
        let (first, second, shown) = lanes();
        let (mut one, mut other) = (Told::default(), Told::default());
        assert!(one.waits(&first, "index a"));
        assert!(other.waits(&second, "index b"));
        for _ in 0..3 {
            assert!(!one.waits(&first, "index a"));
            assert!(!other.waits(&second, "index b"));
            assert_eq!(shown.get().as_deref(), Some("index a"));
        }
        assert!(one.waits(&first, "a server"), "it waits for another thing");
        assert_eq!(shown.get().as_deref(), Some("a server"));
    }

    #[test]
    fn a_lane_that_goes_on_takes_nothing_away_that_another_one_waits_for() {
        let (first, second, shown) = lanes();
        let (mut one, mut other) = (Told::default(), Told::default());
        one.waits(&first, "a server");
        other.goes_on(&second);
        assert_eq!(shown.get().as_deref(), Some("a server"));
        other.waits(&second, "a server");
        one.goes_on(&first);
        assert_eq!(shown.get().as_deref(), Some("a server"));
        other.goes_on(&second);
        assert_eq!(shown.get(), None);
        assert!(one.waits(&first, "a server"), "it is news again");
    }
}
