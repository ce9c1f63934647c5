//! Program arguments in one text, as `programArgs` gives them: split as Flink splits them.

/// Splits `text` at white space. A part in single or double quotes is one argument without its quotes; the other kind
/// of quote may stand in it. Quotes that begin inside of a word are part of the word, as is a quote that does not end.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (argument, after) = next_argument(rest);
        arguments.push(argument.to_owned());
        rest = after.trim_start();
    }
    arguments
}

fn next_argument(text: &str) -> (&str, &str) {
    let quote = text
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''));
    let quoted = quote.and_then(|quote| {
        let inner = text.strip_prefix(quote)?;
        inner.split_once(quote)
    });
    quoted.unwrap_or_else(|| {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        text.split_at(end)
    })
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn arguments_split_at_spaces_and_quotes_hold_them_together() {
        assert_eq!(
            split("--job.name test  --stream.sql 'select * from t1' --x \"it's\" ''"),
            [
                "--job.name",
                "test",
                "--stream.sql",
                "select * from t1",
                "--x",
                "it's",
                ""
            ]
        );
    }

    #[test]
    fn a_quote_inside_of_a_word_or_without_an_end_is_part_of_it() {
        assert_eq!(split("struct<a:'x'> 'open"), ["struct<a:'x'>", "'open"]);
        assert_eq!(split("  "), Vec::<String>::new());
    }
}
