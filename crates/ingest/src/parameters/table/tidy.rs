//! What is done to fields first, and rules of columns.

use crate::parameters::checks::Rules;
use crate::parameters::choices::SourceType;
use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};
use crate::parameters::value::Names;

const TEXT: Scope = Scope::Source(SourceType::TEXT);

parameters! {
    NULLS: Names = Parameter::new(Group::Source, "source.null",
        "Texts that mean null, separated by commas, beside the empty field: `\\N` as Hive writes it, `NULL`, `NA`. What stands in \
         quotes is text. They count before a field becomes a value of its column's type.")
        .only(TEXT).example("\\N,NULL");
    TRIM: bool = Parameter::new(Group::Source, "source.columns.trim",
        "Whether blanks and tabs around a field that does not stand in quotes are left out; a field of blanks alone is null. \
         Values of other types than String are read without them in any case.")
        .default("false").only(TEXT).example("true");
    SKIP_LINES: u64 = Parameter::new(Group::Source, "source.skip.lines",
        "So many lines at the beginning of every file are left out, whatever is in them; a line of names comes behind them. Files are not cut into ranges then: one \
         subtask reads each. Needs lines that end in \\n or \\r\\n, and a charset that holds ASCII as it is.")
        .default("0").only(TEXT).example("2");
    COMMENT: String = Parameter::new(Group::Source, "source.comment",
        "Lines that begin with this, outside of quotes, are left out. Files are not cut into ranges then: one subtask reads each. Needs lines \
         that end in \\n or \\r\\n, and a charset that holds ASCII as it is.")
        .only(TEXT).example("#");
    CHECK: Rules = Parameter::new(Group::Errors, "check.*",
        "Rules for the values of the column that is named behind `check.`, as it is read, before the SQL: `not null`, `range LEAST..GREATEST` (one end \
         may be missing; in the order of the column's type), and last `pattern EXPRESSION` (a regular expression for the whole value). A \
         record for which one does not hold is a bad record, whose dead letter names the rule. A null is what only `not null` is about.")
        .example("not null; range 0..150");
}
