//! What is made of the rows of a job that goes on: what lies behind the snapshot is not so any more.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use millstream_core::JobId;
use millstream_core::book::{DIRECTORY, FileState, HEAD_FILE, Head, RESET, Row};

use super::Keeper;
use crate::files_source::book::Past;
use crate::files_source::book::pages::Pages;
use crate::files_source::name::Name;

/// Opens the book of `job`: the one that is there if the job goes on, else that of a job before.
pub(super) fn open(place: &Path, job: JobId, past: Option<&Past>) -> io::Result<Pages> {
    let Some(past) = past else {
        return Pages::open(place, false);
    };
    if writer(place)? == Some(job) {
        return Pages::open(place, true);
    }
    let mut ancestors = past.lineage.ancestors.iter().collect::<Vec<_>>();
    ancestors.sort_by_key(|ancestor| std::cmp::Reverse(ancestor.left_at));
    let jobs = place.parent().and_then(Path::parent);
    for ancestor in ancestors {
        let Some(theirs) = jobs.map(|jobs| jobs.join(ancestor.job.to_string()).join(DIRECTORY))
        else {
            break;
        };
        if writer(&theirs)? == Some(ancestor.job) {
            drop(Pages::open(place, false)?);
            copy(&theirs, place)?;
            return Pages::open(place, true);
        }
    }
    Pages::open(place, false)
}

fn writer(place: &Path) -> io::Result<Option<JobId>> {
    match fs::read(place.join(HEAD_FILE)) {
        Ok(bytes) => {
            let head = serde_json::from_slice::<Head>(&bytes).ok();
            Ok(head
                .filter(|head| head.version == 1)
                .and_then(|head| head.job))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_wish = name.to_str().is_none_or(|name| name.starts_with(RESET));
        if !is_wish {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}

impl Keeper {
    /// Brings the rows that are there to what the snapshot says.
    pub(super) fn go_on(&mut self, past: &Past) -> io::Result<()> {
        let mut at = self.pages.first();
        while at < self.pages.next() {
            let some = self.pages.some(at)?;
            if some.is_empty() {
                break;
            }
            for (number, row) in some {
                at = number + 1;
                let Some(mut row) = row.filter(|row| row.state.is_some()) else {
                    continue;
                };
                let before = row;
                match row.piece {
                    Some(piece) if piece >= past.announced => row.state = None,
                    Some(piece) if is_done_before(&row, past) && piece >= past.finished => {
                        self.done_before.insert(piece);
                    }
                    Some(_) if is_done_before(&row, past) => {}
                    Some(piece) if piece >= past.finished || past.counted.contains(&piece) => {
                        row.state = Some(FileState::Pending);
                        (row.read, row.records, row.bad) = (0, Some(0), 0);
                        row.checkpoint = None;
                    }
                    Some(_) => {
                        if !row.state.is_some_and(FileState::is_over) {
                            row.state = Some(FileState::Done);
                        }
                        row.checkpoint = row.checkpoint.or(past.checkpoint);
                    }
                    None => {}
                }
                if row != before {
                    self.pages.write(number, &row)?;
                }
                let name = Name::new(&self.pages.name(number, &row)?);
                self.remember(number, row, &name);
            }
        }
        Ok(())
    }
}

/// Whether the file was committed with the snapshot, or before it.
fn is_done_before(row: &Row, past: &Past) -> bool {
    let is_over = row.state.is_some_and(FileState::is_over);
    let done = row.checkpoint.zip(past.checkpoint);
    is_over && done.is_some_and(|(done, snapshot)| done <= snapshot)
}
