//! The native types of each database: which scalars they hold, and what their arguments may be.

use lenslet_core::catalog::ScalarType;
use lenslet_core::catalog::ScalarType::{BigInt, Boolean, Bytes, DateTime, Decimal, Float, Int, Json, String};

/// A type of a database, as `@db.…` names it.
#[derive(Debug)]
pub(crate) struct NativeType {
    pub(crate) name: &'static str,
    /// The scalars that it can hold.
    pub(crate) scalars: &'static [ScalarType],
    pub(crate) arguments: Arguments,
    /// Whether it can be part of a key or index.
    pub(crate) key: Key,
}

/// What stands in a native type's parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    None,
    /// A number within a range, which may be left out.
    Optional(Range),
    /// A number within a range.
    Required(Range),
    /// A number within a range, or `Max`.
    OptionalOrMax(Range),
    /// Precision and scale, both or neither.
    Precision {
        precision: Range,
        scale: Range,
    },
}

/// The first and the last number allowed.
pub(crate) type Range = (u32, u32);

/// Whether a type can be part of a key or index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Yes,
    No,
    /// With `length` (MySQL).
    WithLength,
    /// Unless its argument is `Max` (SQL Server).
    UnlessMax,
    /// Not in any way, and the field itself is to blame (PostgreSQL's XML).
    NoField,
}

const ANY: Range = (0, u32::MAX);

const fn plain(name: &'static str, scalars: &'static [ScalarType]) -> NativeType {
    NativeType { name, scalars, arguments: Arguments::None, key: Key::Yes }
}

const fn sized(name: &'static str, scalars: &'static [ScalarType], range: Range) -> NativeType {
    NativeType { name, scalars, arguments: Arguments::Optional(range), key: Key::Yes }
}

const fn must_be_sized(name: &'static str, scalars: &'static [ScalarType], range: Range) -> NativeType {
    NativeType { name, scalars, arguments: Arguments::Required(range), key: Key::Yes }
}

const fn decimal(precision: Range, scale: Range) -> NativeType {
    NativeType {
        name: "Decimal",
        scalars: &[Decimal],
        arguments: Arguments::Precision { precision, scale },
        key: Key::Yes,
    }
}

const fn large(name: &'static str, scalars: &'static [ScalarType]) -> NativeType {
    NativeType { name, scalars, arguments: Arguments::None, key: Key::WithLength }
}

const fn without_key(name: &'static str, scalars: &'static [ScalarType]) -> NativeType {
    NativeType { name, scalars, arguments: Arguments::None, key: Key::No }
}

const fn sized_or_max(name: &'static str, scalars: &'static [ScalarType], range: Range) -> NativeType {
    NativeType { name, scalars, arguments: Arguments::OptionalOrMax(range), key: Key::UnlessMax }
}

pub(crate) static POSTGRESQL: &[NativeType] = &[
    plain("SmallInt", &[Int]),
    plain("Integer", &[Int]),
    plain("BigInt", &[BigInt]),
    decimal((1, 1000), ANY),
    plain("Money", &[Decimal]),
    plain("Inet", &[String]),
    plain("Oid", &[Int]),
    plain("Citext", &[String]),
    plain("Real", &[Float]),
    plain("DoublePrecision", &[Float]),
    sized("VarChar", &[String], ANY),
    sized("Char", &[String], ANY),
    plain("Text", &[String]),
    plain("ByteA", &[Bytes]),
    sized("Timestamp", &[DateTime], (0, 6)),
    sized("Timestamptz", &[DateTime], (0, 6)),
    plain("Date", &[DateTime]),
    sized("Time", &[DateTime], (0, 6)),
    sized("Timetz", &[DateTime], (0, 6)),
    plain("Boolean", &[Boolean]),
    sized("Bit", &[String], (1, u32::MAX)),
    sized("VarBit", &[String], (1, u32::MAX)),
    plain("Uuid", &[String]),
    NativeType { name: "Xml", scalars: &[String], arguments: Arguments::None, key: Key::NoField },
    plain("Json", &[Json]),
    plain("JsonB", &[Json]),
];

pub(crate) static MYSQL: &[NativeType] = &[
    plain("Int", &[Int]),
    plain("UnsignedInt", &[Int]),
    plain("SmallInt", &[Int]),
    plain("UnsignedSmallInt", &[Int]),
    plain("TinyInt", &[Boolean, Int]),
    plain("UnsignedTinyInt", &[Boolean, Int]),
    plain("MediumInt", &[Int]),
    plain("UnsignedMediumInt", &[Int]),
    plain("BigInt", &[BigInt]),
    plain("UnsignedBigInt", &[BigInt]),
    decimal((1, 65), (0, 30)),
    plain("Float", &[Float]),
    plain("Double", &[Float]),
    must_be_sized("Bit", &[Boolean, Bytes], (1, 64)),
    must_be_sized("Char", &[String], (0, 255)),
    must_be_sized("VarChar", &[String], (0, 65_535)),
    must_be_sized("Binary", &[Bytes], ANY),
    must_be_sized("VarBinary", &[Bytes], ANY),
    large("TinyBlob", &[Bytes]),
    large("Blob", &[Bytes]),
    large("MediumBlob", &[Bytes]),
    large("LongBlob", &[Bytes]),
    large("TinyText", &[String]),
    large("Text", &[String]),
    large("MediumText", &[String]),
    large("LongText", &[String]),
    plain("Date", &[DateTime]),
    sized("Time", &[DateTime], (0, 6)),
    sized("DateTime", &[DateTime], (0, 6)),
    sized("Timestamp", &[DateTime], (0, 6)),
    plain("Year", &[Int]),
    plain("Json", &[Json]),
];

pub(crate) static SQLSERVER: &[NativeType] = &[
    plain("TinyInt", &[Int]),
    plain("SmallInt", &[Int]),
    plain("Int", &[Int]),
    plain("BigInt", &[BigInt]),
    decimal((1, 38), (0, 38)),
    plain("Money", &[Float]),
    plain("SmallMoney", &[Float]),
    plain("Bit", &[Boolean, Int]),
    sized("Float", &[Float], (1, 53)),
    plain("Real", &[Float]),
    plain("Date", &[DateTime]),
    plain("Time", &[DateTime]),
    plain("DateTime", &[DateTime]),
    plain("DateTime2", &[DateTime]),
    plain("DateTimeOffset", &[DateTime]),
    plain("SmallDateTime", &[DateTime]),
    sized("Char", &[String], (1, 8000)),
    sized("NChar", &[String], (1, 4000)),
    sized_or_max("VarChar", &[String], (1, 8000)),
    without_key("Text", &[String]),
    sized_or_max("NVarChar", &[String], (1, 4000)),
    without_key("NText", &[String]),
    sized("Binary", &[Bytes], (1, 8000)),
    sized_or_max("VarBinary", &[Bytes], (1, 8000)),
    without_key("Image", &[Bytes]),
    without_key("Xml", &[String]),
    plain("UniqueIdentifier", &[String]),
];

pub(crate) static COCKROACHDB: &[NativeType] = &[
    sized("Bit", &[String], (1, u32::MAX)),
    plain("Bool", &[Boolean]),
    plain("Bytes", &[Bytes]),
    sized("Char", &[String], ANY),
    plain("Date", &[DateTime]),
    decimal((1, 1000), ANY),
    plain("Float4", &[Float]),
    plain("Float8", &[Float]),
    plain("Inet", &[String]),
    plain("Int2", &[Int]),
    plain("Int4", &[Int]),
    plain("Int8", &[BigInt]),
    plain("JsonB", &[Json]),
    plain("Oid", &[Int]),
    plain("CatalogSingleChar", &[String]),
    sized("String", &[String], ANY),
    sized("Time", &[DateTime], (0, 6)),
    sized("Timestamp", &[DateTime], (0, 6)),
    sized("Timestamptz", &[DateTime], (0, 6)),
    sized("Timetz", &[DateTime], (0, 6)),
    plain("Uuid", &[String]),
    sized("VarBit", &[String], (1, u32::MAX)),
];
