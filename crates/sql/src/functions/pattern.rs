//! Patterns of times as text: those of Java (Flink, Hive, Spark) and of PostgreSQL and Oracle.
//!
//! Each is read into the same items. What a dialect has and is not offered is refused, and so is what looks like
//! another dialect: `YYYY` in Java is the year of the week, `mm` in PostgreSQL the month.

mod java;
mod postgres;
#[cfg(test)]
mod tests;
mod write;

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

/// What a pattern is with all of its sections, and with fewer and fewer of them; nothing where it has too many.
pub(super) fn forms(items: &[Item]) -> Vec<Vec<Item>> {
    let begin = |item: &&Item| matches!(item, Item::Section(Edge::Begin));
    let sections = items.iter().filter(begin).count();
    if sections > MANY {
        return Vec::new();
    }
    let mut forms: Vec<Vec<Item>> = Vec::new();
    for without in 0..1_u32 << sections {
        // The last section is the first that is left out.
        let form = form(items, |section| {
            (without >> (sections - 1 - section)) & 1 == 1
        });
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// The items without the sections that are left out, which are counted from 0.
fn form(items: &[Item], is_left_out: impl Fn(usize) -> bool) -> Vec<Item> {
    let mut form = Vec::new();
    // Of each section in which the next item stands: whether it is there, and all around it.
    let mut around: Vec<bool> = Vec::new();
    let mut section = 0;
    for item in items {
        let is_there = around.last().copied().unwrap_or(true);
        match item {
            Item::Section(Edge::Begin) => {
                around.push(is_there && !is_left_out(section));
                section += 1;
            }
            Item::Section(Edge::End) => {
                around.pop();
            }
            Item::Text(text) if is_there => push_text(&mut form, text),
            item if is_there => form.push(item.clone()),
            _ => {}
        }
    }
    form
}
