//! The command line of a package that is run by itself.

use std::path::PathBuf;

use millstream_core::options::{
    ALL, OptionSummary, PARALLELISM, RESTORE_IGNORE_UNCLAIMED_STATE, RESTORE_ON_LOST_OUTPUT,
    RESTORE_PATH,
};
use millstream_core::{Error, Result, codes};

use crate::run::RunOptions;

pub(super) const USAGE: &str = "\
A Millstream job package. Run by itself it runs its job in this process.

Usage: PROGRAM [options] [--PARAMETER VALUE]...

Options:
  -c, --class NAME              the entry point, where the package has several
  -s, --fromSavepoint PATH      go on from this savepoint or checkpoint; `latest`: the newest of this job name
  -n, --allowNonRestoredState   drop state that no operator takes
  --on-lost-output CHOICE       of output that is lost, or may be: `fail` (default) or `accept`
  -p, --parallelism N           parallelism of operators that set none themselves
  -D KEY=VALUE                  set an option of the engine
  -v                            show debug lines; -v -v shows everything
  -h, --help                    this help
";

/// What the package is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    Run,
    Help,
    Describe,
    Plan,
    /// The plan of the submission in this file.
    PlanOf(PathBuf),
}

/// A command line, understood.
#[derive(Debug)]
pub(super) struct CommandLine {
    pub(super) mode: Mode,
    pub(super) options: RunOptions,
    pub(super) verbosity: u8,
    /// What is left for the job.
    pub(super) arguments: Vec<String>,
}

impl CommandLine {
    /// Reads the arguments behind the program's name. Options of the engine come first; the first other
    /// argument begins those of the job. `millstream run` has read them already and hands them over in
    /// [`RunOptions::VARIABLE`].
    pub(super) fn parse(arguments: Vec<String>) -> Result<Self> {
        let given = std::env::var(RunOptions::VARIABLE).ok();
        let mut line = Self {
            mode: Mode::Run,
            options: given
                .as_deref()
                .map(from_variable)
                .transpose()?
                .unwrap_or_default(),
            verbosity: 0,
            arguments: Vec::new(),
        };
        let mut arguments = arguments.into_iter().peekable();
        while let Some(argument) = arguments.peek() {
            let argument = argument.clone();
            let is_option = match argument.as_str() {
                "--millstream-describe" => line.set_mode(Mode::Describe),
                "--millstream-plan" => line.set_mode(Mode::Plan),
                "--millstream-plan-of" => {
                    arguments.next();
                    let file = needs("--millstream-plan-of", arguments.peek().cloned())?;
                    line.set_mode(Mode::PlanOf(PathBuf::from(file)))
                }
                "-h" | "--help" | "-help" => line.set_mode(Mode::Help),
                _ if given.is_some() => false,
                "-v" => {
                    line.verbosity += 1;
                    true
                }
                "-n" | "--allowNonRestoredState" => {
                    line.set(RESTORE_IGNORE_UNCLAIMED_STATE.name, "true")
                }
                option => {
                    let mut next = || {
                        arguments.next();
                        arguments.peek().cloned()
                    };
                    match option {
                        "-c" | "--class" => line.set_entry(needs(option, next())?),
                        "-s" | "--fromSavepoint" => {
                            line.set(RESTORE_PATH.name, &a_snapshot(&needs(option, next())?)?)
                        }
                        "--on-lost-output" => {
                            line.set(RESTORE_ON_LOST_OUTPUT.name, &needs(option, next())?)
                        }
                        "-p" | "--parallelism" => {
                            line.set(PARALLELISM.name, &needs(option, next())?)
                        }
                        "-D" => line.set_pair(&needs(option, next())?)?,
                        _ => match option.strip_prefix("-D") {
                            Some(pair) => line.set_pair(pair)?,
                            None => false,
                        },
                    }
                }
            };
            if !is_option {
                break;
            }
            arguments.next();
        }
        if arguments.peek().is_some_and(|argument| argument == "--") {
            arguments.next();
        }
        line.arguments = arguments.collect();
        Ok(line)
    }

    fn set_mode(&mut self, mode: Mode) -> bool {
        self.mode = mode;
        true
    }

    fn set_entry(&mut self, entry: String) -> bool {
        self.options.entry = Some(entry);
        true
    }

    fn set(&mut self, key: &str, value: &str) -> bool {
        self.options.configuration.set(key, value);
        true
    }

    fn set_pair(&mut self, pair: &str) -> Result<bool> {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            Error::new(&codes::USAGE, format!("`-D {pair}` has no `=`")).next("write -D KEY=VALUE")
        })?;
        let is_known = |option: &OptionSummary| option.name == key || option.aliases.contains(&key);
        if !ALL.iter().any(is_known) {
            return Err(Error::new(
                &codes::OPTION_UNKNOWN,
                format!("-D sets what is no option: `{key}`"),
            )
            .next("take it out or mend its name; docs/guide/options.md lists the options"));
        }
        Ok(self.set(key, value))
    }
}

/// What is to be gone on from, which an unset variable does not name.
fn a_snapshot(path: &str) -> Result<String> {
    if path.trim().is_empty() {
        let message = "--fromSavepoint is empty, and the job would begin anew";
        let next = "give the savepoint (an unset variable?), or leave the option out to begin anew";
        return Err(Error::new(&codes::OPTION_VALUE, message).next(next));
    }
    Ok(path.to_owned())
}

fn needs(option: &str, value: Option<String>) -> Result<String> {
    value.ok_or_else(|| {
        Error::new(&codes::USAGE, format!("option {option} has no value"))
            .next("--help lists the options")
    })
}

fn from_variable(text: &str) -> Result<RunOptions> {
    serde_json::from_str(text).map_err(|error| {
        Error::new(
            &codes::USAGE,
            format!("{} can't be read", RunOptions::VARIABLE),
        )
        .cause(error)
        .next("start the package with `millstream run`, or unset the variable")
    })
}
