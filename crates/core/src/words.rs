//! Numbers in sentences.

/// So many things, of which one is called `one`: `1 job`, `2 jobs`, `0 entries`.
///
/// ```
/// use millstream_core::counted;
/// assert_eq!(counted(1, "job"), "1 job");
/// assert_eq!(counted(2, "entry"), "2 entries");
/// assert_eq!(counted(0, "process"), "0 processes");
/// ```
pub fn counted(count: impl TryInto<u64>, one: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    if count == 1 {
        return format!("1 {one}");
    }
    let (stem, end) = match one.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => (stem, "ies"),
        _ if one.ends_with(['s', 'x']) || one.ends_with("ch") || one.ends_with("sh") => (one, "es"),
        _ => (one, "s"),
    };
    format!("{count} {stem}{end}")
}
