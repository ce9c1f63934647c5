//! A table of fingerprints with times, in as little memory as can be.
//!
//! Entries lie in the order of their places (half of a fingerprint, as good as random): an entry's home is its place
//! scaled to the number of homes, and it lies at home or behind it with no gap in between. As the order of entries is that
//! of their homes, a table of another size is made by going through this one once, and any size will do, not only powers
//! of two.

use millstream_core::EventTime;

use crate::fingerprint::Fingerprint;

/// Of a hundred homes as many are taken at most.
const FULL: usize = 85;
/// And as many when a table has just been made.
const FRESH: usize = 68;
/// The smallest number of homes.
const LEAST: usize = 16;
/// Room behind the last home at first.
const BEHIND: usize = 16;

/// A time in milliseconds in 48 bits: 4,459 years before and after 1970. What lies beyond is taken for the end of that.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Moment([u8; 6]);

impl Moment {
    /// Stands for no time.
    const NONE: Self = Self([0xff; 6]);
    const FIRST: i64 = EventTime::FIRST_KEPT.as_millis();
    const LAST: i64 = EventTime::LAST_KEPT.as_millis();

    #[inline]
    fn new(millis: i64) -> Self {
        let above = kept(millis).abs_diff(Self::FIRST);
        let [a, b, c, d, e, f, _, _] = above.to_le_bytes();
        Self([a, b, c, d, e, f])
    }

    #[inline]
    fn millis(self) -> i64 {
        let [a, b, c, d, e, f] = self.0;
        Self::FIRST.wrapping_add_unsigned(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }
}

/// The time that is kept of one in milliseconds.
#[inline]
pub(super) fn kept(millis: i64) -> i64 {
    millis.clamp(Moment::FIRST, Moment::LAST)
}

#[derive(Clone, Copy)]
pub(super) struct Slot {
    key: Fingerprint,
    moment: Moment,
}

impl Slot {
    const EMPTY: Self = Self {
        key: Fingerprint::from_bytes([0; 16]),
        moment: Moment::NONE,
    };

    #[inline]
    fn is_taken(&self) -> bool {
        self.moment != Moment::NONE
    }

    pub(super) fn key(&self) -> &Fingerprint {
        &self.key
    }

    pub(super) fn millis(&self) -> i64 {
        self.moment.millis()
    }

    pub(super) fn time(&self) -> EventTime {
        EventTime::from_millis(self.millis())
    }
}

/// Fingerprints, each with a time. One may be there several times.
#[derive(Clone, Default)]
pub(super) struct Flat {
    slots: Vec<Slot>,
    homes: usize,
    len: usize,
}

impl Flat {
    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    /// Whether `accept` is true for a time of `key`.
    #[inline]
    pub(super) fn any(&self, key: &Fingerprint, accept: impl Fn(i64) -> bool) -> bool {
        let place = key.place();
        let slots = self.slots.iter().skip(home(place, self.homes));
        for slot in slots.take_while(|slot| slot.is_taken()) {
            let other = slot.key.place();
            if other > place {
                return false;
            }
            if other == place && slot.key == *key && accept(slot.millis()) {
                return true;
            }
        }
        false
    }

    /// Adds an entry. Where the table has to be made anew, what lies at or before `horizon` is left out.
    pub(super) fn insert(&mut self, key: Fingerprint, millis: i64, horizon: i64) {
        if (self.len + 1) * 100 > self.homes * FULL {
            self.make_anew(horizon);
        }
        let place = key.place();
        let start = home(place, self.homes);
        let taken = |slot: &&Slot| slot.is_taken();
        let behind = self.slots.iter().skip(start).take_while(taken);
        let at = start + behind.take_while(|slot| slot.key.place() <= place).count();
        let free = at + self.slots.iter().skip(at).take_while(taken).count();
        if free >= self.slots.len() {
            if self.slots.len() == self.slots.capacity() {
                self.slots.reserve_exact(BEHIND);
            }
            self.slots.push(Slot::EMPTY);
        }
        self.slots.copy_within(at..free, at + 1);
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Slot {
                key,
                moment: Moment::new(millis),
            };
        }
        self.len += 1;
    }

    /// Takes the last entry out. A table that was begun to be emptied takes no more.
    pub(super) fn pop(&mut self) -> Option<Slot> {
        while let Some(slot) = self.slots.pop() {
            if slot.is_taken() {
                self.len -= 1;
                return Some(slot);
            }
        }
        None
    }

    /// Leaves out what lies at or before `horizon`.
    pub(super) fn forget(&mut self, horizon: i64) {
        let is_some = self.entries().any(|slot| slot.millis() <= horizon);
        if is_some {
            self.make_anew(horizon);
        }
    }

    /// Copies what lies behind `horizon` to a table that is as large as it has to be.
    fn make_anew(&mut self, horizon: i64) {
        let stays = |slot: &&Slot| slot.millis() > horizon;
        let len = self.entries().filter(stays).count();
        let homes = ((len + 1) * 100 / FRESH).max(LEAST);
        let mut slots = Vec::with_capacity(homes + BEHIND);
        for slot in self.entries().filter(stays) {
            let home = home(slot.key.place(), homes);
            if slots.len() < home {
                slots.resize(home, Slot::EMPTY);
            }
            if slots.len() == slots.capacity() {
                slots.reserve_exact(BEHIND);
            }
            slots.push(*slot);
        }
        if slots.len() < homes {
            slots.resize(homes, Slot::EMPTY);
        }
        *self = Self { slots, homes, len };
    }

    /// All entries, in the order of their places.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| slot.is_taken())
    }
}

/// The home of a place: in the order of places.
#[inline]
fn home(place: u64, homes: usize) -> usize {
    ((u128::from(place) * homes as u128) >> 64) as usize
}

#[cfg(test)]
mod tests;
