//! Streams: what a program is written with.

use std::fmt::Display;
use std::marker::PhantomData;
use std::ops::AddAssign;
use std::sync::Arc;

use millstream_connectors::discard::DiscardSink;
use millstream_connectors::function_sink::FunctionSink;
use millstream_connectors::print::PrintSink;
use millstream_core::Numbers;
use millstream_engine::Record;
use millstream_engine::connector::Sink;
use millstream_engine::graph::{NodeId, NodeKind};
use millstream_engine::operator::{OperatorFactory, Port, SinkFactory};
use millstream_state::{StateKey, StateValue};

use crate::declared::{Declarations, Declared, Edge};
use crate::deduplication::{Deduplication, Fingerprinted};
use crate::function::{CoProcessFunction, Collector, Outcome, ProcessFunction};
use crate::operators::{
    Cloned, CoProcess, Deduplicate, Filter, FingerprintPartitioner, FlatMap, FlatMapCounting,
    KeyPartitioner, Map, Process, Reduce, Sum,
};

/// A stream of records of type `T`. Clones are the same stream, for a second consumer.
pub struct DataStream<T> {
    declarations: Declarations,
    /// The operators that it comes from, and how their records are handed on: several for a union.
    nodes: Vec<(NodeId, Edge)>,
    records: PhantomData<fn() -> T>,
}

impl<T> Clone for DataStream<T> {
    fn clone(&self) -> Self {
        Self {
            declarations: self.declarations.clone(),
            nodes: self.nodes.clone(),
            records: PhantomData,
        }
    }
}

impl<T: Record> DataStream<T> {
    pub(crate) fn new(declarations: Declarations, node: NodeId) -> Self {
        Self {
            declarations,
            nodes: vec![(node, Edge::Auto)],
            records: PhantomData,
        }
    }

    /// Names the operator that the stream comes from, as people see it.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.change(|node| name.clone_into(&mut node.name));
        self
    }

    /// Gives the operator that the stream comes from a stable id. Its state is found by it in a savepoint, so
    /// every operator with state should have one.
    #[must_use]
    pub fn uid(self, uid: &str) -> Self {
        self.change(|node| node.uid = Some(uid.to_owned()));
        self
    }

    /// Sets the parallelism of the operator that the stream comes from.
    #[must_use]
    pub fn set_parallelism(self, parallelism: usize) -> Self {
        self.change(|node| node.parallelism = Some(parallelism));
        self
    }

    fn change(&self, mut change: impl FnMut(&mut Declared)) {
        for (node, _) in &self.nodes {
            self.declarations.change(*node, &mut change);
        }
    }

    /// Hands the records to the subtasks of the next operator in turn.
    #[must_use]
    pub fn rebalance(self) -> Self {
        self.shipped(&Edge::Rebalance)
    }

    /// Hands every record to every subtask of the next operator.
    #[must_use]
    pub fn broadcast(self) -> Self {
        self.shipped(&Edge::Broadcast)
    }

    fn shipped(mut self, how: &Edge) -> Self {
        for (_, edge) in &mut self.nodes {
            edge.clone_from(how);
        }
        self
    }

    /// The records of both streams, in no particular order between them. Each is handed on as it was to be.
    #[must_use]
    pub fn union(mut self, other: Self) -> Self {
        self.nodes.extend(other.nodes);
        self
    }

    fn inputs(&self) -> Vec<(NodeId, Edge, Port)> {
        self.nodes
            .iter()
            .map(|(node, edge)| (*node, edge.clone(), Port::First))
            .collect()
    }

    fn operator<U: Record>(self, name: &str, factory: Arc<dyn OperatorFactory>) -> DataStream<U> {
        let inputs = self.inputs();
        add_operator(self.declarations, name, factory, inputs)
    }

    /// One record out for each record in.
    pub fn map<U: Record>(
        self,
        function: impl FnMut(T) -> U + Clone + Send + 'static,
    ) -> DataStream<U> {
        self.operator("Map", Cloned::factory(Map::new(function)))
    }

    /// Any number of records out for each record in. The function may answer a `Result`; an error fails
    /// the job.
    pub fn flat_map<U: Record, O: Outcome + 'static>(
        self,
        function: impl FnMut(T, &mut Collector<U>) -> O + Clone + Send + 'static,
    ) -> DataStream<U> {
        self.operator("Flat Map", Cloned::factory(FlatMap::new(function)))
    }

    /// As [`flat_map`](Self::flat_map), for an operator that knows better than the engine what became of the records that it
    /// was given: the engine sees how many went in and how many came out, and takes the others for filtered. The function
    /// adds to the [`Numbers`] what was left out, and why; records are what it takes for records, rows of a batch for
    /// example. What comes out of it goes on as before and is not to be counted.
    ///
    /// ```
    /// # use millstream::Environment;
    /// # let environment = Environment::new();
    /// let lines = environment.from_collection(vec!["1".to_owned(), "one".to_owned()]);
    /// let parsed = lines.flat_map_counting(|line: String, out, numbers| match line.parse::<u64>() {
    ///     Ok(number) => out.collect(number),
    ///     Err(_) => numbers.bad += 1,
    /// });
    /// # parsed.discard();
    /// ```
    pub fn flat_map_counting<U: Record, O: Outcome + 'static>(
        self,
        function: impl FnMut(T, &mut Collector<U>, &mut Numbers) -> O + Clone + Send + 'static,
    ) -> DataStream<U> {
        let operator = FlatMapCounting::new(function);
        self.operator("Flat Map", Cloned::factory(operator))
    }

    /// Says that the operator that the stream comes from is beside the point of the job, as is what only it leads to: its
    /// records are copies (dead letters, samples) that do not count in the job's [`Numbers`].
    #[must_use]
    pub fn aside(self) -> Self {
        self.change(|node| node.is_aside = true);
        self
    }

    /// The records for which `function` is true.
    #[must_use]
    pub fn filter(self, function: impl FnMut(&T) -> bool + Clone + Send + 'static) -> Self {
        self.operator("Filter", Cloned::factory(Filter::new(function)))
    }

    /// The same records, each belonging to a key: those of one key meet in one subtask, in the order in which
    /// their source handed them out.
    pub fn key_by<K: StateKey, F: Fn(&T) -> K + Clone + Send + Sync + 'static>(
        self,
        key: F,
    ) -> KeyedStream<T, K, F> {
        let by_key = Edge::Hash(Arc::new(KeyPartitioner::new(key.clone())));
        KeyedStream {
            stream: self.shipped(&by_key),
            key,
            keys: PhantomData,
        }
    }

    /// The rows that were not there before: of those with the same fingerprint the first that comes, and again the first
    /// that is far enough from every one that went on. Rows of one fingerprint meet in one subtask, in the order in which
    /// their source handed them out. What is left out counts as deduplicated in the job's [`Numbers`].
    ///
    /// What was seen is state: a row that is read again after a failure is not the same as itself.
    pub fn deduplicate(self, options: Deduplication) -> Self
    where
        T: Fingerprinted,
    {
        let by_fingerprint = Edge::Hash(Arc::new(FingerprintPartitioner::<T>::new()));
        let operator = Deduplicate::<T>::new(options);
        self.shipped(&by_fingerprint)
            .operator("Deduplicate", Cloned::factory(operator))
    }

    /// The same rows: those of one fingerprint meet in one subtask of the next operator, in the order in which their source
    /// handed them out.
    #[must_use]
    pub fn partition_by_fingerprint(self) -> Self
    where
        T: Fingerprinted,
    {
        let by_fingerprint = Edge::Hash(Arc::new(FingerprintPartitioner::<T>::new()));
        self.shipped(&by_fingerprint)
    }

    /// Writes the records to `sink`.
    pub fn sink_to(self, name: &str, sink: impl Sink<T>) -> DataStreamSink {
        let node = self.declarations.declare(Declared {
            name: name.to_owned(),
            uid: None,
            parallelism: None,
            is_aside: false,
            kind: NodeKind::Sink(Arc::new(SinkFactory::new(sink))),
            inputs: self.inputs(),
        });
        DataStreamSink {
            declarations: self.declarations,
            node,
        }
    }

    /// Prints the records to standard output, one a line. Where there are several subtasks each line begins with the
    /// subtask's number, as in Flink: `2> record`.
    pub fn print(self) -> DataStreamSink
    where
        T: Display,
    {
        self.sink_to("Print to Std. Out", PrintSink::new())
    }

    /// Throws the records away, for measuring.
    pub fn discard(self) -> DataStreamSink {
        self.sink_to("Discard", DiscardSink)
    }

    /// Calls `function` for each record: for tests and side effects that may happen again after a failure.
    pub fn for_each(self, function: impl Fn(T) + Send + Sync + 'static) -> DataStreamSink {
        let call = move |_subtask, record| {
            function(record);
            Ok(())
        };
        self.sink_to("For Each", FunctionSink::new(call))
    }
}

fn add_operator<U: Record>(
    declarations: Declarations,
    name: &str,
    factory: Arc<dyn OperatorFactory>,
    inputs: Vec<(NodeId, Edge, Port)>,
) -> DataStream<U> {
    let kind = NodeKind::Operator(factory);
    let node = declarations.declare(Declared {
        name: name.to_owned(),
        uid: None,
        parallelism: None,
        is_aside: false,
        kind,
        inputs,
    });
    DataStream::new(declarations, node)
}

/// The end of a stream.
pub struct DataStreamSink {
    declarations: Declarations,
    node: NodeId,
}

impl DataStreamSink {
    /// Names the sink.
    pub fn name(self, name: &str) -> Self {
        self.declarations
            .change(self.node, |node| name.clone_into(&mut node.name));
        self
    }

    /// Gives the sink a stable id; see [`DataStream::uid`].
    pub fn uid(self, uid: &str) -> Self {
        self.declarations
            .change(self.node, |node| node.uid = Some(uid.to_owned()));
        self
    }

    /// Sets the sink's parallelism.
    pub fn set_parallelism(self, parallelism: usize) -> Self {
        self.declarations
            .change(self.node, |node| node.parallelism = Some(parallelism));
        self
    }

    /// Says that what the sink writes does not count in the job's numbers; see [`DataStream::aside`].
    pub fn aside(self) -> Self {
        self.declarations
            .change(self.node, |node| node.is_aside = true);
        self
    }
}

/// A stream whose records belong to keys.
pub struct KeyedStream<T, K, F> {
    stream: DataStream<T>,
    key: F,
    keys: PhantomData<fn() -> K>,
}

impl<T: Record, K: StateKey, F: Fn(&T) -> K + Clone + Send + Sync + 'static> KeyedStream<T, K, F> {
    /// The running sum of a field for each key: each record is handed on with the sum so far in that field.
    pub fn sum<N: StateValue + AddAssign + Default + Copy>(
        self,
        field: impl Fn(&mut T) -> &mut N + Clone + Send + 'static,
    ) -> DataStream<T> {
        let sum = Sum {
            key: self.key,
            field,
            types: PhantomData,
        };
        self.stream.operator("Sum", Cloned::factory(sum))
    }

    /// The running reduction of the records of each key: each record is handed on combined with what was
    /// handed on before.
    pub fn reduce(self, function: impl FnMut(T, T) -> T + Clone + Send + 'static) -> DataStream<T>
    where
        T: Sync,
    {
        let reduce = Reduce {
            key: self.key,
            function,
            types: PhantomData,
        };
        self.stream.operator("Reduce", Cloned::factory(reduce))
    }

    /// A function with state of its own by key. `make` makes the function of each subtask, on the
    /// thread that it lives on.
    pub fn process<U: Record, P: ProcessFunction<K, T, U>>(
        self,
        make: impl Fn() -> P + Clone + Send + 'static,
    ) -> DataStream<U> {
        let process = Process {
            key: self.key,
            make,
            types: PhantomData,
        };
        self.stream.operator("Process", Cloned::factory(process))
    }

    /// A function over the records of two streams with the same keys; see
    /// [`process`](Self::process).
    pub fn process_with<R: Record, RF, U: Record, P: CoProcessFunction<K, T, R, U>>(
        self,
        other: KeyedStream<R, K, RF>,
        make: impl Fn() -> P + Clone + Send + 'static,
    ) -> DataStream<U>
    where
        RF: Fn(&R) -> K + Clone + Send + Sync + 'static,
    {
        let mut inputs = self.stream.inputs();
        let second = other.stream.inputs().into_iter();
        inputs.extend(second.map(|(node, edge, _)| (node, edge, Port::Second)));
        let process = CoProcess {
            first_key: self.key,
            second_key: other.key,
            make,
            types: PhantomData,
        };
        add_operator(
            self.stream.declarations,
            "Co-Process",
            Cloned::factory(process),
            inputs,
        )
    }
}
