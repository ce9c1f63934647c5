//! The columns of a stripe, and the streams that they become.

mod values;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::filter;
use arrow::datatypes::DataType;
use orc_rust::proto::column_encoding::Kind as Encoding;
use orc_rust::proto::stream::Kind;

use super::bytes::Bits;
use super::index::Group;
use super::statistics::Statistics;
use values::Values;

/// The bytes of one part of a column.
pub(super) struct Stream {
    pub(super) kind: Kind,
    /// The number of the column.
    pub(super) column: u32,
    pub(super) bytes: Vec<u8>,
}

/// What the columns of a stripe have become, in the order of their numbers.
#[derive(Default)]
pub(super) struct Finished {
    /// Those of a column stand together, in the order of the marks of its groups.
    pub(super) streams: Vec<Stream>,
    pub(super) encodings: Vec<Encoding>,
    /// Groups of rows, of each column.
    pub(super) groups: Vec<Vec<Group>>,
}

impl Finished {
    /// A column that has no streams: that of all columns, which is the first one.
    pub(super) fn of_all(groups: Vec<Group>) -> Self {
        Self {
            encodings: vec![Encoding::Direct],
            groups: vec![groups],
            ..Self::default()
        }
    }
}

/// A column of a stripe: which of its rows have a value, and the values.
pub(super) struct Column {
    /// Which rows have a value; where all do there is no such stream.
    present: Option<Bits>,
    values: Values,
    /// Rows of the stripe, with and without a value.
    rows: u64,
    /// The groups that have begun, and where each did, in rows. The last one takes rows.
    groups: Vec<(u64, Group)>,
}

impl Column {
    /// A column of a type that is [`stored`](super::types::stored).
    pub(super) fn new(data_type: &DataType) -> Self {
        Self {
            present: None,
            values: Values::new(data_type),
            rows: 0,
            groups: Vec::new(),
        }
    }

    /// A group of rows begins here, of this column and of all that it is made of. Each stripe begins with one.
    pub(super) fn begin_group(&mut self) {
        let present = self.present.as_mut().map(Bits::mark);
        let marks = present.into_iter().chain(self.values.begin_group());
        let group = Group {
            marks: marks.collect(),
            statistics: Statistics::default(),
        };
        self.groups.push((self.rows, group));
    }

    /// Appends the rows of an array.
    ///
    /// # Errors
    /// A value is none of ORC's.
    pub(super) fn push(&mut self, array: &ArrayRef) -> Result<(), String> {
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        let Some(nulls) = nulls else {
            if let Some(present) = &mut self.present {
                (0..array.len()).for_each(|_| present.push(true));
            }
            self.rows += array.len() as u64;
            return self.push_values(array);
        };
        let mut present = self.present.take();
        let bits = present.get_or_insert_with(|| self.all_present());
        nulls.iter().for_each(|valid| bits.push(valid));
        self.present = present;
        self.rows += array.len() as u64;
        if let Some((_, group)) = self.groups.last_mut() {
            group.statistics.has_null = true;
        }
        let valid = BooleanArray::new(nulls.inner().clone(), None);
        let values = filter(array, &valid).map_err(|error| error.to_string())?;
        self.push_values(&values)
    }

    /// Which rows have a value, where all have up to here; the groups up to here learn where they begin in it.
    fn all_present(&mut self) -> Bits {
        let mut bits = Bits::default();
        let mut at = 0;
        for (begin, group) in &mut self.groups {
            (at..*begin).for_each(|_| bits.push(true));
            at = *begin;
            group.marks.insert(0, bits.mark());
        }
        (at..self.rows).for_each(|_| bits.push(true));
        bits
    }

    /// Appends values without a null among them.
    fn push_values(&mut self, array: &ArrayRef) -> Result<(), String> {
        let bounds = self.values.push(array)?;
        if let Some((_, group)) = self.groups.last_mut() {
            group.statistics.values += array.len() as u64;
            group.statistics.bounds.add(bounds);
        }
        Ok(())
    }

    /// The bytes that wait for the end of the stripe.
    pub(super) fn size(&self) -> usize {
        self.present.as_ref().map_or(0, Bits::size) + self.values.size()
    }

    /// Ends the stripe; the next row begins another one.
    pub(super) fn finish(&mut self, finished: &mut Finished) {
        let column = finished.encodings.len() as u32;
        finished.encodings.push(self.values.encoding());
        let groups = std::mem::take(&mut self.groups);
        let groups = groups.into_iter().map(|(_, group)| group);
        finished.groups.push(groups.collect());
        self.rows = 0;
        let present = self.present.take();
        let present = present.map(|mut present| (Kind::Present, present.take()));
        for (kind, bytes) in present.into_iter().chain(self.values.take()) {
            finished.streams.push(Stream {
                kind,
                column,
                bytes,
            });
        }
        for part in self.values.parts() {
            part.finish(finished);
        }
    }
}
