//! Whether texts are values of the types of their options, where nobody uses the values yet.

use std::time::Duration;

use super::reference::has_references;
use super::{FromOptionText, MemorySize, OptionSummary};
use crate::{Error, Result, codes};

/// Whether a text is a value of a type; else what is expected.
type Check = fn(&str) -> std::result::Result<(), String>;

/// Every type that a text may fail to be, by its name.
const CHECKS: &[(&str, Check)] = &[
    (bool::TYPE_NAME, of_type::<bool>),
    // Smaller numbers have the same name.
    (u64::TYPE_NAME, of_type::<u64>),
    (f64::TYPE_NAME, of_type::<f64>),
    (Duration::TYPE_NAME, of_type::<Duration>),
    (MemorySize::TYPE_NAME, of_type::<MemorySize>),
];

fn of_type<T: FromOptionText>(text: &str) -> std::result::Result<(), String> {
    T::from_option_text(text).map(drop)
}

/// Checks that `value` is one of `option`, which is set as `key`. What a reference stands for is checked where that is known.
///
/// # Errors
/// It is not ([`codes::OPTION_VALUE`]).
pub fn check_type(option: &OptionSummary, key: &str, value: &str) -> Result<()> {
    let mut checks = CHECKS.iter();
    let check = checks.find(|(name, _)| *name == option.type_name);
    let Some((_, check)) = check.filter(|_| !has_references(value)) else {
        return Ok(());
    };
    check(value.trim()).map_err(|expected| {
        let (key, value) = (key.escape_debug(), value.escape_debug());
        let message = format!("{key} is `{value}`, which is not {expected}");
        Error::new(&codes::OPTION_VALUE, message).next(format!("give {}", option.type_name))
    })
}

#[cfg(test)]
mod tests {
    use super::{CHECKS, check_type};
    use crate::options::ALL;

    #[test]
    fn defaults_are_values_of_the_types_that_are_checked() {
        let mut checked = 0;
        for option in ALL {
            let Some(default) = option.default else {
                continue;
            };
            check_type(option, option.name, default).expect(option.name);
            let of_type = CHECKS.iter().any(|(name, _)| *name == option.type_name);
            checked += usize::from(of_type);
        }
        assert!(checked > 20, "{checked}");
    }
}
