//! A backup of what a server knows, in one file, made while it runs, and a data directory made of that.
//!
//! The file is a SQLite database: the server's records, and a table of the small files in the directories of its jobs and of its
//! packages, in pieces. Checkpoints, savepoints and logs are not in it.

mod contents;
mod digests;
mod gather;
mod unfinished;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use millstream_core::{Error, Result, codes};
use millstream_process::regular;
use rusqlite::{Connection, ErrorCode, OpenFlags, params};

use crate::clock;
use crate::data_directory::{self, DataDirectory, RESTORING, kinds};
use crate::files;
use crate::store;
use contents::Contents;
use unfinished::Unfinished;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Jobs that are on record.
    pub jobs: usize,
    /// Of these, jobs that had not ended.
    pub open: usize,
    /// What lay among the files of jobs and packages and was left out, as it is no file: its path from the data directory on, and what
    /// it is.
    pub left_out: Vec<String>,
}

/// Writes a backup of the data directory to `file`, which must not be there yet. A server may use the directory meanwhile.
///
/// # Errors
/// There are no records, something else is in their place, the file is there, or something can't be read or written.
pub fn write(data: &Path, file: &Path) -> Result<Backup> {
    let database = data.join("millstream.db");
    if !files::is_there(&database)? {
        let message = format!("there are no records of a server in {}", data.display());
        return Err(Error::new(&codes::SERVER_DIRECTORY, message)
            .next("name the data directory of one with -D millstream.data-dir=DIRECTORY"));
    }
    kinds::refuse_for_backup(data)?;
    let unfinished = Unfinished::begin(file)?;
    let backup = fill(&database, data, unfinished.path())?;
    unfinished.finish()?;
    Ok(backup)
}

fn fill(database: &Path, data: &Path, file: &Path) -> Result<Backup> {
    records(database, file)?;
    let mut backup = Connection::open(file).map_err(|cause| failed(file, cause))?;
    let left_out = gather::add_files(&mut backup, data, file)?;
    let counted = count(&backup).map_err(|cause| failed(file, cause))?;
    Ok(Backup {
        left_out,
        ..counted
    })
}

/// Copies the records as they are at one moment.
fn records(database: &Path, file: &Path) -> Result<()> {
    let copied = || {
        let connection = store::connect(database)?;
        connection.busy_timeout(std::time::Duration::from_secs(30))?;
        connection.execute("VACUUM INTO ?", params![file.to_string_lossy()])?;
        Ok(())
    };
    copied().map_err(|cause| failed(database, cause))
}

fn count(connection: &Connection) -> rusqlite::Result<Backup> {
    let number = |what: &str| {
        let number: i64 = connection.query_row(what, [], |row| row.get(0))?;
        Ok::<_, rusqlite::Error>(usize::try_from(number).unwrap_or(0))
    };
    Ok(Backup {
        jobs: number("SELECT count(*) FROM jobs WHERE accepted")?,
        open: number("SELECT count(*) FROM jobs WHERE accepted AND ended IS NULL")?,
        left_out: Vec::new(),
    })
}

/// Makes a data directory of a backup. Jobs that had not ended by then are FAILED there, since nobody knows whether they have ended
/// since: whoever does can restart them from their newest checkpoint.
///
/// A restore that is cut off leaves a note of what it was about to put there: no server takes the directory then, and the next restore
/// takes it away first.
///
/// # Errors
/// The directory has records already or is in use, or the file is no backup, or a damaged one: nothing was put then.
pub fn restore(data: &Path, file: &Path) -> Result<Backup> {
    let (database, note) = (data.join("millstream.db"), data.join(RESTORING));
    left_of_another(data, &database, &note)?;
    let (about, paths) = look_into(file)?;
    data_directory::prepare(data)?;
    // Before the note, which is of one restore: another one that runs has one of its own there.
    let held = DataDirectory::lock(data)?;
    let cut_off = left_of_another(data, &database, &note)?;
    if cut_off.is_none() {
        let mut absent: Vec<&String> = Vec::new();
        for path in &paths {
            // What is there is not taken away where the restore is cut off.
            if let Ok(place) = inside(path)
                && !files::is_there(&data.join(place))?
            {
                absent.push(path);
            }
        }
        files::write(&note, &absent)?;
    }
    let furnished = held.furnish();
    if furnished.is_err() && cut_off.is_none() {
        files::remove(&note)?;
    }
    furnished?;
    if let Some(left) = &cut_off {
        take_back(data, &database, left);
    }
    let mut put = Vec::new();
    let restored = put_all(data, file, &database, &mut put);
    if restored.is_err() {
        take_back(data, &database, &put);
    }
    files::remove(&note)?;
    restored.map(|()| about)
}

/// The files that a restore before was about to put there, if it was cut off.
///
/// # Errors
/// None was, and there are records.
fn left_of_another(data: &Path, database: &Path, note: &Path) -> Result<Option<Vec<PathBuf>>> {
    let left = files::read(note)?;
    if left.is_none() && files::is_there(database)? {
        let message = format!("{} has records of a server already", data.display());
        return Err(Error::new(&codes::SERVER_DIRECTORY, message)
            .next("name a directory that is not there yet with -D millstream.data-dir=DIRECTORY"));
    }
    Ok(left)
}

/// What a backup holds, and the paths of its files.
///
/// # Errors
/// It is none, or damaged.
fn look_into(file: &Path) -> Result<(Backup, Vec<String>)> {
    let no_backup = |cause: &dyn std::fmt::Display| {
        let message = format!("{} is no backup of a server", file.display());
        Error::new(&codes::RECORDS, message)
            .cause(cause)
            .next("give a file that `millstream server backup FILE` has written")
    };
    let damaged = |what: &dyn std::fmt::Display| {
        let message = format!("the backup {} is damaged: {what}", file.display());
        Error::new(&codes::RECORDS, message)
            .next("nothing of it was put anywhere; restore another backup, or the same from where it was copied from")
    };
    let unread = |cause: rusqlite::Error| match cause.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => damaged(&cause),
        _ => no_backup(&cause),
    };
    // SQLite would wait for whoever writes into a pipe.
    regular::open_required(file).map_err(|cause| no_backup(&cause))?;
    let backup = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|cause| no_backup(&cause))?;
    let list = "SELECT count(*) FROM sqlite_schema WHERE name = 'backup_files'";
    let lists: i64 = backup
        .query_row(list, [], |row| row.get(0))
        .map_err(unread)?;
    if lists == 0 {
        return Err(no_backup(&"it has no list of files"));
    }
    match digests::damage(&backup) {
        Ok(None) => contents(&backup).map_err(unread),
        Ok(Some(what)) => Err(damaged(&what)),
        Err(cause) => Err(damaged(&cause)),
    }
}

fn contents(backup: &Connection) -> rusqlite::Result<(Backup, Vec<String>)> {
    let mut statement = backup.prepare("SELECT path FROM backup_files")?;
    let paths = statement.query_map([], |row| row.get(0))?;
    let paths: Vec<String> = paths.collect::<rusqlite::Result<_>>()?;
    Ok((count(backup)?, paths))
}

fn put_all(data: &Path, file: &Path, database: &Path, put: &mut Vec<PathBuf>) -> Result<()> {
    // Of records that were taken away: their log would be read into these.
    for left in beside(database) {
        drop(fs::remove_file(&left));
    }
    files::copy(file, database).map_err(|cause| files::unusable(database, "written", cause))?;
    files::keep_private(database, 0o600)?;
    put_files(data, database, put)?;
    store::end_open_jobs(database, clock::now(), WHY)
}

/// What may lie beside the file of the records.
fn beside(database: &Path) -> [PathBuf; 4] {
    ["-wal", "-shm", "-journal", ".tmp"].map(|ending| {
        let mut name = database.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    })
}

/// Half of a backup is none: what was `put` into the data directory is taken away, with the directories that are empty by that, so that
/// the next try begins as this one did.
fn take_back(data: &Path, database: &Path, put: &[PathBuf]) {
    let beside = beside(database);
    let database = std::iter::once(database.to_path_buf());
    // What is not there needs not be taken away.
    let put = put.iter().map(|file| data.join(file));
    for file in put.clone().chain(beside).chain(database) {
        drop(fs::remove_file(&file));
    }
    for file in put {
        drop(file.parent().map(fs::remove_dir));
    }
}

/// Why a job of a backup does not go on by itself.
const WHY: &str = "its records come from a backup, and it is not known whether it has ended since; if it has not, and nothing else runs it, restart it from its \
                   newest checkpoint with `millstream restart JOB --from latest`";

/// Puts the files of the backup into the data directory, and notes them in `done`.
fn put_files(data: &Path, database: &Path, done: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |cause| failed(database, cause);
    let mut connection = Connection::open(database).map_err(failed)?;
    let transaction = connection.transaction().map_err(failed)?;
    {
        let contents = Contents::of(&transaction).map_err(failed)?;
        let rows = "SELECT path, mode, content FROM backup_files JOIN backup_contents ON content = id ORDER BY content";
        let mut statement = transaction.prepare(rows).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        let mut before: Option<(i64, PathBuf)> = None;
        while let Some(row) = rows.next().map_err(failed)? {
            let path: String = row.get("path").map_err(failed)?;
            let mode: u32 = row.get("mode").map_err(failed)?;
            let content: i64 = row.get("content").map_err(failed)?;
            let path = data.join(inside(&path)?);
            let same = before.as_ref().filter(|(known, _)| *known == content);
            let linked = same.is_some_and(|(_, known)| {
                path.parent()
                    .is_some_and(|above| files::make_directory(above).is_ok())
                    && fs::hard_link(known, &path).is_ok()
            });
            if !linked {
                let next = |piece| contents.piece(content, piece).map_err(failed);
                put(&path, mode, &next, done)?;
            } else {
                done.push(path.clone());
            }
            before = Some((content, path));
        }
    }
    let packages = data.join("packages");
    transaction
        .execute(
            "UPDATE packages SET path = ? || '/' || id WHERE 'packages/' || id IN (SELECT path FROM backup_files)",
            params![packages.to_string_lossy()],
        )
        .map_err(failed)?;
    transaction
        .execute_batch("DROP TABLE backup_files; DROP TABLE backup_contents; DROP TABLE IF EXISTS backup_rest; DROP TABLE IF EXISTS backup_digest;")
        .map_err(failed)?;
    transaction.commit().map_err(failed)?;
    shrink(&connection, database);
    Ok(())
}

/// Gives back the space of what was put elsewhere. Records in a large file are as good as others, so that nothing fails where that
/// can't be done.
fn shrink(connection: &Connection, database: &Path) {
    if let Err(cause) = connection.execute_batch("VACUUM") {
        millstream_log::say(&format!(
            "WARNING: {} stays as large as the backup: {cause}; what is free in it is used for further records",
            database.display()
        ));
    }
}

/// A path that leads nowhere but below the data directory.
fn inside(path: &str) -> Result<&Path> {
    let relative = Path::new(path);
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if relative.components().all(is_plain) {
        return Ok(relative);
    }
    let message = format!("the backup names the file {}", path.escape_debug());
    Err(Error::new(&codes::RECORDS, message)
        .next("give a file that `millstream server backup FILE` has written"))
}

/// Makes a file of its pieces, as `next` answers them by their numbers.
fn put(
    path: &Path,
    mode: u32,
    next: &dyn Fn(i64) -> Result<Option<Vec<u8>>>,
    done: &mut Vec<PathBuf>,
) -> Result<()> {
    if let Some(above) = path.parent() {
        files::make_directory(above)?;
    }
    let unwritten = |cause: io::Error| files::unusable(path, "written", cause);
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(mode)
        .open(path)
        .map_err(unwritten)?;
    done.push(path.to_path_buf());
    let mut piece = 0;
    while let Some(bytes) = next(piece)? {
        file.write_all(&bytes).map_err(unwritten)?;
        piece += 1;
    }
    file.sync_all().map_err(unwritten)
}

fn failed(file: &Path, cause: rusqlite::Error) -> Error {
    Error::new(
        &codes::RECORDS,
        format!("{} can't be copied", file.display()),
    )
    .cause(cause)
    .next("see that the disks have space, and that the file is not damaged")
}
