//! `millstream explain`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::codes::{self, Code};
use millstream_core::{Error, Result};
use millstream_ingest::parameters::nearest;
use serde_json::{Value, json};

use super::common::note_superfluous;
use crate::arguments::Connection;
use crate::report::note_without_effect;
use crate::{report, table};

/// The page of every code, as `docs/errors/` has it.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// What every code begins with.
const PREFIX: &str = "MS-";

/// Explains an error: what happened, the likely cause, and what to do.
#[derive(Debug, Parser)]
#[command(
    name = "millstream explain",
    no_binary_name = true,
    override_usage = "millstream explain [OPTIONS] [<CODE>]",
    after_help = "\
Without a code it lists all of them. Every error names its code: `millstream explain MS-1016` or `millstream explain 1016`. No server is needed."
)]
pub(crate) struct ExplainArguments {
    /// The code of the error, such as MS-1016.
    #[arg(value_name = "CODE")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Prints the page of a code, or the list of codes.
pub(crate) fn perform(arguments: ExplainArguments) -> Result<ExitCode> {
    note_unasked(&arguments.connection)?;
    let json = arguments.connection.json;
    let Some((given, superfluous)) = arguments.positional.split_first() else {
        return list(json);
    };
    note_superfluous(superfluous);
    let code = find(given)?;
    let page = page(code)?;
    if json {
        let place = report::installed(code.id).map(|place| place.display().to_string());
        return report::json(
            &json!({ "code": code.id, "title": code.title, "page": page, "place": place }),
        );
    }
    let place = report::installed(code.id).map_or_else(String::new, |place| {
        format!("\nThis page is {}.\n", place.display())
    });
    Ok(report::output(&format!("{page}{place}")))
}

/// Says of the options that tell which server and which configuration count that they have no effect on what asks neither.
///
/// # Errors
/// Those of `-D`, whose values are looked at all the same.
pub(super) fn note_unasked(connection: &Connection) -> Result<()> {
    connection.overrides()?;
    note_without_effect(
        &[
            (connection.jobmanager.is_some(), "--jobmanager"),
            (connection.config.is_some(), "--config"),
            (!connection.settings.is_empty(), "-D"),
            (connection.target.is_some(), "--target"),
        ],
        "neither a server nor a configuration is asked",
    );
    Ok(())
}

fn list(json: bool) -> Result<ExitCode> {
    if json {
        let all = codes::ALL.iter();
        let all = all.map(|code| json!({ "code": code.id, "title": code.title }));
        return report::json(&Value::Array(all.collect()));
    }
    let rows = codes::ALL.iter();
    let rows: Vec<_> = rows
        .map(|code| [code.id, code.title].map(str::to_owned))
        .collect();
    Ok(report::output(&table::lines(&rows)))
}

fn page(code: &Code) -> Result<&'static str> {
    let mut pages = PAGES.iter();
    let page = pages.find(|(id, _)| *id == code.id).map(|(_, page)| *page);
    page.ok_or_else(|| {
        let message = format!("this build has no page for {}", code.id);
        Error::new(&codes::INTERNAL, message).next("report it with `millstream --version`")
    })
}

/// The code that `given` means: in small letters too, without its beginning, or with the colon of a message behind it.
///
/// # Errors
/// There is none ([`codes::USAGE`]); those that are written nearly so are named.
fn find(given: &str) -> Result<&'static Code> {
    let upper = given.trim().trim_end_matches(':').to_ascii_uppercase();
    let number = upper.strip_prefix("MS").unwrap_or(&upper);
    let number = number.trim_start_matches(['-', '_', ' ']);
    let wanted = format!("{PREFIX}{number}");
    let code = codes::ALL.iter().find(|code| code.id == wanted);
    code.copied().ok_or_else(|| {
        let ids: Vec<&str> = codes::ALL.iter().map(|code| code.id).collect();
        let list = "`millstream explain` lists all";
        let next = match nearest(&wanted, &ids).as_slice() {
            [] => list.to_owned(),
            near => format!("did you mean {}? {list}", near.join(" or ")),
        };
        Error::new(&codes::USAGE, format!("there is no error `{given}`")).next(next)
    })
}

#[cfg(test)]
mod tests {
    use millstream_core::codes;

    use super::{find, page};

    #[test]
    fn every_code_has_its_page() {
        for code in codes::ALL {
            let page = page(code).expect(code.id);
            let head = format!("# {}: {}\n", code.id, code.title);
            assert!(page.starts_with(&head), "{page}");
        }
    }

    #[test]
    fn a_code_may_be_written_in_many_ways() {
        for given in [
            "MS-1016", "ms-1016", "1016", "MS1016", "Ms-1016:", " ms_1016",
        ] {
            assert_eq!(find(given).expect(given).id, "MS-1016");
        }
        for given in ["MS-10160", "1061"] {
            let error = find(given).expect_err(given);
            assert!(error.next_step().contains("did you mean MS-"), "{error}");
        }
        for given in ["MS-9999", "x", "", "MS-", "4294967296", "99"] {
            let error = find(given).expect_err(given);
            assert_eq!(error.next_step(), "`millstream explain` lists all");
        }
    }
}
