//! The words of a query. Pure.

/// The words of a query in small letters, and each other sign that is no blank, without comments; and where the first semicolon is. Of a
/// text the first quote stands for all, and a name has one before it, so that it is no word of SQL.
pub(super) fn words(text: &str) -> (Vec<String>, Option<usize>) {
    let (mut words, mut end) = (Vec::new(), None);
    let mut word = String::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, sign)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next);
        if sign.is_alphanumeric() || sign == '_' {
            word.extend(sign.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        let mut signs = rest.by_ref().map(|(_, sign)| sign);
        match (sign, next) {
            ('\'' | '"', _) => {
                words.push(sign.to_string());
                pass_text(&mut signs, sign);
            }
            ('`', _) => {
                let name = signs.take_while(|sign| *sign != '`');
                let name = name.flat_map(char::to_lowercase);
                words.push(std::iter::once('`').chain(name).collect());
            }
            ('-', Some('-')) => while signs.next().is_some_and(|sign| sign != '\n') {},
            ('/', Some('*')) => pass_comment(&mut signs),
            _ if sign.is_whitespace() => {}
            _ => {
                words.push(sign.to_string());
                if sign == ';' {
                    end = end.or(Some(at));
                }
            }
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    (words, end)
}

fn pass_text(rest: &mut impl Iterator<Item = char>, quote: char) {
    while let Some(sign) = rest.next() {
        if sign == quote {
            return;
        }
        if sign == '\\' {
            rest.next();
        }
    }
}

fn pass_comment(rest: &mut impl Iterator<Item = char>) {
    let mut before = ' ';
    for sign in rest {
        if before == '*' && sign == '/' {
            return;
        }
        before = sign;
    }
}

/// The words that stand in no parentheses, and their places.
pub(super) fn top(words: &[String]) -> impl Iterator<Item = (usize, &str)> {
    let mut depth = 0_usize;
    let words = words.iter().map(String::as_str).enumerate();
    words.filter(move |(_, word)| {
        match *word {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}
