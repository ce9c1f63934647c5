//! Which times of messages a topic takes. Pure.

use std::time::Duration;

use millstream_core::options::format_duration;

/// The times of messages that a topic takes, around the present; `None`: there is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Period {
    /// How old a message may be, in milliseconds.
    before: Option<u64>,
    /// How far ahead.
    after: Option<u64>,
}

/// The settings of a topic that say so.
const KIND: &str = "message.timestamp.type";
const BEFORE: &str = "message.timestamp.before.max.ms";
const AFTER: &str = "message.timestamp.after.max.ms";

impl Period {
    /// As the settings of the topic say.
    pub(super) fn of(mut setting: impl FnMut(&str) -> Option<String>) -> Self {
        // There the time of a message is when the broker took it.
        if setting(KIND).as_deref() == Some("LogAppendTime") {
            return Self::default();
        }
        // The largest number there is means that there is no limit.
        let mut number = |name: &str| {
            let number = setting(name)?.parse().ok()?;
            i64::try_from(number)
                .is_ok_and(|number| number < i64::MAX)
                .then_some(number)
        };
        Self {
            before: number(BEFORE),
            after: number(AFTER),
        }
    }

    /// The earliest and the latest time that is taken at the time `now`, all in milliseconds since 1970.
    pub(super) fn at(self, now: i64) -> (i64, i64) {
        let millis = |limit: u64| i64::try_from(limit).unwrap_or(i64::MAX);
        let first = self
            .before
            .map_or(i64::MIN, |limit| now.saturating_sub(millis(limit)));
        let last = self
            .after
            .map_or(i64::MAX, |limit| now.saturating_add(millis(limit)));
        (first, last)
    }

    /// Why a message of this time is not taken at the time `now`; `None`: it is.
    pub(super) fn misfit(self, time: i64, now: i64) -> Option<String> {
        let (first, last) = self.at(now);
        let told =
            |limit: Option<u64>| format_duration(Duration::from_millis(limit.unwrap_or_default()));
        if time > last {
            let limit = told(self.after);
            return Some(format!(
                "its time {time} is more than {limit} ahead, which the topic does not take ({AFTER})"
            ));
        }
        (time < first).then(|| {
            let limit = told(self.before);
            format!(
                "its time {time} is more than {limit} ago, which the topic does not take ({BEFORE})"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Period;

    fn period(settings: &[(&str, &str)]) -> Period {
        Period::of(|name| {
            let found = settings.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn times_are_taken_around_the_present() {
        let now = 1_700_000_000_000;
        let none = "9223372036854775807";
        let usual = period(&[
            ("message.timestamp.type", "CreateTime"),
            ("message.timestamp.before.max.ms", none),
            ("message.timestamp.after.max.ms", "3600000"),
        ]);
        assert_eq!(usual.misfit(now + 3_600_000, now), None);
        assert_eq!(usual.misfit(0, now), None);
        let why = usual.misfit(now + 3_600_001, now).expect("ahead");
        assert!(why.contains("more than 1 h ahead"), "{why}");
        let short = period(&[("message.timestamp.before.max.ms", "1000")]);
        assert_eq!(short.misfit(now - 1_000, now), None);
        assert!(short.misfit(now - 1_001, now).is_some());
        assert_eq!(short.misfit(i64::MAX, now), None);
        let appended = period(&[
            ("message.timestamp.type", "LogAppendTime"),
            ("message.timestamp.after.max.ms", "1"),
        ]);
        assert_eq!(appended, Period::default());
        assert_eq!(appended.misfit(i64::MAX, now), None);
    }
}
