//! The dead letters of a job of a server, asked of that.

use std::process::ExitCode;
use std::time::Duration;

use millstream_core::{Error, Result, address, codes};
use millstream_ingest::letters::Replayed;
use serde_json::{Value, json};

use super::shown::{Groups, found_of, text};
use super::{DeadLettersArguments, SHOWN, discarded, refuse_to_discard, replayed};
use crate::report;
use crate::session::Session;
use crate::waiting::{Patience, Waiting};

/// Lists, shows, replays or discards.
pub(super) fn perform(verb: &str, job: &str, arguments: &DeadLettersArguments) -> Result<ExitCode> {
    let session = Session::open(&arguments.connection)?;
    let letters = Letters {
        path: format!("/jobs/{}/dead-letters", session.job(job)?),
        session,
        arguments,
    };
    match verb {
        "list" => letters.list(job),
        "show" => letters.show(),
        "replay" => letters.replay(),
        _ => letters.discard(job),
    }
}

struct Letters<'a> {
    session: Session,
    path: String,
    arguments: &'a DeadLettersArguments,
}

impl Letters<'_> {
    fn list(&self, job: &str) -> Result<ExitCode> {
        let code = self.arguments.code.as_deref();
        let code = code.map_or_else(String::new, |code| {
            format!("?code={}", address::piece(code))
        });
        let groups: Value = self.session.client.get(&format!("{}{code}", self.path))?;
        if self.session.json {
            return report::json(&groups);
        }
        let groups = Groups::told(&groups).ok_or_else(unclear)?;
        if groups.is_empty() {
            return Ok(report::output(&format!("No dead letters of {job}.\n")));
        }
        let table = groups.table();
        Ok(report::output(&format!("Dead letters of {job}:\n{table}")))
    }

    fn show(&self) -> Result<ExitCode> {
        let most = self.arguments.limit.unwrap_or(SHOWN);
        // One more than is shown says whether there are more.
        let mut path = format!("{}/letters?limit={}", self.path, most.saturating_add(1));
        if let Some(code) = &self.arguments.code {
            path.push_str(&format!("&code={}", address::piece(code)));
        }
        if self.arguments.all {
            path.push_str("&all=true");
        }
        let mut all: Vec<Value> = self.session.client.get(&path)?;
        let is_more = all.len() as u64 > most;
        all.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        if self.session.json {
            return report::json(&json!(all));
        }
        if all.is_empty() {
            return Ok(report::output("No such dead letters.\n"));
        }
        let texts: Option<String> = all
            .iter()
            .map(|told| Some(text(&found_of(told)?)))
            .collect();
        report::say(&texts.ok_or_else(unclear)?)?;
        if is_more {
            report::note(&format!("there are more than {most}; --limit shows others"));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn body(&self, dry_run: bool) -> Value {
        json!({
            "code": self.arguments.code,
            "limit": self.arguments.limit,
            "unclear": self.arguments.unclear,
            "dry-run": dry_run,
        })
    }

    fn replay(&self) -> Result<ExitCode> {
        let path = format!("{}/replay", self.path);
        let body = self.body(self.arguments.dry_run);
        let _begun: Value = self.session.client.post(&path, &body)?;
        let mut patience = Patience::new(Duration::MAX);
        let mut waiting = Waiting::for_interrupts()?;
        let told = loop {
            let now: Value = self.session.client.get(&path)?;
            if now.get("status").and_then(Value::as_str) == Some("completed") {
                break now.get("result").cloned().unwrap_or_default();
            }
            if waiting.pause(patience.next_pause()) {
                let message = "the replay goes on at the server";
                return Err(Error::new(&codes::NO_ANSWER_IN_TIME, message)
                    .next("see `dead-letters list` for what became of each letter"));
            }
        };
        let number = |name: &str| told.get(name).and_then(Value::as_u64);
        let count = |name: &str| number(name).unwrap_or(0);
        replayed(
            self.arguments,
            &Replayed {
                resumed: count("resumed"),
                unclear: count("unclear"),
                sent: count("replayed"),
                again: number("failed-again"),
                cut: count("cut"),
            },
        )
    }

    fn discard(&self, job: &str) -> Result<ExitCode> {
        let discard = |dry_run: bool| -> Result<u64> {
            let path = format!("{}/discard", self.path);
            let told: Value = self.session.client.post(&path, &self.body(dry_run))?;
            let count = told.get("discarded").and_then(Value::as_u64);
            count.ok_or_else(unclear)
        };
        if !self.arguments.dry_run && !self.arguments.force {
            return Err(refuse_to_discard(discard(true)?, job));
        }
        discarded(self.arguments, discard(self.arguments.dry_run)?)
    }
}

fn unclear() -> Error {
    let message = "what the server says of dead letters is not understood";
    Error::new(&codes::SERVER_ANSWER, message).next("use the command of the server's version")
}
