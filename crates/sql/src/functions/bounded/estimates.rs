//! What the functions make, before they do.

use super::values::Values;
use crate::functions::room;

/// How a function is kept within its [room] before it makes anything.
#[derive(Clone, Copy)]
pub(super) enum Bound {
    /// It makes so many bytes: its arguments say how large the result is.
    Makes(fn(&Values) -> u64),
    /// It puts arguments together: its result is as large as those of this sort.
    Joins(fn(&Values) -> u64),
}

/// The bound of the function of that name, for those whose result may be many times what they are given.
pub(super) fn bound(name: &str) -> Option<Bound> {
    BOUNDS
        .iter()
        .find(|(names, _)| names.contains(&name))
        .map(|(_, bound)| *bound)
}

const BOUNDS: &[(&[&str], Bound)] = &[
    (&["repeat"], Bound::Makes(repeat)),
    (&["lpad", "rpad"], Bound::Makes(pad)),
    (&["replace"], Bound::Makes(replace)),
    (&["regexp_replace"], Bound::Makes(regexp_replace)),
    (&["regexp_match"], Bound::Makes(regexp_match)),
    (
        &["regexp_count", "regexp_instr", "regexp_like"],
        Bound::Makes(patterns),
    ),
    (&["array_repeat"], Bound::Makes(array_repeat)),
    (&["array_resize"], Bound::Makes(array_resize)),
    (&["array_to_string"], Bound::Makes(array_to_string)),
    (
        &["array_replace", "array_replace_n", "array_replace_all"],
        Bound::Makes(array_replace),
    ),
    (&["arraySplit", "string_to_array"], Bound::Makes(split)),
    (&["date_format", "to_char"], Bound::Makes(format_time)),
    (&["range", "generate_series"], Bound::Makes(series)),
    (&["concat_ws"], Bound::Joins(concat_ws)),
    (&["arrays_zip"], Bound::Joins(zip)),
    (
        &[
            "array_append",
            "array_concat",
            "array_except",
            "array_intersect",
            "array_prepend",
            "array_union",
            "concat",
            "joined",
            "make_array",
            "map",
            "named_struct",
            "overlay",
            "struct",
        ],
        Bound::Joins(all),
    ),
];

/// The longest character, in bytes.
const CHARACTER: u64 = 4;
/// What an element of an array takes at least, in bytes.
const ELEMENT: u64 = 16;

fn all(values: &Values) -> u64 {
    (0..values.count_of_arguments()).fold(0, |sum, argument| {
        sum.saturating_add(values.total(argument))
    })
}

/// The separator stands between all arguments, and between the items of arrays.
fn concat_ws(values: &Values) -> u64 {
    let gaps = values.count_of_arguments().saturating_sub(2) as u64;
    let arrays = (1..values.count_of_arguments()).filter(|argument| values.is_array(*argument));
    let between_items = arrays.fold(0_u64, |sum, array| {
        let separators = values.over_rows(|row| {
            let items = values.elements(array, row);
            values.length(0, row).saturating_mul(items)
        });
        sum.saturating_add(separators)
    });
    values
        .total(0)
        .saturating_mul(gaps)
        .saturating_add(between_items)
        .saturating_add(all(values))
}

/// Shorter arrays are filled with nulls.
fn zip(values: &Values) -> u64 {
    let arrays = values.count_of_arguments();
    let widths = (0..arrays).fold(0_u64, |sum, array| {
        sum.saturating_add(values.null_element(array))
    });
    let filled = values.over_rows(|row| {
        let longest = (0..arrays).map(|array| values.elements(array, row)).max();
        longest.unwrap_or(0).saturating_mul(widths)
    });
    filled.saturating_add(all(values))
}

fn repeat(values: &Values) -> u64 {
    values.over_rows(|row| values.length(0, row).saturating_mul(values.count(1, row)))
}

fn pad(values: &Values) -> u64 {
    values.over_rows(|row| values.count(1, row).saturating_mul(CHARACTER))
}

fn replace(values: &Values) -> u64 {
    values.over_rows(|row| {
        let (text, from) = (values.length(0, row), values.length(1, row));
        let most = text / from.max(1) + 1;
        most.saturating_mul(values.length(2, row))
            .saturating_add(text)
    })
}

fn regexp_replace(values: &Values) -> u64 {
    let everywhere = values.count_of_arguments() > 3;
    let made = values.over_rows(|row| {
        let (text, by) = (values.length(0, row), values.length(2, row));
        // Each reference to a group adds the whole text at most, over all matches.
        let references = values.text(2, row, |by| by.matches(['\\', '$']).count() as u64);
        let most = if everywhere { text + 1 } else { 1 };
        most.saturating_mul(by)
            .saturating_add(text.saturating_mul(references + 1))
    });
    made.saturating_add(patterns(values))
}

/// Each group of the pattern may hold the whole text.
fn regexp_match(values: &Values) -> u64 {
    let made = values.over_rows(|row| {
        let groups = values.text(1, row, |pattern| pattern.matches('(').count() as u64);
        values.length(0, row).saturating_mul(groups + 1)
    });
    made.saturating_add(patterns(values))
}

/// What patterns take that are compiled for all rows at once: those that are no constants.
fn patterns(values: &Values) -> u64 {
    if values.is_constant(1) {
        return 0;
    }
    let each = values.different(1).into_iter().map(compiled);
    each.fold(0, u64::saturating_add)
}

/// What a compiled pattern takes at most. The library gives up at ten megabytes.
fn compiled(pattern: &str) -> u64 {
    const MOST: u64 = 12 << 20;
    let each = if pattern.contains('{') {
        return MOST;
    } else if pattern.contains(['\\', '[', '.']) || pattern.contains("(?") {
        // A class has all of Unicode in it.
        64 << 10
    } else {
        512
    };
    (each * (pattern.len() as u64 + 4)).min(MOST)
}

fn array_repeat(values: &Values) -> u64 {
    values.over_rows(|row| {
        values
            .size(0, row)
            .max(ELEMENT)
            .saturating_mul(values.count(1, row))
    })
}

fn array_resize(values: &Values) -> u64 {
    values.over_rows(|row| {
        let element = values.size(2, row).max(values.null_element(0)).max(ELEMENT);
        element.saturating_mul(values.count(1, row))
    })
}

/// The delimiter stands between all elements, also between those of lists within the list.
fn array_to_string(values: &Values) -> u64 {
    let between = values.over_rows(|row| {
        let between = values.length(1, row).max(values.length(2, row));
        values
            .leaves(0, row)
            .saturating_mul(between.saturating_add(1))
    });
    between.saturating_add(values.total(0))
}

fn array_replace(values: &Values) -> u64 {
    let put = values.over_rows(|row| values.size(2, row).saturating_mul(values.elements(0, row)));
    put.saturating_add(values.total(0))
}

/// The pieces of a text, counted only where a piece for each separator that has room would be too many.
fn split(values: &Values) -> u64 {
    let pieces = |row, count: bool| {
        let text = values.length(0, row);
        let pieces = match (values.count_of_arguments(), values.length(1, row)) {
            (1, _) if count => values.text(0, row, |text| text.matches(',').count() as u64) + 1,
            (1, _) => text + 1,
            (_, 0) => text,
            (_, separator) if !count => text / separator + 1,
            _ => values.text(0, row, |text| {
                values.text(1, row, |separator| {
                    text.matches(separator).count() as u64 + 1
                })
            }),
        };
        pieces.saturating_mul(ELEMENT).saturating_add(text)
    };
    let most = values.over_rows(|row| pieces(row, false));
    if most <= room::ROOM / 4 {
        return most;
    }
    values.over_rows(|row| pieces(row, true))
}

/// A letter of a pattern may stand for the name of a month, and two for a whole date.
fn format_time(values: &Values) -> u64 {
    values.total(1).saturating_mul(16)
}

/// `range` and `generate_series` of whole numbers and days: from, to and step, or the end alone.
fn series(values: &Values) -> u64 {
    values.over_rows(|row| {
        let (from, to) = match values.count_of_arguments() {
            1 => (0, values.integer(0, row)),
            _ => (values.integer(0, row), values.integer(1, row)),
        };
        let step = values.step(2, row);
        if (step > 0 && to < from) || (step < 0 && to > from) {
            return 0;
        }
        let elements = to.abs_diff(from) / step.unsigned_abs().max(1) + 1;
        elements.saturating_mul(ELEMENT)
    })
}

/// The names of all functions that have a bound.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    BOUNDS.iter().flat_map(|(names, _)| names.iter().copied())
}
