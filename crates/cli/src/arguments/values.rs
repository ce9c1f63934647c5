//! Whether the values of `-D` are of the types of their options, which an action need not use itself.

use std::time::Duration;

use millstream_core::options::reference::has_references;
use millstream_core::options::{FromOptionText, MemorySize, OptionSummary};
use millstream_core::{Error, Result, codes};

/// Whether a text is a value of a type; else what is expected.
type Check = fn(&str) -> Result<(), String>;

/// Every type that a text may fail to be, by its name.
const CHECKS: &[(&str, Check)] = &[
    (bool::TYPE_NAME, of_type::<bool>),
    // Smaller numbers have the same name.
    (u64::TYPE_NAME, of_type::<u64>),
    (f64::TYPE_NAME, of_type::<f64>),
    (Duration::TYPE_NAME, of_type::<Duration>),
    (MemorySize::TYPE_NAME, of_type::<MemorySize>),
];

fn of_type<T: FromOptionText>(text: &str) -> Result<(), String> {
    T::from_option_text(text).map(drop)
}

/// Checks that `value` is one of `option`, which is set as `key`.
///
/// # Errors
/// It is not ([`codes::OPTION_VALUE`]).
pub(super) fn check(option: &OptionSummary, key: &str, value: &str) -> Result<()> {
    if has_references(value) {
        // What it stands for is checked where that is known.
        return Ok(());
    }
    let mut checks = CHECKS.iter();
    let Some((_, check)) = checks.find(|(name, _)| *name == option.type_name) else {
        return Ok(());
    };
    check(value.trim()).map_err(|expected| {
        let message = format!("{key} is `{value}`, which is not {expected}");
        Error::new(&codes::OPTION_VALUE, message).next(format!("give {}", option.type_name))
    })
}
