//! The job's name, parallelism, checkpoints and restarts as the engine's options.

use millstream_core::options::{self, FromOptionText, format_duration};
use millstream_core::{ConfigOption, Configuration};

use super::choices::CheckpointMode;
use super::definition::Parameter;
use super::given::Given;
use super::table;

/// The pause between two checkpoints where none was given, and the interval is not shorter.
const PAUSE: &str = "1 s";

/// Options of the engine that follow from the parameters.
///
/// What the command line sets with `-p` and `-D` wins over them, as it wins over the settings in a program's code.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JobOptions {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    parameter: &'static str,
    option: &'static str,
    value: String,
    /// What was given, where that has references.
    written: Option<String>,
    given: bool,
}

impl JobOptions {
    /// `base` (from `-p` and `-D`) and what it leaves open, and a note for each parameter that it overrules.
    pub fn under(&self, base: &Configuration) -> (Configuration, Vec<String>) {
        let mut configuration = base.clone();
        let mut notes = Vec::new();
        for entry in &self.entries {
            let set = base.written(entry.option);
            match set {
                None => {
                    let written = entry.written.as_ref().unwrap_or(&entry.value);
                    configuration.set_resolved(entry.option, written, &entry.value);
                }
                Some(value) if entry.given && value != entry.value => {
                    let Entry {
                        option, parameter, ..
                    } = entry;
                    notes.push(format!("{option} `{value}` wins over --{parameter}"));
                }
                Some(_) => {}
            }
        }
        self.shorten_pause(base, &mut configuration);
        (configuration, notes)
    }

    /// A pause that nobody has asked for does not keep checkpoints from beginning as often as somebody has.
    fn shorten_pause(&self, base: &Configuration, configuration: &mut Configuration) {
        let pause = &options::CHECKPOINT_MIN_PAUSE;
        let is_given = |entry: &Entry| entry.option == pause.name && entry.given;
        if base.written(pause.name).is_some() || self.entries.iter().any(is_given) {
            return;
        }
        // What can't be read is refused by whoever runs the job.
        let interval = configuration
            .get(&options::CHECKPOINT_INTERVAL)
            .ok()
            .flatten();
        let known = configuration.get(pause).ok().flatten();
        if interval.is_some_and(|interval| Some(interval) < known) {
            configuration.set(pause.name, "0 ms");
        }
    }

    /// The options that follow from what was given. The values must have been checked.
    pub(super) fn new(given: &Given) -> Self {
        let mut all = Collector {
            given,
            entries: Vec::new(),
        };
        all.add(&table::JOB_NAME, &options::JOB_NAME, |name| name);
        all.add(&table::PARALLELISM, &options::PARALLELISM, |number| {
            number.0.to_string()
        });
        all.add(
            &table::RETRY_ATTEMPTS,
            &options::RESTART_FIXED_ATTEMPTS,
            |n| n.to_string(),
        );
        all.add(
            &table::RETRY_BACKOFF,
            &options::RESTART_FIXED_DELAY,
            format_duration,
        );
        all.add_given(&table::RATE_RECORDS, &options::RATE_LIMIT_RECORDS, |rate| {
            rate.to_string()
        });
        all.add_given(&table::RATE_BYTES, &options::RATE_LIMIT_BYTES, |size| {
            size.0.to_string()
        });
        all.objects();
        all.add(&table::HADOOP_HOME, &options::HADOOP_HOME, |text| text);
        all.add(&table::HADOOP_USER, &options::HADOOP_USER, |text| text);
        let (keytab, principal) = (&table::KERBEROS_KEYTAB, &table::KERBEROS_PRINCIPAL);
        all.add(keytab, &options::KERBEROS_KEYTAB, |path| path);
        all.add(principal, &options::KERBEROS_PRINCIPAL, |text| text);
        let retry = [table::RETRY_ATTEMPTS.name(), table::RETRY_BACKOFF.name()];
        let chosen = retry.into_iter().find(|name| given.origin(name).is_some());
        all.push(
            chosen,
            table::RETRY_ATTEMPTS.name(),
            &options::RESTART_STRATEGY,
            "fixed-delay",
        );
        if given.get(&table::CHECKPOINT_ENABLE) == Some(false) {
            let name = table::CHECKPOINT_ENABLE.name();
            all.push(Some(name), name, &options::CHECKPOINT_INTERVAL, "0 ms");
        } else {
            all.checkpoints();
        }
        Self {
            entries: all.entries,
        }
    }
}

struct Collector<'a> {
    given: &'a Given,
    entries: Vec<Entry>,
}

impl Collector<'_> {
    fn objects(&mut self) {
        self.add(&table::S3_ENDPOINT, &options::S3_ENDPOINT, |text| text);
        self.add(&table::S3_REGION, &options::S3_REGION, |text| text);
        self.add(&table::S3_ACCESS_KEY, &options::S3_ACCESS_KEY, |text| text);
        self.add(&table::S3_SECRET_KEY, &options::S3_SECRET_KEY, |text| text);
        let token = &table::S3_SESSION_TOKEN;
        self.add(token, &options::S3_SESSION_TOKEN, |text| text);
        let (path_style, ssl) = (&table::S3_PATH_STYLE, &table::S3_SSL);
        self.add(path_style, &options::S3_PATH_STYLE, |yes| yes.to_string());
        if self.given.origin(ssl.name()).is_some() {
            self.add(ssl, &options::S3_SSL, |yes| yes.to_string());
        }
    }

    fn checkpoints(&mut self) {
        let mode = self.given.get(&table::CHECKPOINT_MODE);
        let interval = match mode {
            Some(CheckpointMode::ExactlyOnce) => "30 s",
            _ => "1 min",
        };
        let name = table::CHECKPOINT_INTERVAL.name();
        if self.given.origin(name).is_some() {
            self.add(
                &table::CHECKPOINT_INTERVAL,
                &options::CHECKPOINT_INTERVAL,
                format_duration,
            );
        } else {
            self.push(None, name, &options::CHECKPOINT_INTERVAL, interval);
        }
        self.add(&table::CHECKPOINT_MODE, &options::CHECKPOINT_MODE, |mode| {
            mode.name().to_owned()
        });
        self.add(
            &table::CHECKPOINT_TIMEOUT,
            &options::CHECKPOINT_TIMEOUT,
            format_duration,
        );
        let pause = &table::CHECKPOINT_MIN_PAUSE;
        match self.given.origin(pause.name()) {
            Some(_) => self.add(pause, &options::CHECKPOINT_MIN_PAUSE, format_duration),
            None => self.push(None, pause.name(), &options::CHECKPOINT_MIN_PAUSE, PAUSE),
        }
        self.add(
            &table::CHECKPOINT_TOLERABLE_FAILURES,
            &options::CHECKPOINT_TOLERABLE_FAILURES,
            |number| number.to_string(),
        );
        self.add(
            &table::CHECKPOINT_DIR,
            &options::CHECKPOINT_DIRECTORY,
            |path| path,
        );
        // Without it a job that used up its restarts would take its position with it.
        let retention = &options::CHECKPOINT_RETENTION;
        self.push(
            None,
            table::CHECKPOINT_ENABLE.name(),
            retention,
            "RETAIN_ON_CANCELLATION",
        );
    }

    fn add<P: FromOptionText, O: FromOptionText>(
        &mut self,
        parameter: &Parameter<P>,
        option: &ConfigOption<O>,
        text: impl Fn(P) -> String,
    ) {
        if let Some(value) = self.given.get(parameter) {
            let name = parameter.name();
            let chosen = self.given.origin(name).map(|_| name);
            self.push(chosen, name, option, &text(value));
        }
    }

    /// The same for a parameter that was given, and for no default.
    fn add_given<P: FromOptionText, O: FromOptionText>(
        &mut self,
        parameter: &Parameter<P>,
        option: &ConfigOption<O>,
        text: impl Fn(P) -> String,
    ) {
        if self.given.origin(parameter.name()).is_some() {
            self.add(parameter, option, text);
        }
    }

    /// Adds a value that was given by the parameter `chosen`, or that is the default of `otherwise`.
    fn push<O: FromOptionText>(
        &mut self,
        chosen: Option<&'static str>,
        otherwise: &'static str,
        option: &ConfigOption<O>,
        value: &str,
    ) {
        self.entries.push(Entry {
            parameter: chosen.unwrap_or(otherwise),
            option: option.name,
            written: chosen.and_then(|name| self.given.with_references(name).map(str::to_owned)),
            value: value.to_owned(),
            given: chosen.is_some(),
        });
    }
}
