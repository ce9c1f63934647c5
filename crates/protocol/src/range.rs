//! Values of options that have the right type but not the right range.

use millstream_core::options::{ConfigOption, FromOptionText};
use millstream_core::{Configuration, Error, codes};

/// The error for a value of `configuration` that has the option's type but not its range.
pub(crate) fn out_of_range<T: FromOptionText>(
    configuration: &Configuration,
    option: &ConfigOption<T>,
    value: impl std::fmt::Display,
    why: &str,
    allowed: &str,
) -> Error {
    let shown = configuration.shown(option, value);
    Error::new(
        &codes::OPTION_VALUE,
        format!("{} is `{shown}`: {why}", option.name),
    )
    .next(format!("give {allowed}"))
}
