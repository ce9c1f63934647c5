//! The columns of a result, and what their types become. Pure.

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use millstream_hive_thrift::{
    TColumnDesc, TPrimitiveTypeEntry, TTableSchema, TTypeEntry, TTypeId, TTypeQualifierValue,
};

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name, without the table's before it.
    pub(super) name: String,
    /// What it holds.
    pub(super) kind: Kind,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Float,
    Double,
    /// Digits, and how many of them stand behind the point.
    Decimal(u8, i8),
    Timestamp,
    Date,
    Binary,
    /// Text, and everything that comes as text: JSON of arrays, maps and structures, intervals.
    Text,
}

impl Kind {
    /// The type in Arrow.
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::TinyInt => DataType::Int8,
            Self::SmallInt => DataType::Int16,
            Self::Int => DataType::Int32,
            Self::BigInt => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Decimal(digits, behind) => DataType::Decimal128(digits, behind),
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Date => DataType::Date32,
            Self::Binary => DataType::Binary,
            Self::Text => DataType::Utf8,
        }
    }
}

/// The columns of a result.
///
/// # Errors
/// Two have one name, or one has a type that can't be read; in words.
pub(super) fn columns_of(schema: &TTableSchema) -> Result<Vec<Column>, String> {
    let columns: Vec<Column> = schema
        .columns
        .iter()
        .map(column)
        .collect::<Result<_, _>>()?;
    for (place, one) in columns.iter().enumerate() {
        let mut behind = columns.iter().skip(place + 1);
        if behind.any(|other| other.name.eq_ignore_ascii_case(&one.name)) {
            return Err(format!(
                "two columns of the result are called `{}`: give one of them another name with `as`",
                one.name
            ));
        }
    }
    Ok(columns)
}

/// The columns as a schema; any may be null.
pub(super) fn schema_of(columns: &[Column]) -> Schema {
    let fields = columns.iter();
    let fields = fields.map(|column| Field::new(&column.name, column.kind.data_type(), true));
    Schema::new(fields.collect::<Vec<_>>())
}

fn column(described: &TColumnDesc) -> Result<Column, String> {
    let full = described.column_name.as_str();
    let name = full.rsplit_once('.').map_or(full, |(_, name)| name);
    let kind = match described.type_desc.types.first() {
        Some(TTypeEntry::PrimitiveEntry(entry)) => primitive(entry)
            .ok_or_else(|| format!("column `{name}` has a decimal without precision"))?,
        Some(TTypeEntry::UserDefinedTypeEntry(_)) | None => {
            return Err(format!(
                "column `{name}` has a type that is not read; cast it to string"
            ));
        }
        // They come as JSON.
        Some(_) => Kind::Text,
    };
    let name = name.to_owned();
    Ok(Column { name, kind })
}

fn primitive(entry: &TPrimitiveTypeEntry) -> Option<Kind> {
    Some(match entry.type_ {
        TTypeId::BOOLEAN_TYPE => Kind::Boolean,
        TTypeId::TINYINT_TYPE => Kind::TinyInt,
        TTypeId::SMALLINT_TYPE => Kind::SmallInt,
        TTypeId::INT_TYPE => Kind::Int,
        TTypeId::BIGINT_TYPE => Kind::BigInt,
        TTypeId::FLOAT_TYPE => Kind::Float,
        TTypeId::DOUBLE_TYPE => Kind::Double,
        TTypeId::TIMESTAMP_TYPE => Kind::Timestamp,
        TTypeId::DATE_TYPE => Kind::Date,
        TTypeId::BINARY_TYPE => Kind::Binary,
        TTypeId::DECIMAL_TYPE => {
            let digits = qualifier(entry, "precision")?;
            let behind = qualifier(entry, "scale")?;
            let (digits, behind) = (u8::try_from(digits).ok()?, i8::try_from(behind).ok()?);
            Kind::Decimal(digits, behind)
        }
        // Strings, and types of newer servers (intervals, timestamps with a zone), which come as text.
        _ => Kind::Text,
    })
}

fn qualifier(entry: &TPrimitiveTypeEntry, name: &str) -> Option<i32> {
    let qualifiers = entry.type_qualifiers.as_ref()?;
    match qualifiers.qualifiers.get(name)? {
        TTypeQualifierValue::I32Value(value) => Some(*value),
        TTypeQualifierValue::StringValue(text) => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests;
