//! Points in time and durations, as people read them.

use chrono::{DateTime, Local};

/// A time as Flink's lists show it, in the time zone of this machine: `21.11.2026 03:21:01`.
pub(crate) fn as_flink(millis: i64) -> String {
    format(millis, "%d.%m.%Y %H:%M:%S")
}

/// A time that sorts as text, in the time zone of this machine: `2026-11-21 03:21:01`.
pub(crate) fn sortable(millis: i64) -> String {
    format(millis, "%Y-%m-%d %H:%M:%S")
}

fn format(millis: i64, pattern: &str) -> String {
    match DateTime::from_timestamp_millis(millis) {
        Some(time) => time.with_timezone(&Local).format(pattern).to_string(),
        None => "-".to_owned(),
    }
}

/// A duration in its two largest units: `850 ms`, `12.3 s`, `4 min 5 s`, `3 h 20 min`, `2 d 4 h`.
pub(crate) fn duration(millis: i64) -> String {
    let seconds = millis / 1_000;
    match seconds {
        _ if millis < 0 => "-".to_owned(),
        0 => format!("{millis} ms"),
        1..60 => format!("{seconds}.{} s", millis % 1_000 / 100),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// A number of bytes in its largest unit: `512 B`, `1.5 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: &[&str] = &["kB", "MB", "GB", "TB"];
    let mut shown = format!("{bytes} B");
    let mut value = bytes as f64;
    for unit in UNITS {
        value /= 1_000.0;
        if value < 1.0 {
            break;
        }
        shown = format!("{value:.1} {unit}");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{bytes, duration};

    #[test]
    fn durations_have_two_units() {
        let shown = [-1, 850, 12_345, 245_000, 12_000_000, 187_200_000].map(duration);
        assert_eq!(
            shown,
            [
                "-",
                "850 ms",
                "12.3 s",
                "4 min 5 s",
                "3 h 20 min",
                "2 d 4 h"
            ]
        );
    }

    #[test]
    fn bytes_have_one_unit() {
        let shown = [0, 999, 1_000, 1_540_000, 2_000_000_000].map(bytes);
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "1.5 MB", "2.0 GB"]);
    }
}
