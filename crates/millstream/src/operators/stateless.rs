//! Operators that look at one record at a time.

use std::marker::PhantomData;

use millstream_core::{Numbers, Result};
use millstream_engine::operator::{Operator, OperatorContext, Port};
use millstream_engine::{Chunk, Record};

use super::OpenOperator;
use crate::function::{Collector, Outcome};

/// One record in, one out.
pub(crate) struct Map<T, U, F> {
    function: F,
    types: PhantomData<fn(T) -> U>,
}

/// One record in, any number out.
pub(crate) struct FlatMap<T, U: 'static, O, F> {
    function: F,
    types: PhantomData<fn(T) -> (U, O)>,
}

/// One record in, any number out, and a count of what became of the others.
pub(crate) struct FlatMapCounting<T, U: 'static, O, F> {
    function: F,
    numbers: Numbers,
    types: PhantomData<fn(T) -> (U, O)>,
}

/// Some records go on.
pub(crate) struct Filter<T, F> {
    function: F,
    types: PhantomData<fn(T)>,
}

impl<T, U, F> Map<T, U, F> {
    pub(crate) fn new(function: F) -> Self {
        Self {
            function,
            types: PhantomData,
        }
    }
}

impl<T, U: 'static, O, F> FlatMap<T, U, O, F> {
    pub(crate) fn new(function: F) -> Self {
        Self {
            function,
            types: PhantomData,
        }
    }
}

impl<T, U: 'static, O, F> FlatMapCounting<T, U, O, F> {
    pub(crate) fn new(function: F) -> Self {
        Self {
            function,
            numbers: Numbers::default(),
            types: PhantomData,
        }
    }
}

impl<T, F> Filter<T, F> {
    pub(crate) fn new(function: F) -> Self {
        Self {
            function,
            types: PhantomData,
        }
    }
}

impl<T, U, F: Clone> Clone for Map<T, U, F> {
    fn clone(&self) -> Self {
        Self::new(self.function.clone())
    }
}

impl<T, U: 'static, O, F: Clone> Clone for FlatMap<T, U, O, F> {
    fn clone(&self) -> Self {
        Self::new(self.function.clone())
    }
}

impl<T, U: 'static, O, F: Clone> Clone for FlatMapCounting<T, U, O, F> {
    fn clone(&self) -> Self {
        Self::new(self.function.clone())
    }
}

impl<T, F: Clone> Clone for Filter<T, F> {
    fn clone(&self) -> Self {
        Self::new(self.function.clone())
    }
}

impl<T: Record, U: Record, F: FnMut(T) -> U + 'static> OpenOperator for Map<T, U, F> {
    fn open(self, _: &OperatorContext) -> Result<Box<dyn Operator>> {
        Ok(Box::new(self))
    }
}

impl<T: Record, U: Record, F: FnMut(T) -> U + 'static> Operator for Map<T, U, F> {
    fn process(&mut self, _: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        let records = chunk.into_records::<T>()?;
        out.push(Chunk::new(
            records
                .into_iter()
                .map(&mut self.function)
                .collect::<Vec<U>>(),
        ));
        Ok(())
    }
}

impl<T, U, O, F> OpenOperator for FlatMap<T, U, O, F>
where
    T: Record,
    U: Record,
    O: Outcome + 'static,
    F: FnMut(T, &mut Collector<U>) -> O + 'static,
{
    fn open(self, _: &OperatorContext) -> Result<Box<dyn Operator>> {
        Ok(Box::new(self))
    }
}

impl<T, U, O, F> Operator for FlatMap<T, U, O, F>
where
    T: Record,
    U: Record,
    O: Outcome + 'static,
    F: FnMut(T, &mut Collector<U>) -> O + 'static,
{
    fn process(&mut self, _: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        let mut collector = Collector::new();
        for record in chunk.into_records::<T>()? {
            (self.function)(record, &mut collector).into_result()?;
        }
        collector.flush(out);
        Ok(())
    }
}

impl<T, U, O, F> OpenOperator for FlatMapCounting<T, U, O, F>
where
    T: Record,
    U: Record,
    O: Outcome + 'static,
    F: FnMut(T, &mut Collector<U>, &mut Numbers) -> O + 'static,
{
    fn open(self, _: &OperatorContext) -> Result<Box<dyn Operator>> {
        Ok(Box::new(self))
    }
}

impl<T, U, O, F> Operator for FlatMapCounting<T, U, O, F>
where
    T: Record,
    U: Record,
    O: Outcome + 'static,
    F: FnMut(T, &mut Collector<U>, &mut Numbers) -> O + 'static,
{
    fn process(&mut self, _: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        let mut collector = Collector::new();
        for record in chunk.into_records::<T>()? {
            (self.function)(record, &mut collector, &mut self.numbers).into_result()?;
        }
        collector.flush(out);
        Ok(())
    }

    fn numbers(&self) -> Option<Numbers> {
        Some(self.numbers)
    }
}

impl<T: Record, F: FnMut(&T) -> bool + 'static> OpenOperator for Filter<T, F> {
    fn open(self, _: &OperatorContext) -> Result<Box<dyn Operator>> {
        Ok(Box::new(self))
    }
}

impl<T: Record, F: FnMut(&T) -> bool + 'static> Operator for Filter<T, F> {
    fn process(&mut self, _: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        let mut records = chunk.into_records::<T>()?;
        records.retain(&mut self.function);
        if !records.is_empty() {
            out.push(Chunk::new(records));
        }
        Ok(())
    }
}
