//! From the options of `run` to the job's own: what can't be done is refused, what has no meaning here is noted.
//! An option set under its own name wins over `-D` with an older one, and both win over the configuration file.

use millstream::RunOptions;
use millstream_core::options::reference::has_references;
use millstream_core::{Configuration, Error, Result, codes};
use millstream_core::{options, options::OptionSummary};

use super::arguments::RunArguments;

/// The options of the job that `run` was given, and what is worth telling about them. `configuration`: the file's and `-D`'s,
/// of which those that concern jobs go with the job, as in Flink.
///
/// # Errors
/// A value or a mode that there is not.
pub(super) fn read(
    run: &RunArguments,
    configuration: &Configuration,
) -> Result<(RunOptions, Vec<String>)> {
    let mut job = Configuration::new();
    let mut notes = Vec::new();
    for (key, value) in configuration.iter() {
        let concerns_jobs =
            |option: &OptionSummary| option.name == key || option.aliases.contains(&key);
        if key != options::TARGET.name && options::ALL.iter().any(concerns_jobs) {
            // As it is written: what it stands for is looked up where the job runs.
            job.set(key, value);
        }
    }
    if let Some(text) = &run.parallelism {
        let parallelism = match has_references(text) {
            true => text.clone(),
            false => parallelism(text)?.to_string(),
        };
        job.set(options::PARALLELISM.name, parallelism);
    }
    restore(run, &mut job, &mut notes)?;
    if !run.classpath.is_empty() {
        notes.push("--classpath has no effect: a job package is an executable".to_owned());
    }
    if !run.python_settings.is_empty() {
        notes.push("the options for Python (--py…) have no effect".to_owned());
    }
    Ok((
        RunOptions {
            entry: run.class.clone(),
            configuration: job,
            job_directory: None,
            job: None,
        },
        notes,
    ))
}

fn parallelism(text: &str) -> Result<u32> {
    match text.trim().parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => {
            let message = format!("--parallelism is `{text}`, which is not a whole number from 1");
            Err(Error::new(&codes::OPTION_VALUE, message).next("give for example -p 4"))
        }
    }
}

fn restore(
    run: &RunArguments,
    configuration: &mut Configuration,
    notes: &mut Vec<String>,
) -> Result<()> {
    if let Some(path) = &run.from_savepoint {
        if path.trim().is_empty() {
            let message = "--fromSavepoint is empty, and the job would begin anew";
            let next =
                "give the savepoint (an unset variable?), or leave the option out to begin anew";
            return Err(Error::new(&codes::OPTION_VALUE, message).next(next));
        }
        configuration.set(options::RESTORE_PATH.name, path.as_str());
    }
    if run.allow_non_restored_state {
        configuration.set(options::RESTORE_IGNORE_UNCLAIMED_STATE.name, "true");
    }
    if let Some(mode) = &run.claim_mode {
        configuration.set(options::RESTORE_CLAIM_MODE.name, mode.as_str());
    }
    let mode = configuration.written(options::RESTORE_CLAIM_MODE.name);
    if let Some(mode) = mode.filter(|mode| !has_references(mode)) {
        let mode = claim_mode(mode)?;
        if mode == "LEGACY" {
            notes.push("claim mode LEGACY is deprecated, use NO_CLAIM or CLAIM".to_owned());
        }
        configuration.set(options::RESTORE_CLAIM_MODE.name, mode);
    }
    if let Some(choice) = &run.on_lost_output {
        if !has_references(choice)
            && !["fail", "accept"].contains(&choice.to_ascii_lowercase().as_str())
        {
            let message = format!("--on-lost-output is `{choice}`, which is no choice");
            return Err(Error::new(&codes::OPTION_VALUE, message).next("give fail or accept"));
        }
        configuration.set(options::RESTORE_ON_LOST_OUTPUT.name, choice.as_str());
    }
    if !configuration.is_set(&options::RESTORE_PATH) {
        for (given, name) in [
            (run.allow_non_restored_state, "--allowNonRestoredState"),
            (run.claim_mode.is_some(), "--claimMode"),
        ] {
            if given {
                notes.push(format!("{name} has no effect without --fromSavepoint"));
            }
        }
    }
    Ok(())
}

fn claim_mode(text: &str) -> Result<String> {
    let mode = text.trim().to_ascii_uppercase();
    if matches!(mode.as_str(), "NO_CLAIM" | "CLAIM" | "LEGACY") {
        return Ok(mode);
    }
    let message = format!("--claimMode is `{text}`, which is no mode");
    Err(Error::new(&codes::OPTION_VALUE, message).next("give NO_CLAIM, CLAIM or LEGACY"))
}
