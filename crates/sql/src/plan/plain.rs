//! What the planner says, in plain words.

use millstream_core::type_names::in_words;

/// What went wrong, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) message: String,
    pub(super) next: String,
}

fn plain(message: String, next: &str) -> Plain {
    Plain {
        message,
        next: next.to_owned(),
    }
}

const CONVERT: &str = "convert one of them with CAST(… AS …)";
const COMPARE: &str = "write a comparison, such as id <> 0";
const MEND: &str = "mend the expression";

/// The planner's message in plain words.
pub(super) fn said(message: &str) -> Plain {
    let message = in_words(message);
    let known = of_decimals(&message)
        .or_else(|| of_days(&message))
        .or_else(|| of_call(&message))
        .or_else(|| of_operator(&message))
        .or_else(|| of_value(&message))
        .or_else(|| of_syntax(&message))
        .or_else(|| of_vain(&message));
    known.unwrap_or_else(|| plain(message, MEND))
}

/// What stands in `text` between `before` and `after`.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    let (inside, _) = rest.split_once(after)?;
    Some(inside)
}

/// Decimals where they are not exact.
fn of_decimals(message: &str) -> Option<Plain> {
    let next = if message.ends_with("and stands beside a decimal") {
        "write a number, or convert the other side with CAST(… AS string)"
    } else if message.ends_with("and a text is no decimal") {
        "cast one of them, for example cast(name as decimal(10,2))"
    } else if message.ends_with("and no Double is that number") {
        "cast the Double, for example cast(price as decimal(20,2)), or the number itself by cast(… as double) where less is enough"
    } else if message.ends_with("no type holds the values of both") {
        "cast one of them, for example cast(price as double)"
    } else if message.ends_with("does not give the exact number of decimals") {
        "make Doubles of them where that is enough: array_transform(a, x -> cast(x as double))"
    } else {
        return None;
    };
    Some(plain(message.to_owned(), next))
}

/// A day beside a whole number or a text.
fn of_days(message: &str) -> Option<Plain> {
    let next = if message.ends_with("a day is no number") {
        "write date '2024-02-29', or read the digits of a column by to_date(cast(n as string), 'yyyyMMdd')"
    } else if message.ends_with("a text may hold more than a day") {
        "cast one of them: cast(name as date), cast(name as timestamp) or cast(day as string)"
    } else {
        return None;
    };
    Some(plain(message.to_owned(), next))
}

/// A function with arguments that it does not take.
fn of_call(message: &str) -> Option<Plain> {
    if let Some(name) = message.strip_suffix(" params but UDF support only 1") {
        let count = name.rsplit(' ').next()?;
        let message = format!("the lambda has {count} parameters, and the function gives it 1");
        return Some(plain(message, "write it like x -> upper(x)"));
    }
    if let Some((name, got)) = message.split_once(" expected a list as first argument, got ") {
        let message = format!("`{name}` takes an array first, and no {got}");
        return Some(plain(message, "make an array of a text with arraySplit"));
    }
    if let Some((name, rest)) = message
        .strip_prefix("Failed to coerce arguments to satisfy a call to '")
        .and_then(|rest| rest.split_once("' function: coercion from "))
        && let Some((types, _)) = rest.split_once(" to the signature ")
    {
        return Some(not_taken(name, types));
    }
    let call = between(message, "name and argument types '", "'")?;
    let (name, types) = call.split_once('(')?;
    let types = types.strip_suffix(')').unwrap_or(types);
    match name {
        "array_element" => {
            let message = format!("brackets take an element out of an array, and not of ({types})");
            return Some(plain(message, "make an array of a text with arraySplit"));
        }
        "make_array" => {
            let message = format!("the elements of an array are of one type, and not ({types})");
            return Some(plain(message, CONVERT));
        }
        _ => {}
    }
    let given = count(types);
    let head = message
        .split(" No function matches")
        .next()
        .unwrap_or_default();
    // What a function of ours says says more than that it does not match.
    let own = head.rsplit("error: ").next().unwrap_or_default();
    let own = own.trim_end_matches('.');
    if own.starts_with(&format!("{name} ")) && own.contains(" takes ") {
        return Some(plain(own.to_owned(), "mend the arguments"));
    }
    let wanted = between(head, " expects ", " arguments but received")
        .filter(|_| !head.contains("any signature"))
        .and_then(|wanted| wanted.parse::<usize>().ok());
    if let Some(wanted) = wanted.filter(|wanted| *wanted != given) {
        let wanted = millstream_core::counted(wanted, "argument");
        let message = format!("`{name}` takes {wanted}, and is given {given}");
        return Some(plain(message, "give it as many"));
    }
    if given == 0 {
        let message = format!("`{name}` takes arguments, and is given none");
        return Some(plain(
            message,
            "write what it is to be done with in its parentheses",
        ));
    }
    Some(not_taken(name, types))
}

/// A function with arguments of types that it does not take.
fn not_taken(name: &str, types: &str) -> Plain {
    plain(
        format!("`{name}` can't be called with ({types})"),
        "convert the arguments with CAST(… AS …), or give others: the guide's page on SQL says what functions take",
    )
}

/// How many types a list has, commas in parentheses left aside.
fn count(types: &str) -> usize {
    if types.trim().is_empty() {
        return 0;
    }
    let mut open = 0_usize;
    let mut count = 1;
    for sign in types.chars() {
        match sign {
            '(' => open += 1,
            ')' => open = open.saturating_sub(1),
            ',' if open == 0 => count += 1,
            _ => {}
        }
    }
    count
}

/// An operator, a condition or CASE over values that do not go together.
fn of_operator(message: &str) -> Option<Plain> {
    if let Some(rest) = between(
        message,
        "Cannot coerce arithmetic expression ",
        " to valid types",
    ) {
        let message = format!("there is no {rest}");
        let next = match rest.contains("String +") || rest.contains("+ String") {
            true => "join texts by || or concat, or convert with CAST(… AS …)",
            false => CONVERT,
        };
        return Some(plain(message, next));
    }
    let of_time = "Cannot get result type for temporal operation ";
    if let Some(rest) = between(message, of_time, ": ") {
        return Some(plain(
            format!("there is no {rest}"),
            "write the interval itself, as in interval '2' day",
        ));
    }
    let compared = "Cannot infer common argument type for comparison operation ";
    if let Some(rest) = message.strip_prefix(compared) {
        let message = format!("there is no comparison {rest}");
        return Some(plain(message, CONVERT));
    }
    if let Some(types) = between(message, "Nested comparison: ", " (hint: ") {
        let message = format!("there is no comparison {types} of items of arrays");
        return Some(plain(
            message,
            "compare what they hold, for example by array_transform(a, x -> x['id'])",
        ));
    }
    if let Some(types) = between(message, "a common type to coerce ", " in ") {
        let message = format!("LIKE compares texts, and not {types}");
        return Some(plain(
            message,
            "convert what is no text with CAST(… AS string)",
        ));
    }
    if let Some((_, got)) = message.split_once(" requires a boolean expression, got ") {
        let message = format!("NOT takes a condition, and no {got}");
        return Some(plain(message, COMPARE));
    }
    if let Some((_, got)) = message.split_once("non-boolean predicate") {
        let got = got.rsplit("returning ").next().unwrap_or(got);
        let message = format!("WHERE takes a condition, and no {got}");
        return Some(plain(message, COMPARE));
    }
    let joined = "Cannot infer common argument type for logical boolean operation ";
    if let Some(rest) = message.strip_prefix(joined) {
        return Some(plain(format!("there is no {rest}"), COMPARE));
    }
    if message.starts_with("CASE and if take a condition") {
        return Some(plain(message.to_owned(), COMPARE));
    }
    if message.contains("CASE WHEN expression") && message.contains("to common types") {
        let types = between(message, "then (", " to common types");
        let types = types.unwrap_or_default().replace(") and else (", " and ");
        // A null is of any type, and nobody need have written it.
        let types = types.trim_start_matches("Null, ").trim_end_matches(')');
        let message = format!("the values of CASE have no common type: {types}");
        return Some(plain(message, CONVERT));
    }
    None
}

/// A value that is not what it is taken for.
fn of_value(message: &str) -> Option<Plain> {
    if let Some((value, rest)) = message
        .strip_prefix("Cannot cast string ")
        .and_then(|rest| rest.split_once(" to value of "))
    {
        let wanted = rest.strip_suffix(" type").unwrap_or(rest);
        return Some(plain(
            format!("{value} is no {wanted}"),
            "write such a value, or convert the other side with CAST(… AS string)",
        ));
    }
    if let Some((value, wanted)) = message
        .strip_prefix("Can't cast value ")
        .and_then(|rest| rest.split_once(" to type "))
    {
        let message = format!("{value} is too large or too small for {wanted}");
        return Some(plain(
            message,
            "write another number, or take a larger type",
        ));
    }
    if let Some((function, value)) = message
        .strip_prefix("Unsupported ")
        .and_then(|rest| rest.split_once(" granularity: "))
    {
        let (value, known) = value.split_once(". Supported values are: ")?;
        let message = format!("{value} is no unit of {function}, which are {known}");
        return Some(plain(message, "write one of them"));
    }
    if let Some(value) = between(message, "Error parsing timestamp from '", "'") {
        let message = format!("'{value}' is no time");
        return Some(plain(
            message,
            "write it like timestamp '2024-02-29 12:00:00'",
        ));
    }
    if message.ends_with("can't be exact beside a decimal here") {
        return Some(plain(
            message.to_owned(),
            "write it like cast('0.5' as decimal(38,1)), with at most 38 digits, or take all of it for Doubles by cast(… as double)",
        ));
    }
    if let Some(value) = message.strip_prefix("Invalid input syntax for type interval: ") {
        let message = format!("{} is no interval", value.replace('"', "'"));
        return Some(plain(message, "write it like interval '1' day"));
    }
    if message.starts_with(WRONG_PATTERN) {
        return Some(plain(
            message.to_owned(),
            "mend it; a sign that means itself has \\ before it",
        ));
    }
    None
}

const WRONG_PATTERN: &str = "the regular expression is ";

/// What an error says of a regular expression that is none, if it does.
pub(super) fn of_pattern(message: &str) -> Option<String> {
    if message.contains("CompiledTooBig(") || message.contains("Compiled regex exceeds size limit")
    {
        return Some(format!("{WRONG_PATTERN}too large"));
    }
    let Some((_, rest)) = message.split_once("regex parse error:") else {
        // Some functions say of it no more than what it is.
        let (_, pattern) = message.split_once("Regular expression did not compile: ")?;
        return Some(format!("{WRONG_PATTERN}wrong: `{pattern}`"));
    };
    let (_, why) = rest.rsplit_once("error: ")?;
    let why = why.split(" ~").next().unwrap_or(why);
    let why = why.trim_end_matches([')', '.', ' ']);
    Some(format!("{WRONG_PATTERN}wrong: {why}"))
}

/// Forms that stand for something else.
fn of_syntax(message: &str) -> Option<Plain> {
    if message.starts_with("Substring without for/from") {
        return Some(plain(
            "`substr` and `substring` take a text, a place and, if it is to end somewhere, a length".to_owned(),
            "write it like substr(name, 1, 3)",
        ));
    }
    if let Some((_, got)) = message.split_once("Cannot access field at argument 1: type ") {
        let got = got.split(" is not ").next().unwrap_or(got);
        return Some(plain(
            format!("a text in brackets takes a field out of a struct or a map, and this is {got}"),
            "write the number of an element, counted from 1",
        ));
    }
    None
}

/// What is in vain for every record, by the end of what is said of it, and what to do.
const IN_VAIN: &[(&str, &str)] = &[
    (
        "no array has an element 0",
        "write [1] for the first element, and [-1] for the last",
    ),
    (
        "nothing stands before the first element",
        "let it begin at 1, or leave it out",
    ),
    (
        "has no group of this number",
        "count its parentheses from 1, as in regexp_extract(name, '([a-z]+)-([0-9]+)', 2), where 0 is the whole match",
    ),
    (
        "that an empty separator leaves whole",
        "take characters by substr(name, 2, 1), or all of them by arraySplit(name, '')",
    ),
    (
        "takes a pattern beside a text, and none beside a number",
        "leave the pattern out, or have it read the digits by CAST(… AS string)",
    ),
    (
        "WHERE is null for every record, and keeps none",
        "look for null by IS NULL and IS NOT NULL; whatever is compared with it is null",
    ),
];

fn of_vain(message: &str) -> Option<Plain> {
    let known = IN_VAIN.iter().find(|(end, _)| message.ends_with(*end));
    known.map(|(_, next)| plain(message.to_owned(), next))
}
