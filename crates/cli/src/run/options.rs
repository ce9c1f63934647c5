//! From the options of `run` to the job's own: what this version can't do is refused, what has no meaning here is noted.
//! An option set under its own name wins over `-D` with an older one.

use millstream::RunOptions;
use millstream_core::options;
use millstream_core::{Configuration, Error, Result, codes};
use millstream_ingest::parameters::nearest;

use super::arguments::RunArguments;

/// The target that is there.
const LOCAL: &str = "local";
/// The targets of Flink that are known and not there.
const PLANNED_TARGETS: &[&str] = &[
    "remote",
    "yarn-session",
    "yarn-application",
    "yarn-per-job",
    "kubernetes-session",
    "kubernetes-application",
];

/// The settings that `run` was given, and what is worth telling about them.
///
/// # Errors
/// Everything that is unknown or wrong in `-D` at once; a target or a mode that is not there yet.
pub(super) fn read(run: &RunArguments) -> Result<(RunOptions, Vec<String>)> {
    let mut configuration = Configuration::new();
    let mut notes = Vec::new();
    settings(&run.settings, &mut configuration)?;
    refuse(run, &mut configuration)?;
    if let Some(text) = &run.parallelism {
        let parallelism = parallelism(text)?;
        configuration.set(options::PARALLELISM.name, parallelism.to_string());
    }
    restore(run, &mut configuration, &mut notes)?;
    if !run.classpath.is_empty() {
        notes.push("--classpath has no effect: a job package is an executable".to_owned());
    }
    if !run.python_settings.is_empty() {
        notes.push("the options for Python (--py…) have no effect".to_owned());
    }
    Ok((
        RunOptions {
            entry: run.class.clone(),
            configuration,
        },
        notes,
    ))
}

fn settings(given: &[String], configuration: &mut Configuration) -> Result<()> {
    let known: Vec<&str> = options::ALL
        .iter()
        .flat_map(|option| std::iter::once(option.name).chain(option.aliases.iter().copied()))
        .collect();
    let mut unknown = Vec::new();
    for setting in given {
        let Some((key, value)) = setting.split_once('=') else {
            let message = format!("-D {setting} is no setting");
            return Err(Error::new(&codes::USAGE, message).next("write -D key=value"));
        };
        if known.contains(&key) {
            configuration.set(key, value);
        } else {
            let near = nearest(key, &known);
            let hint = match near.as_slice() {
                [] => String::new(),
                near => format!(" (did you mean {}?)", near.join(" or ")),
            };
            unknown.push(format!("`{key}`{hint}"));
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let message = format!("-D sets what is no option: {}", unknown.join(", "));
    Err(Error::new(&codes::OPTION_UNKNOWN, message).next("take it out or mend its name"))
}

fn refuse(run: &RunArguments, configuration: &mut Configuration) -> Result<()> {
    let set_target = configuration.get(&options::TARGET)?;
    let target = run
        .target
        .clone()
        .or(set_target)
        .unwrap_or_else(|| LOCAL.to_owned());
    if !target.eq_ignore_ascii_case(LOCAL) {
        return Err(target_error(&target));
    }
    configuration.set(options::TARGET.name, LOCAL);
    let server = |what: &str, next: &str| {
        let message = format!("{what} needs the session server, which is not there yet");
        Err(Error::new(&codes::TARGET_UNSUPPORTED, message).next(next))
    };
    if run.detached {
        return server(
            "--detached",
            "leave it out; a service manager or `&` keeps the job in the background",
        );
    }
    if run.jobmanager.is_some() {
        return server("--jobmanager", "leave it out: the job runs in this process");
    }
    Ok(())
}

fn target_error(target: &str) -> Error {
    if PLANNED_TARGETS.contains(&target) {
        return Error::new(
            &codes::TARGET_UNSUPPORTED,
            format!("target {target} is not there yet"),
        )
        .next("use --target local, which runs the job in this process");
    }
    let known = PLANNED_TARGETS.join(", ");
    Error::new(
        &codes::OPTION_VALUE,
        format!("--target is `{target}`, which is no target"),
    )
    .next(format!("use --target local ({known} are planned)"))
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
        configuration.set(options::RESTORE_PATH.name, path.as_str());
    }
    if run.allow_non_restored_state {
        configuration.set(options::RESTORE_IGNORE_UNCLAIMED_STATE.name, "true");
    }
    if let Some(mode) = &run.claim_mode {
        configuration.set(options::RESTORE_CLAIM_MODE.name, mode.as_str());
    }
    if configuration.is_set(&options::RESTORE_CLAIM_MODE) {
        let mode = claim_mode(&configuration.require(&options::RESTORE_CLAIM_MODE)?)?;
        if mode == "LEGACY" {
            notes.push("claim mode LEGACY is deprecated, use NO_CLAIM or CLAIM".to_owned());
        }
        configuration.set(options::RESTORE_CLAIM_MODE.name, mode);
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
    let mode = text.to_ascii_uppercase();
    if matches!(mode.as_str(), "NO_CLAIM" | "CLAIM" | "LEGACY") {
        return Ok(mode);
    }
    let message = format!("--claimMode is `{text}`, which is no mode");
    Err(Error::new(&codes::OPTION_VALUE, message).next("give NO_CLAIM, CLAIM or LEGACY"))
}
