//! Operators with state by key.

use std::marker::PhantomData;
use std::ops::AddAssign;

use millstream_core::hash::stable_hash;
use millstream_core::{EventTime, Result};
use millstream_engine::operator::{
    Operator, OperatorContext, OperatorSnapshot, Port, SnapshotRequest,
};
use millstream_engine::{Chunk, Record};
use millstream_state::{KeyedState, StateKey, StateTable, StateValue};
use millstream_storage::StateKind;

use super::OpenOperator;
use crate::function::{CoProcessFunction, Collector, KeyedContext, OpenContext, ProcessFunction};

/// Entries written during a snapshot that are folded back between two chunks: a fraction of a millisecond.
const FOLDED_AT_ONCE: usize = 4_096;

/// The state of an operator that keeps one value for each key and nothing else.
fn open_table<K: StateKey, V: StateValue>(
    name: &str,
    kind: StateKind,
    context: &OperatorContext,
) -> Result<StateTable<K, V>> {
    let mut table = StateTable::new(name, kind, context.max_parallelism, context.key_groups());
    if let Some(keyed) = context
        .restored
        .as_ref()
        .and_then(|restored| restored.keyed.as_ref())
    {
        table.restore(keyed)?;
    }
    Ok(table)
}

fn snapshot_of(state: &mut dyn KeyedState) -> OperatorSnapshot {
    OperatorSnapshot {
        states: vec![state.freeze()],
        entries: Vec::new(),
    }
}

/// A running sum of one field for each key.
pub(crate) struct Sum<T, K, N, KF, NF> {
    pub(crate) key: KF,
    pub(crate) field: NF,
    pub(crate) types: PhantomData<fn(T) -> (K, N)>,
}

impl<T, K, N, KF: Clone, NF: Clone> Clone for Sum<T, K, N, KF, NF> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            field: self.field.clone(),
            types: PhantomData,
        }
    }
}

impl<T, K, N, KF, NF> OpenOperator for Sum<T, K, N, KF, NF>
where
    T: Record,
    K: StateKey,
    N: StateValue + AddAssign + Default + Copy,
    KF: Fn(&T) -> K + 'static,
    NF: Fn(&mut T) -> &mut N + 'static,
{
    fn open(self, context: &OperatorContext) -> Result<Box<dyn Operator>> {
        let state = open_table::<K, N>("sum", StateKind::Reducing, context)?;
        Ok(Box::new(SumOperator { sum: self, state }))
    }
}

struct SumOperator<T, K, N, KF, NF> {
    sum: Sum<T, K, N, KF, NF>,
    state: StateTable<K, N>,
}

impl<T, K, N, KF, NF> Operator for SumOperator<T, K, N, KF, NF>
where
    T: Record,
    K: StateKey,
    N: StateValue + AddAssign + Default + Copy,
    KF: Fn(&T) -> K + 'static,
    NF: Fn(&mut T) -> &mut N + 'static,
{
    fn process(&mut self, _: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        let mut records = chunk.into_records::<T>()?;
        for record in &mut records {
            let key = (self.sum.key)(record);
            let field = (self.sum.field)(record);
            let added = *field;
            *field =
                self.state
                    .update_hashed(stable_hash(&key), &key, K::clone, N::default, |sum| {
                        *sum += added;
                        *sum
                    });
        }
        out.push(Chunk::new(records));
        Ok(())
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<OperatorSnapshot> {
        Ok(snapshot_of(&mut self.state))
    }

    fn maintain(&mut self) -> bool {
        KeyedState::maintain(&mut self.state, FOLDED_AT_ONCE)
    }
}

/// A running reduction of the records of each key.
pub(crate) struct Reduce<T, K, KF, F> {
    pub(crate) key: KF,
    pub(crate) function: F,
    pub(crate) types: PhantomData<fn(T) -> K>,
}

impl<T, K, KF: Clone, F: Clone> Clone for Reduce<T, K, KF, F> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            function: self.function.clone(),
            types: PhantomData,
        }
    }
}

impl<T, K, KF, F> OpenOperator for Reduce<T, K, KF, F>
where
    T: Record + Sync,
    K: StateKey,
    KF: Fn(&T) -> K + 'static,
    F: FnMut(T, T) -> T + 'static,
{
    fn open(self, context: &OperatorContext) -> Result<Box<dyn Operator>> {
        let state = open_table::<K, T>("reduce", StateKind::Reducing, context)?;
        Ok(Box::new(ReduceOperator {
            reduce: self,
            state,
        }))
    }
}

struct ReduceOperator<T, K, KF, F> {
    reduce: Reduce<T, K, KF, F>,
    state: StateTable<K, T>,
}

impl<T, K, KF, F> Operator for ReduceOperator<T, K, KF, F>
where
    T: Record + Sync,
    K: StateKey,
    KF: Fn(&T) -> K + 'static,
    F: FnMut(T, T) -> T + 'static,
{
    fn process(&mut self, _: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        let mut records = chunk.into_records::<T>()?;
        for record in &mut records {
            let key = (self.reduce.key)(record);
            let reduced = match self.state.get(&key) {
                Some(before) => (self.reduce.function)(before.clone(), record.clone()),
                None => record.clone(),
            };
            self.state.insert(key, reduced.clone());
            *record = reduced;
        }
        out.push(Chunk::new(records));
        Ok(())
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<OperatorSnapshot> {
        Ok(snapshot_of(&mut self.state))
    }

    fn maintain(&mut self) -> bool {
        KeyedState::maintain(&mut self.state, FOLDED_AT_ONCE)
    }
}

/// A function of the author's, with state by name. Each subtask makes its own.
pub(crate) struct Process<T, K, U, KF, M> {
    pub(crate) key: KF,
    pub(crate) make: M,
    pub(crate) types: PhantomData<fn(T) -> (K, U)>,
}

impl<T, K, U, KF: Clone, M: Clone> Clone for Process<T, K, U, KF, M> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            make: self.make.clone(),
            types: PhantomData,
        }
    }
}

impl<T, K, U, KF, M, P> OpenOperator for Process<T, K, U, KF, M>
where
    T: Record,
    K: StateKey,
    U: Record,
    KF: Fn(&T) -> K + 'static,
    M: Fn() -> P + 'static,
    P: ProcessFunction<K, T, U>,
{
    fn open(self, context: &OperatorContext) -> Result<Box<dyn Operator>> {
        let mut states = KeyedContext::new(context);
        let mut function = (self.make)();
        function.open(&mut OpenContext {
            states: &mut states,
            operator: context,
        })?;
        Ok(Box::new(ProcessOperator {
            key: self.key,
            function,
            states,
            types: PhantomData,
        }))
    }
}

struct ProcessOperator<T, K, U, KF, P> {
    key: KF,
    function: P,
    states: KeyedContext<K>,
    types: PhantomData<fn(T) -> U>,
}

impl<T, K, U, KF, P> Operator for ProcessOperator<T, K, U, KF, P>
where
    T: Record,
    K: StateKey,
    U: Record,
    KF: Fn(&T) -> K + 'static,
    P: ProcessFunction<K, T, U>,
{
    fn process(&mut self, _: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        let mut collector = Collector::new();
        for record in chunk.into_records::<T>()? {
            let key = (self.key)(&record);
            self.states.key.set(key.clone());
            self.function.process(record, &key, &mut collector)?;
        }
        self.states.key.clear();
        collector.flush(out);
        Ok(())
    }

    fn advance_to(&mut self, time: EventTime, budget: usize, out: &mut Vec<Chunk>) -> Result<bool> {
        let mut collector = Collector::new();
        let function = &mut self.function;
        let is_left = self.states.fire_due(time, budget, |at, key| {
            function.timer(at, key, &mut collector)
        })?;
        if !is_left {
            function.watermark(time, &mut collector)?;
        }
        collector.flush(out);
        Ok(is_left)
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot {
            states: self.states.registry.freeze(),
            entries: Vec::new(),
        })
    }

    fn maintain(&mut self) -> bool {
        self.states.registry.maintain(FOLDED_AT_ONCE)
    }
}

/// The record types of a function over two streams: taken and handed out, not held.
type Functions<L, R, K, U> = fn(L, R) -> (K, U);

/// A function of the author's over two streams, with state by name. Each subtask makes its own.
pub(crate) struct CoProcess<L, R, K, U, LF, RF, M> {
    pub(crate) first_key: LF,
    pub(crate) second_key: RF,
    pub(crate) make: M,
    pub(crate) types: PhantomData<Functions<L, R, K, U>>,
}

impl<L, R, K, U, LF: Clone, RF: Clone, M: Clone> Clone for CoProcess<L, R, K, U, LF, RF, M> {
    fn clone(&self) -> Self {
        Self {
            first_key: self.first_key.clone(),
            second_key: self.second_key.clone(),
            make: self.make.clone(),
            types: PhantomData,
        }
    }
}

impl<L, R, K, U, LF, RF, M, P> OpenOperator for CoProcess<L, R, K, U, LF, RF, M>
where
    L: Record,
    R: Record,
    K: StateKey,
    U: Record,
    LF: Fn(&L) -> K + 'static,
    RF: Fn(&R) -> K + 'static,
    M: Fn() -> P + 'static,
    P: CoProcessFunction<K, L, R, U>,
{
    fn open(self, context: &OperatorContext) -> Result<Box<dyn Operator>> {
        let mut states = KeyedContext::new(context);
        let mut function = (self.make)();
        function.open(&mut OpenContext {
            states: &mut states,
            operator: context,
        })?;
        let keys = (self.first_key, self.second_key);
        Ok(Box::new(CoProcessOperator {
            keys,
            function,
            states,
            types: PhantomData,
        }))
    }
}

struct CoProcessOperator<L, R, K, U, LF, RF, P> {
    keys: (LF, RF),
    function: P,
    states: KeyedContext<K>,
    types: PhantomData<fn(L, R) -> U>,
}

impl<L, R, K, U, LF, RF, P> Operator for CoProcessOperator<L, R, K, U, LF, RF, P>
where
    L: Record,
    R: Record,
    K: StateKey,
    U: Record,
    LF: Fn(&L) -> K + 'static,
    RF: Fn(&R) -> K + 'static,
    P: CoProcessFunction<K, L, R, U>,
{
    fn process(&mut self, port: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        let mut collector = Collector::new();
        match port {
            Port::First => {
                for record in chunk.into_records::<L>()? {
                    let key = (self.keys.0)(&record);
                    self.states.key.set(key.clone());
                    self.function.process_first(record, &key, &mut collector)?;
                }
            }
            Port::Second => {
                for record in chunk.into_records::<R>()? {
                    let key = (self.keys.1)(&record);
                    self.states.key.set(key.clone());
                    self.function.process_second(record, &key, &mut collector)?;
                }
            }
        }
        self.states.key.clear();
        collector.flush(out);
        Ok(())
    }

    fn advance_to(&mut self, time: EventTime, budget: usize, out: &mut Vec<Chunk>) -> Result<bool> {
        let mut collector = Collector::new();
        let function = &mut self.function;
        let is_left = self.states.fire_due(time, budget, |at, key| {
            function.timer(at, key, &mut collector)
        })?;
        collector.flush(out);
        Ok(is_left)
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<OperatorSnapshot> {
        Ok(OperatorSnapshot {
            states: self.states.registry.freeze(),
            entries: Vec::new(),
        })
    }

    fn maintain(&mut self) -> bool {
        self.states.registry.maintain(FOLDED_AT_ONCE)
    }
}
