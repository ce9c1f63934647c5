//! Patterns of times as text: those of Java (Flink, Hive, Spark) and of PostgreSQL and Oracle.
//!
//! Each is read into the same items. What a dialect has and is not offered is refused, and so is what looks like
//! another dialect: `YYYY` in Java is the year of the week, `mm` in PostgreSQL the month.

mod dialect;
mod java;
mod postgres;
#[cfg(test)]
mod tests;
mod write;

pub(super) use self::dialect::Dialect;
pub(crate) use self::dialect::is_strftime;
pub(super) use self::java::java;
pub(super) use self::postgres::postgres;
pub(super) use self::write::append;

/// A part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Text(String),
    /// With so many digits at least.
    Number(Number, usize),
    /// With so many digits at least, and a sign before one with more where there is to be a `plus`.
    Year {
        of: Years,
        digits: usize,
        plus: bool,
    },
    /// The last two digits of the year, without a 0 before one of them where it may have 1 digit.
    ShortYear {
        of: Years,
        digits: usize,
    },
    /// So many digits of the fraction of the second.
    Fraction(usize),
    /// Whether it is morning or afternoon: upper case, with points.
    Half {
        upper: bool,
        points: bool,
    },
    /// The name of the month or of the day of the week.
    Name {
        of: Named,
        short: bool,
        case: Case,
        width: usize,
    },
    /// Where a section begins or ends that is written if its parts are there. Those of the times here always are.
    Section(Edge),
}

impl Item {
    /// Whether it names no part of a time.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Section(_))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Quarter,
    Month,
    /// Each of seven days, the first of which begins with the year.
    Week,
    /// Each of seven days, the first of which begins with the month.
    WeekOfMonth,
    /// By ISO 8601.
    IsoWeek,
    Day,
    DayOfYear,
    /// 1 to 12.
    ShortHour,
    Hour,
    Minute,
    Second,
    SecondOfDay,
    /// Sunday is 1.
    DayOfWeek,
    /// Monday is 1.
    IsoDayOfWeek,
}

/// How years are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Years {
    /// From 1 on in both directions: what lies before the year 1 is 1 again, of the era before.
    OfEra,
    /// With a year 0, and others below it.
    Proleptic,
    /// Those to which the weeks of ISO 8601 belong, of their era.
    OfWeeks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Month,
    DayOfWeek,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Title,
    Lower,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Begin,
    End,
}

fn push_text(items: &mut Vec<Item>, text: &str) {
    if let Some(Item::Text(before)) = items.last_mut() {
        before.push_str(text);
    } else {
        items.push(Item::Text(text.to_owned()));
    }
}

/// The pattern of strftime that means the same; `None` where it has none.
pub(super) fn strftime(items: &[Item]) -> Option<String> {
    let mut pattern = String::new();
    for item in items {
        match item {
            Item::Text(text) => pattern.push_str(&text.replace('%', "%%")),
            Item::Number(number, digits) => {
                let (letter, usual) = letter_of(*number)?;
                pattern.push_str(if *digits == usual { "%" } else { "%-" });
                pattern.push(letter);
            }
            Item::Year { of, digits, .. } => {
                pattern.push_str(if *digits == 4 { "%" } else { "%-" });
                pattern.push(if *of == Years::OfWeeks { 'G' } else { 'Y' });
            }
            Item::ShortYear { digits, .. } => {
                pattern.push_str(if *digits == 2 { "%y" } else { "%-y" });
            }
            Item::Fraction(digits @ (3 | 6 | 9)) => pattern.push_str(&format!("%{digits}f")),
            Item::Fraction(_) | Item::Section(_) => return None,
            Item::Half { upper, .. } => pattern.push_str(if *upper { "%p" } else { "%P" }),
            Item::Name { of, short, .. } => pattern.push_str(match (of, short) {
                (Named::Month, true) => "%b",
                (Named::Month, false) => "%B",
                (Named::DayOfWeek, true) => "%a",
                (Named::DayOfWeek, false) => "%A",
            }),
        }
    }
    Some(pattern)
}

/// The letter of strftime for a number, and how many digits that writes.
fn letter_of(number: Number) -> Option<(char, usize)> {
    Some(match number {
        Number::Month => ('m', 2),
        Number::IsoWeek => ('V', 2),
        Number::Day => ('d', 2),
        Number::DayOfYear => ('j', 3),
        Number::ShortHour => ('I', 2),
        Number::Hour => ('H', 2),
        Number::Minute => ('M', 2),
        Number::Second => ('S', 2),
        Number::IsoDayOfWeek => ('u', 1),
        Number::Quarter
        | Number::Week
        | Number::WeekOfMonth
        | Number::SecondOfDay
        | Number::DayOfWeek => return None,
    })
}

/// Of how many sections that may be left out all forms are told.
const MANY: usize = 4;

/// What a pattern is without those of its sections that are left out.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) items: Vec<Item>,
    /// The pattern of Java's without the brackets.
    pub(super) text: String,
}

/// What a pattern of Java's with these items is with all of its sections, and with fewer and fewer of them; nothing where it
/// has too many.
pub(super) fn forms(pattern: &str, items: &[Item]) -> Vec<Form> {
    let begin = |item: &&Item| matches!(item, Item::Section(Edge::Begin));
    let sections = items.iter().filter(begin).count();
    if sections > MANY {
        return Vec::new();
    }
    let mut forms: Vec<Form> = Vec::new();
    for without in 0..1_u32 << sections {
        // The last section is the first that is left out.
        let is_left_out = |section: usize| (without >> (sections - 1 - section)) & 1 == 1;
        let left_out: Vec<bool> = (0..sections).map(is_left_out).collect();
        let items = form(items, &left_out);
        if !forms.iter().any(|form| form.items == items) {
            let text = text_of_form(pattern, &left_out);
            forms.push(Form { items, text });
        }
    }
    forms
}

/// The items without the sections that are left out.
fn form(items: &[Item], left_out: &[bool]) -> Vec<Item> {
    let mut form = Vec::new();
    let mut sections = Sections::new(left_out);
    for item in items {
        match item {
            Item::Section(edge) => sections.pass(*edge),
            _ if !sections.are_there() => {}
            Item::Text(text) => push_text(&mut form, text),
            item => form.push(item.clone()),
        }
    }
    form
}

/// The same of a pattern of Java's.
fn text_of_form(pattern: &str, left_out: &[bool]) -> String {
    let mut form = String::new();
    let mut sections = Sections::new(left_out);
    let mut is_quoted = false;
    for sign in pattern.chars() {
        match sign {
            '[' if !is_quoted => sections.pass(Edge::Begin),
            ']' if !is_quoted => sections.pass(Edge::End),
            sign => {
                is_quoted ^= sign == '\'';
                if sections.are_there() {
                    form.push(sign);
                }
            }
        }
    }
    form
}

/// The sections in which a part of a pattern stands.
struct Sections<'a> {
    /// Of all that the pattern has: whether it is left out.
    left_out: &'a [bool],
    /// Of each of them: whether it is there, and all around it.
    around: Vec<bool>,
    /// How many have begun.
    begun: usize,
}

impl<'a> Sections<'a> {
    fn new(left_out: &'a [bool]) -> Self {
        Self {
            left_out,
            around: Vec::new(),
            begun: 0,
        }
    }

    fn are_there(&self) -> bool {
        self.around.last().copied().unwrap_or(true)
    }

    fn pass(&mut self, edge: Edge) {
        match edge {
            Edge::Begin => {
                let is_left_out = self.left_out.get(self.begun).copied();
                let is_there = self.are_there() && !is_left_out.unwrap_or(false);
                self.around.push(is_there);
                self.begun += 1;
            }
            Edge::End => {
                self.around.pop();
            }
        }
    }
}
