//! Whether a source would start: servers, login, query. Nothing is executed but what asks for columns.

use millstream_core::{Finding, counted};

use super::HiveSource;
use super::describe;
use super::plan::Plan;
use super::session::{Reach, Session};
use super::trouble::Trouble;
use super::url::Auth;

/// What is worth telling of a query of which a restart may not find the rows as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Note {
    /// What may happen.
    pub(super) what: &'static str,
    /// What may be done about it.
    pub(super) next: &'static str,
}

/// `None`: the rows have an order.
pub(super) fn unordered(plan: &Plan) -> Option<Note> {
    // An order is that of the query, and Hive keeps to it in none of its parts.
    if plan.options.split.is_some() && plan.statement.is_cut() {
        return Some(Note {
            what: "source.db.sql cuts rows off behind an order, and each part of source.db.partition.column is a statement of its own: where rows \
                   are equal in that order at the cut, or the table changes meanwhile, some are lost and others come twice; behind a restart those of \
                   the parts that were begun are read again and compared, and source.db.exactly-once says what happens where they differ",
            next: "have the `order by` beside each `limit` go over columns that tell every row from every other, or leave \
                   source.db.partition.column out",
        });
    }
    if plan.statement.has_chance() {
        return Some(Note {
            what: "source.db.sql has rand() or uuid(), which answer something else each time: behind a restart the rows that were handed out may \
                   not come again as they were, and source.db.exactly-once says what happens then",
            next: "make a table of the query and read that, if the job has to go on behind a restart",
        });
    }
    if plan.options.split.is_some() {
        return Some(Note {
            what: "each part of source.db.partition.column is a statement of its own, which sees the table as it is then and whose rows have no \
                   order that Hive promises: behind a restart those of the parts that were begun are read again and compared, and \
                   source.db.exactly-once says what happens where they differ",
            next: "have the query read what does not change meanwhile: a snapshot of the table, or partitions that are complete",
        });
    }
    (!plan.statement.is_ordered()).then_some(Note {
        what: "the rows of source.db.sql have no order that Hive promises: behind a restart those that were handed out are read \
               again and compared, and source.db.exactly-once says what happens where they differ",
        next: "add `order by` over columns that tell every row from every other, if the query is not read at once",
    })
}

impl HiveSource {
    /// Looks whether the source would start: each server, who logs in, and the query. Reads no row.
    pub fn inspect(&self) -> Vec<Finding> {
        let options = &self.plan.options;
        let mut findings = Vec::new();
        let (mut there, mut away) = (Vec::new(), Vec::new());
        let mut opened = None;
        for host in &options.url.hosts {
            match Session::open_at(&options.url, host, &options.login, &Reach::default()) {
                Ok(session) => {
                    there.push(host.to_string());
                    opened = opened.or(Some(session));
                }
                Err(trouble) => away.push((host, trouble)),
            }
        }
        if !there.is_empty() {
            findings.push(Finding::well("source server", there.join(", ")));
        }
        for (host, trouble) in away {
            let error = trouble.error(host);
            findings.push(match trouble {
                Trouble::Away(_) if opened.is_some() => Finding::warning(
                    "source server",
                    error.message(),
                    "start it, or take it out of source.db.url",
                ),
                _ => Finding::wrong("source server", &error),
            });
        }
        if let (Auth::Kerberos(_), true) = (&options.url.auth, opened.is_some()) {
            let who = options.login.keys.who().unwrap_or_default();
            findings.push(Finding::well("source login", who));
        }
        if let Some(mut session) = opened {
            findings.push(self.inspect_query(&mut session));
            session.close();
        }
        if let Some(note) = unordered(&self.plan) {
            findings.push(Finding::warning("source order", note.what, note.next));
        }
        findings
    }

    fn inspect_query(&self, session: &mut Session) -> Finding {
        match describe::columns(session, &self.plan.statement) {
            Ok(columns) => Finding::well("source query", counted(columns.len() as u64, "column")),
            Err(trouble) => Finding::wrong("source query", &trouble.error(&self.plan.options.url)),
        }
    }
}

#[cfg(test)]
mod tests;
