//! Columns of text.

use arrow::array::{ArrayRef, AsArray, OffsetSizeTrait, StringArrayType};

use super::super::escape::{append_csv_text, append_json_text, needs_escape};
use super::super::short;
use super::{Cell, Style};

/// Text of any layout.
pub(super) struct Text<S> {
    pub(super) array: S,
    pub(super) style: Style,
}

/// JSON text of which no value holds a byte that has to be escaped.
struct Plain<'a, O> {
    offsets: &'a [O],
    data: &'a [u8],
}

/// Text whose values lie behind one another.
pub(super) fn offset_text<'a, O: OffsetSizeTrait>(
    array: &'a ArrayRef,
    style: Style,
) -> Box<dyn Cell + 'a> {
    let array = array.as_string::<O>();
    let (offsets, data) = (array.value_offsets(), array.value_data());
    let end = |offset: Option<&O>| offset.map_or(0, |offset| offset.as_usize());
    let bytes = data.get(end(offsets.first())..end(offsets.last()));
    // One look at the whole column instead of one at each value.
    if style == Style::Json && !needs_escape(bytes.unwrap_or_default()) {
        return Box::new(Plain { offsets, data });
    }
    Box::new(Text { array, style })
}

impl<'a, S: StringArrayType<'a>> Cell for Text<S> {
    #[inline]
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        let value = self.array.value(row).as_bytes();
        match self.style {
            Style::Csv => append_csv_text(value, out),
            Style::Json => append_json_text(value, out),
        }
    }
}

impl<O: OffsetSizeTrait> Cell for Plain<'_, O> {
    #[inline]
    fn append(&mut self, row: usize, out: &mut Vec<u8>) {
        let offset = |index: usize| {
            self.offsets
                .get(index)
                .map_or(0, |offset| offset.as_usize())
        };
        short::append_quoted(self.data, offset(row), offset(row + 1), out);
    }
}
