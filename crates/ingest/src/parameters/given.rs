//! What was given, from all places: the environment wins over the arguments, these over the file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use millstream_core::options::FromOptionText;
use millstream_core::options::reference::{Hidden, has_references};
use millstream_core::{Error, codes};

use super::choices::{SinkFormat, SinkType};
use super::definition::{ENVIRONMENT_PREFIX, Parameter, environment_variable};
use super::table::{self, CONFIG, JOB_NAME};
use super::{Input, arguments, databases, properties, unknown};

/// The file that is read from the working directory when no other is named.
pub const DEFAULT_FILE: &str = "application.properties";

/// What sets parameters, and is not set for this job alone: variables of Hadoop's own, and options, which stand here by their
/// names.
const FOREIGN: [(&str, &str); 4] = [
    ("HADOOP_HOME", "hadoop.home.dir"),
    ("HADOOP_USER_NAME", "hadoop.user.name"),
    (
        "security.kerberos.login.keytab",
        "security.kerberos.login.keytab",
    ),
    (
        "security.kerberos.login.principal",
        "security.kerberos.login.principal",
    ),
];

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    Argument,
    Variable(String),
    /// A variable that is set for Hadoop and not for us, or an option.
    Foreign(String),
    File(PathBuf, usize),
}

impl fmt::Display for Origin {
    /// Words behind a parameter's name; nothing for an argument, where the name says it all.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => Ok(()),
            Self::Foreign(name) if name.contains('.') => write!(f, " (option {name})"),
            Self::Variable(name) | Self::Foreign(name) => {
                write!(f, " (environment variable {name})")
            }
            Self::File(path, line) => write!(f, " ({}:{line})", path.display()),
        }
    }
}

/// Where references in values are replaced by what they stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum References {
    /// In this process.
    Here,
    /// In the process that runs the job: what has references is not known here.
    Elsewhere,
}

pub(super) struct Value {
    /// As it was given; what its references stand for is never shown.
    pub(super) written: String,
    /// With what its references stand for; `None`: that is not known here.
    text: Option<String>,
    /// What its references stand for.
    hidden: Hidden,
    pub(super) origin: Origin,
}

/// The value of every parameter that was given, by name. All names exist and all texts are values of
/// their parameters, or there is a problem that says otherwise.
pub(super) struct Given {
    references: References,
    values: BTreeMap<String, Value>,
    pub(super) problems: Vec<Error>,
    pub(super) notes: Vec<String>,
}

impl Given {
    /// Collects the values of all three places.
    pub(super) fn collect(input: &Input<'_>, references: References) -> Self {
        let mut given = Self {
            references,
            values: BTreeMap::new(),
            problems: Vec::new(),
            notes: Vec::new(),
        };
        let arguments = arguments::read(input.arguments);
        given.problems.extend(arguments.problems);
        for (name, text) in arguments.pairs {
            given.argument(name, text);
        }
        given.environment(input.environment);
        given.file(input.directory);
        given.format_as_sink();
        given.check();
        given
    }

    /// The value of `parameter`: as given, else its default text. `None`: neither, or the text is wrong,
    /// which is a problem already, or it is known only where the job runs.
    pub(super) fn get<T: millstream_core::options::FromOptionText>(
        &self,
        parameter: &Parameter<T>,
    ) -> Option<T> {
        let text = match (
            self.values.get(parameter.name()),
            parameter.summary().default,
        ) {
            (Some(value), _) => value.text.as_deref()?,
            (None, super::definition::DefaultValue::Text(text)) => text,
            (None, _) => return None,
        };
        parameter.read(text).ok()
    }

    /// The texts of all names that stand under `parameter`, which ends in `*`, by what stands for it. Those that are known
    /// only where the job runs are left out.
    pub(super) fn under<T: FromOptionText>(
        &self,
        parameter: &Parameter<T>,
    ) -> BTreeMap<String, String> {
        let beginning = parameter.name().trim_end_matches('*');
        let own = |name: &str| table::find(name).is_some_and(|p| p.name == parameter.name());
        let values = self.values.iter().filter(|(name, _)| own(name));
        values
            .filter_map(|(name, value)| {
                let rest = name.strip_prefix(beginning)?;
                Some((rest.to_owned(), value.text.clone()?))
            })
            .collect()
    }

    /// What was given for `name`, right or wrong; `None`: nothing, or it is known only where the job runs.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.text.as_deref()
    }

    /// Where `name` was given, if it was.
    pub(super) fn origin(&self, name: &str) -> Option<&Origin> {
        self.values.get(name).map(|value| &value.origin)
    }

    /// The names that were given, in alphabetical order.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, &Origin)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), &value.origin))
    }

    /// What was written for `name`, where that is not what it stands for.
    pub(super) fn with_references(&self, name: &str) -> Option<&str> {
        let value = self.values.get(name)?;
        (value.text.as_ref() != Some(&value.written)).then_some(value.written.as_str())
    }

    /// `message` about the value of `name`, with what was written in the place of what that stands for.
    pub(super) fn shown(&self, name: &str, message: &str) -> String {
        let Some(value) = self.values.get(name) else {
            return message.to_owned();
        };
        let message = match value.text.as_deref() {
            Some(text) if text != value.written && !text.is_empty() => {
                message.replace(text, &value.written)
            }
            _ => message.to_owned(),
        };
        value.hidden.hide(&message)
    }

    /// What the references in the values of some parameters stand for.
    pub(super) fn hidden(&self, names: &[&str]) -> Hidden {
        let mut hidden = Hidden::default();
        let values = names.iter().filter_map(|name| self.values.get(*name));
        values.for_each(|value| hidden.extend(&value.hidden));
        hidden
    }

    /// Every name that was given, with its text as it was written and where it comes from, in alphabetical order.
    pub(super) fn values(&self) -> impl Iterator<Item = (&str, &str, &Origin)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value.written.as_str(), &value.origin))
    }

    fn argument(&mut self, name: String, text: String) {
        if table::find(&name).is_none() {
            self.problems.push(unknown::parameter(&name, ""));
        } else if let Some(earlier) = self.set(&name, text, Origin::Argument)
            && earlier.origin == Origin::Argument
        {
            self.notes.push(format!(
                "--{name} is given more than once; the last value holds"
            ));
        }
    }

    fn environment(&mut self, variables: &[(String, String)]) {
        for (variable, text) in variables {
            let foreign = FOREIGN.iter().find(|(own, _)| own == variable);
            if let Some((_, name)) = foreign {
                self.set(name, text.clone(), Origin::Foreign(variable.clone()));
            } else if let Some(rest) = variable.strip_prefix(ENVIRONMENT_PREFIX) {
                self.variable(variable, rest, text);
            }
        }
    }

    fn variable(&mut self, variable: &str, rest: &str, text: &str) {
        let Some(name) = name_of_variable(variable, rest) else {
            let named = rest.to_ascii_lowercase().replace('_', ".");
            let origin = Origin::Variable(variable.to_owned());
            self.problems
                .push(unknown::parameter(&named, &origin.to_string()));
            return;
        };
        let earlier = self.set(
            &name,
            text.to_owned(),
            Origin::Variable(variable.to_owned()),
        );
        if earlier.is_some_and(|earlier| earlier.origin == Origin::Argument) {
            self.notes.push(format!(
                "the environment variable {variable} wins over --{name}"
            ));
        }
    }

    fn file(&mut self, directory: &Path) {
        let path = match self.get(&CONFIG) {
            Some(named) => directory.join(named),
            None => {
                let path = directory.join(DEFAULT_FILE);
                // What is there and no file is refused when it is read: it is meant to count.
                if path.symlink_metadata().is_err() {
                    return;
                }
                path
            }
        };
        let entries = match properties::read_file(&path) {
            Ok(entries) => entries,
            Err(problem) => return self.problems.push(problem),
        };
        let mut seen = BTreeMap::new();
        for property in entries {
            let origin = Origin::File(path.clone(), property.line);
            if property.name == CONFIG.name() {
                let message = format!("a parameter file can't name another one{origin}");
                let next = "take the line out, and give the file with --config";
                self.problems
                    .push(Error::new(&codes::CONFIG_FILE, message).next(next));
            } else if table::find(&property.name).is_none() {
                self.problems
                    .push(unknown::parameter(&property.name, &origin.to_string()));
            } else if seen
                .insert(property.name.clone(), (property.value, origin))
                .is_some()
            {
                let name = property.name;
                let path = path.display();
                self.notes.push(format!(
                    "{name} stands more than once in {path}; the last value holds"
                ));
            }
        }
        for (name, (text, origin)) in seen {
            if !self.values.contains_key(&name) {
                self.set(&name, text, origin);
            }
        }
    }

    /// A format of files where a sink is to be named means files of that format: the examples of the CSP operator have
    /// `--sink.type orc`.
    fn format_as_sink(&mut self) {
        let (kind, format) = (table::SINK_TYPE.name(), table::SINK_FORMAT.name());
        let Some(value) = self.values.get(kind) else {
            return;
        };
        let meant = value.text.as_deref().map(SinkFormat::from_option_text);
        let Some(Ok(meant)) = meant else {
            return;
        };
        let origin = value.origin.clone();
        let other = self.values.get(format).and_then(|other| {
            let text = other.text.as_deref()?;
            let same = SinkFormat::from_option_text(text) == Ok(meant);
            (!same).then(|| text.to_owned())
        });
        let name = meant.name();
        if let Some(other) = other {
            let message = format!("{kind} is {name}{origin}, and {format} is {other}");
            let next = format!("give --{kind} file, and the format once");
            self.problems
                .push(Error::new(&codes::INGEST_PARAMETERS, message).next(next));
        } else {
            self.set(format, name.to_owned(), origin.clone());
            self.notes.push(format!(
                "{kind} {name} means files: {kind} file with {format} {name}"
            ));
        }
        self.set(kind, SinkType::File.name().to_owned(), origin);
    }

    /// Sets `name` unless `written` is empty, which counts as not given. Returns what it replaces.
    fn set(&mut self, name: &str, written: String, origin: Origin) -> Option<Value> {
        let is_foreign = matches!(origin, Origin::Foreign(_));
        // The file of parameters is read here, wherever the job runs, and a name is given by no reference at all.
        let mut hidden = Hidden::default();
        let is_here = [CONFIG.name(), JOB_NAME.name()].contains(&name);
        let is_elsewhere = self.references == References::Elsewhere && !is_here;
        let text = if is_foreign {
            Some(written.clone())
        } else if is_elsewhere && has_references(&written) {
            None
        } else {
            let place = format!("{name}{origin}");
            match millstream_process::secrets::resolve_hiding(&place, &written, &mut hidden) {
                Ok(text) => Some(text),
                Err(problem) => {
                    self.problems.push(problem);
                    None
                }
            }
        };
        if text.as_deref() == Some("") {
            return None;
        }
        let value = Value {
            written,
            text,
            hidden,
            origin,
        };
        self.values.insert(name.to_owned(), value)
    }

    fn check(&mut self) {
        for (name, value) in &self.values {
            let Some(parameter) = table::find(name) else {
                continue;
            };
            let Some(text) = value.text.as_deref() else {
                continue;
            };
            let Err(expected) = parameter.check(text) else {
                continue;
            };
            let Value {
                written, origin, ..
            } = value;
            if name == table::DB_TYPE.name()
                && let Some(refused) = databases::refused(text, &origin.to_string())
            {
                self.problems.push(refused);
                continue;
            }
            let error = Error::new(
                &codes::OPTION_VALUE,
                format!(
                    "{name} is `{}`{origin}, which is not {expected}",
                    written.escape_debug()
                ),
            );
            let known = parameter.type_name == expected;
            let next = if known {
                format!("for example `{}`", parameter.example)
            } else {
                format!("give {}", parameter.type_name)
            };
            self.problems.push(error.next(next));
        }
    }
}

/// The parameter that an environment variable sets. Properties passed on to Kafka are in small letters
/// with dots.
fn name_of_variable(variable: &str, rest: &str) -> Option<String> {
    if let Some(parameter) = table::all().find(|p| p.environment_variable() == variable) {
        return Some(parameter.name.to_owned());
    }
    let passed_on = rest.to_ascii_lowercase().replace('_', ".");
    let known = table::find(&passed_on).is_some_and(|parameter| parameter.name.ends_with(".*"));
    (known && environment_variable(&passed_on) == variable).then_some(passed_on)
}

#[cfg(test)]
mod tests;
