//! `flink-conf.yaml`: lines of `key: value`, with comments behind `#`.

use millstream_core::Configuration;

/// Reads the lines. An error says in which line what is wrong.
pub(super) fn parse(text: &str) -> Result<Configuration, String> {
    let mut configuration = Configuration::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let setting = line
            .split_once(": ")
            .map(|(key, value)| (key.trim(), value.trim()));
        match setting {
            Some((key, value)) if !key.is_empty() && !value.is_empty() => {
                configuration.set(key, value);
            }
            _ => return Err(format!("line {} is not `key: value`", number + 1)),
        }
    }
    Ok(configuration)
}
