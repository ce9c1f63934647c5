//! Where a job begins: sources, settings, and execution.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use millstream_connectors::collection::CollectionSource;
use millstream_connectors::generator::GeneratorSource;
use millstream_connectors::socket::SocketTextSource;
use millstream_connectors::text::{TextFileOptions, TextFileSource};
use millstream_core::options::{self, format_duration};
use millstream_core::{Configuration, Error, MaxParallelism, Result, codes};
use millstream_engine::Record;
use millstream_engine::connector::{Counter, Source, StateEntry};
use millstream_engine::graph::{Input, JobGraph, Node, NodeId, NodeKind, Ship};
use millstream_engine::operator::{Port, SourceFactory};
use millstream_storage::Snapshot;

use crate::declared::{Declarations, Declared, Edge};
use crate::local;
use crate::run::{Recovery, RunOptions};
use crate::service;
use crate::stream::DataStream;

/// The longest name of a job, in bytes: it stands in lists, in every label of its metrics, and in the log.
const LONGEST_NAME: usize = 1_000;

#[derive(Default)]
struct Building {
    /// Settings made by the program.
    code: Configuration,
    /// Settings given from outside: they win.
    options: RunOptions,
    bad_records: Counter,
    /// The longest time between two checkpoints that sinks allow.
    longest_interval: Option<Duration>,
}

/// The environment of a job: a program declares its streams on it, sets what it wants to set, and executes it.
/// Clones are the same environment.
///
/// Settings that are given from outside (`-D`, `-p`) win over those in the code, so that a job can be run
/// differently without being changed.
#[derive(Clone, Default)]
pub struct Environment {
    building: Rc<RefCell<Building>>,
    declarations: Declarations,
}

impl Environment {
    /// An environment with default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// An environment for a job that is run with these options.
    pub fn with_options(options: RunOptions) -> Self {
        let environment = Self::new();
        environment.building.borrow_mut().options = options;
        environment
    }

    /// Sets an option of [`millstream_core::options`] by its key. A key that is no option's is refused when the
    /// [graph](Self::graph) is made.
    pub fn set(&self, key: &str, value: impl Into<String>) -> &Self {
        self.building.borrow_mut().code.set(key, value);
        self
    }

    /// Sets the parallelism of every operator that sets none itself.
    pub fn set_parallelism(&self, parallelism: usize) -> &Self {
        self.set(options::PARALLELISM.name, parallelism.to_string())
    }

    /// Sets the number of key groups.
    pub fn set_max_parallelism(&self, max_parallelism: u32) -> &Self {
        self.set(options::MAX_PARALLELISM.name, max_parallelism.to_string())
    }

    /// Takes a checkpoint each `interval`.
    pub fn enable_checkpointing(&self, interval: Duration) -> &Self {
        self.set(options::CHECKPOINT_INTERVAL.name, format_duration(interval))
    }

    /// Restarts a failed job up to `attempts` times, each time after `delay`.
    pub fn restart_after(&self, attempts: u32, delay: Duration) -> &Self {
        self.set(options::RESTART_STRATEGY.name, "fixed-delay");
        self.set(options::RESTART_FIXED_ATTEMPTS.name, attempts.to_string());
        self.set(options::RESTART_FIXED_DELAY.name, format_duration(delay))
    }

    /// The settings as they count: the defaults, then the program's, then those from outside, each with what its references
    /// stand for.
    ///
    /// # Errors
    /// What a reference stands for is not to be had ([`codes::REFERENCE`]).
    pub fn configuration(&self) -> Result<Configuration> {
        let building = self.building.borrow();
        let mut configuration = building.code.clone();
        configuration.extend(&building.options.configuration);
        millstream_process::secrets::resolve_settings(&mut configuration)?;
        Ok(configuration)
    }

    /// Where operators count the records that they find bad, for the progress and the summary of a job that runs in this
    /// process. Sources count theirs themselves.
    pub fn bad_records(&self) -> Counter {
        self.building.borrow().bad_records.clone()
    }

    /// A stream of what `source` hands out.
    pub fn add_source<T: Record>(&self, name: &str, source: impl Source<T>) -> DataStream<T> {
        let kind = NodeKind::Source(Arc::new(SourceFactory::new(source)));
        let node = self.declarations.declare(Declared {
            name: name.to_owned(),
            uid: None,
            parallelism: None,
            is_aside: false,
            kind,
            inputs: Vec::new(),
        });
        DataStream::new(self.declarations.clone(), node)
    }

    /// The graph of everything declared so far, as the job `name`.
    ///
    /// # Errors
    /// A setting does not fit or does not exist, or the graph is not valid.
    pub fn graph(&self, name: &str) -> Result<JobGraph> {
        self.check_keys()?;
        let configuration = self.configuration()?;
        let default = configuration.require(&options::PARALLELISM)? as usize;
        let max_parallelism =
            MaxParallelism::new(configuration.require(&options::MAX_PARALLELISM)?)?;
        let nodes = self.declarations.look(|nodes| resolve(nodes, default));
        let named = configuration.get(&options::JOB_NAME)?;
        let name = named.unwrap_or_else(|| name.to_owned());
        check_name(&name)?;
        let graph = JobGraph {
            name,
            nodes,
            max_parallelism,
            chaining: configuration.require(&options::OPERATOR_CHAINING)?,
        };
        graph.validate()?;
        Ok(graph)
    }

    /// Whether all keys that the program sets are options of jobs.
    fn check_keys(&self) -> Result<()> {
        let building = self.building.borrow();
        let mut keys = building.code.iter().map(|(key, _)| key);
        match keys.find(|key| !options::ALL.iter().any(|option| option.name == *key)) {
            None => Ok(()),
            Some(key) => Err(Error::new(
                &codes::OPTION_UNKNOWN,
                format!("the program sets `{key}`, which is no option of a job"),
            )
            .next("take one of docs/guide/options.md")),
        }
    }

    /// Checkpoints can't be set farther apart than this while the job runs: what a sink keeps open would be lost. Of several
    /// the shortest counts.
    pub fn limit_checkpoint_interval(&self, longest: Duration) {
        let limit = &mut self.building.borrow_mut().longest_interval;
        *limit = Some(limit.map_or(longest, |known| known.min(longest)));
    }

    /// The job's directory, where a server runs it.
    pub fn job_directory(&self) -> Option<PathBuf> {
        self.building.borrow().options.job_directory.clone()
    }

    /// What looked for the splits of the source `uid` has noted in the snapshot that the job goes on from, as far as that can be told
    /// before the job is built: for who has to know it to declare its streams. Empty: it begins anew, or nothing was noted.
    ///
    /// # Errors
    /// There is no snapshot where one is named, it is damaged, or it can't be reached.
    pub fn restored_of_source(&self, uid: &str) -> Result<Vec<StateEntry>> {
        let configuration = self.configuration()?;
        let location = match self.job_directory() {
            Some(directory) => service::goes_on_from(&configuration, &directory)?,
            None => Recovery::named(&configuration)?,
        };
        let Some(location) = location else {
            return Ok(Vec::new());
        };
        let operator = Snapshot::open(&location)?.operator(uid);
        let noted = operator
            .iter()
            .flat_map(|operator| &operator.metadata().enumerator);
        let noted = noted.map(|entry| StateEntry {
            key: entry.key.clone(),
            value: entry.value.clone(),
        });
        Ok(noted.collect())
    }

    /// Runs the job in this process until it ends: for itself, or under the server that started the process.
    ///
    /// # Errors
    /// The job can't be started, or it failed.
    pub fn execute(&self, name: &str) -> Result<()> {
        let graph = self.graph(name)?;
        let configuration = self.configuration()?;
        let options = self.building.borrow().options.clone();
        match options.job_directory {
            Some(directory) => {
                let longest = self.building.borrow().longest_interval;
                service::execute(graph, configuration, &directory, longest)
            }
            None => local::execute(graph, configuration, options.job, self.bad_records()),
        }
    }
}

/// The nodes of a graph, `default` their parallelism where they set none.
fn resolve(declared: &[Declared], default: usize) -> Vec<Node> {
    let parallelism = |node: &Declared| node.parallelism.unwrap_or(default);
    let ship = |from: NodeId, edge: &Edge, to: &Declared| match edge {
        Edge::Hash(partitioner) => Ship::Hash(partitioner.clone()),
        Edge::Rebalance => Ship::Rebalance,
        Edge::Broadcast => Ship::Broadcast,
        Edge::Auto => {
            let same = declared.get(from).map(parallelism) == Some(parallelism(to));
            if same { Ship::Forward } else { Ship::Rebalance }
        }
    };
    let input = |node: &Declared, (from, edge, port): &(NodeId, Edge, Port)| Input {
        from: *from,
        ship: ship(*from, edge, node),
        port: *port,
    };
    let nodes = declared.iter().map(|node| Node {
        name: node.name.clone(),
        uid: node.uid.clone(),
        parallelism: parallelism(node),
        is_aside: node.is_aside,
        kind: node.kind.clone(),
        inputs: node.inputs.iter().map(|edge| input(node, edge)).collect(),
    });
    nodes.collect()
}

fn check_name(name: &str) -> Result<()> {
    if name.len() <= LONGEST_NAME {
        return Ok(());
    }
    let message = format!(
        "the name of the job has {} bytes, which is more than {LONGEST_NAME}",
        name.len()
    );
    let next = format!("give it a shorter one, with {}", options::JOB_NAME.name);
    Err(Error::new(&codes::OPTION_VALUE, message).next(next))
}

/// Sources that need no connector of one's own.
impl Environment {
    /// A stream of the lines of a text file, or of every file of a directory. Bounded. `T` is what a
    /// line becomes: `String`, [`Text`](crate::Text), or a type of one's own.
    ///
    /// # Errors
    /// The path can't be read, or is a directory with a directory in it.
    pub fn read_text_file<T: Record + for<'a> From<&'a str>>(
        &self,
        path: impl Into<PathBuf>,
    ) -> Result<DataStream<T>> {
        let source = TextFileSource::new(TextFileOptions::new(path))?;
        Ok(self.add_source("Text File", source))
    }

    /// A stream of the lines that arrive on a socket, until the other side closes it. A socket can't be read
    /// again: what had arrived after the last checkpoint is lost in a failure.
    pub fn socket_text_stream(&self, host: &str, port: u16) -> DataStream<String> {
        self.add_source("Socket Stream", SocketTextSource::new(host, port))
    }

    /// A stream of `records`, in their order where the parallelism is 1.
    pub fn from_collection<T: Record + Sync>(&self, records: Vec<T>) -> DataStream<T> {
        self.add_source("Collection", CollectionSource::new(records))
    }

    /// A stream of what `generate` makes of (split, index): `splits` splits with indexes from 0, each of
    /// `count` records if one is given.
    pub fn generate<T: Record>(
        &self,
        splits: u32,
        count: Option<u64>,
        generate: impl Fn(u32, u64) -> T + Send + Sync + 'static,
    ) -> DataStream<T> {
        let source = GeneratorSource::new(splits, generate);
        let source = match count {
            Some(count) => source.count(count),
            None => source,
        };
        self.add_source("Generator", source)
    }
}
