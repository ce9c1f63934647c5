//! What a query answers, before any of its rows is read.

use std::sync::Arc;

use crossbeam_channel::Receiver;
use millstream_core::Result;

use super::options::HiveSourceOptions;
use super::session::{Reach, Session, Waiting};
use super::split::{LOWER, Scale, UPPER};
use super::statement::Statement;
use super::trouble::Trouble;
use super::types::Column;

/// Asks for the columns of the query's rows.
///
/// # Errors
/// The server is away, does not take who logs in, or refuses the query; or rows can't be split as they are to be.
pub(super) fn describe(options: &HiveSourceOptions, statement: &Statement) -> Result<Vec<Column>> {
    let columns = ask(options, statement).map_err(|trouble| trouble.error(&options.url))?;
    if let Some(split) = &options.split {
        let column = column_of(&columns, &split.column)?;
        let scale = Scale::of(column)?;
        for (name, bound) in [(LOWER, &split.lower), (UPPER, &split.upper)] {
            if let Some(text) = bound {
                scale.bound(name, text)?;
            }
        }
        statement.check_parts(&column.name)?;
    }
    Ok(columns)
}

fn ask(options: &HiveSourceOptions, statement: &Statement) -> Result<Vec<Column>, Trouble> {
    let (stop, never) = crossbeam_channel::bounded(0);
    let mut session = Session::open(&options.url, &options.login, &Reach::default(), &never)?;
    let asked = described(&mut session, statement, &never);
    session.close();
    drop(stop);
    asked
}

/// Asks for the columns within a session.
///
/// # Errors
/// Those of [`describe`].
pub(super) fn columns(
    session: &mut Session,
    statement: &Statement,
) -> Result<Vec<Column>, Trouble> {
    let (stop, never) = crossbeam_channel::bounded(0);
    let described = described(session, statement, &never);
    drop(stop);
    described
}

fn described(
    session: &mut Session,
    statement: &Statement,
    stop: &Receiver<()>,
) -> Result<Vec<Column>, Trouble> {
    if let Some(none) = statement.none() {
        let running = session.execute(&none, stop)?;
        let waiting = Waiting {
            stop,
            show: &|_| {},
        };
        session.finish(&running, &waiting)?;
        let columns = session.columns(&running);
        session.close_statement(&running);
        let columns = columns?;
        if !columns.iter().enumerate().any(is_renamed) {
            return Ok(columns);
        }
    }
    // That it is compiled is all that is wanted of it.
    let running = session.execute(statement.all(), stop)?;
    session.compile(&running, stop)?;
    let columns = session.columns(&running);
    session.cancel(&running);
    columns
}

/// Whether Hive has renamed a column of a query within another one: where two had one name.
fn is_renamed((place, column): (usize, &Column)) -> bool {
    column.name == format!("_col{place}")
}

/// The column with this name.
///
/// # Errors
/// There is none.
pub(super) fn column_of<'a>(columns: &'a [Column], name: &str) -> Result<&'a Column> {
    let found = columns
        .iter()
        .find(|column| column.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let message = format!("source.db.partition.column `{name}` is no column of the rows");
        millstream_core::Error::new(&millstream_core::codes::SOURCE_HIVE_STATEMENT, message)
            .next(format!("give one of {}", names.join(", ")))
    })
}

/// Shared by everybody who reads.
pub(super) type SharedColumns = Arc<Vec<Column>>;
