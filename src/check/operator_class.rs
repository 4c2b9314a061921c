//! The operator classes of PostgreSQL that the language knows, and the columns that each is for.

use lenslet_core::catalog::IndexAlgorithm::{self, Brin, Gin, Gist, SpGist};
use lenslet_core::catalog::ScalarType;

/// An operator class.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OperatorClass {
    /// As a schema names it.
    pub(crate) name: &'static str,
    /// As PostgreSQL names it.
    pub(crate) sql: &'static str,
    pub(crate) algorithms: &'static [IndexAlgorithm],
    pub(crate) columns: Columns,
}

/// The columns that an operator class is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Columns {
    /// Lists of anything.
    Lists,
    /// Columns of these native types, or of the scalar that is one of them when nothing is said.
    Types { native: &'static [&'static str], scalar: Option<ScalarType> },
}

/// The operator class of that name.
pub(crate) fn find(name: &str) -> Option<&'static OperatorClass> {
    CLASSES.iter().find(|class| class.name == name)
}

/// The operator class that PostgreSQL calls so.
#[cfg(feature = "cli")]
pub(crate) fn called_in_sql(sql: &str) -> Option<&'static OperatorClass> {
    CLASSES.iter().find(|class| class.sql == sql)
}

/// The names of all.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|class| class.name)
}

const fn class(
    name: &'static str,
    sql: &'static str,
    algorithms: &'static [IndexAlgorithm],
    native: &'static [&'static str],
    scalar: Option<ScalarType>,
) -> OperatorClass {
    OperatorClass { name, sql, algorithms, columns: Columns::Types { native, scalar } }
}

static CLASSES: &[OperatorClass] = &[
    class("InetOps", "inet_ops", &[Gist, SpGist], &["Inet"], None),
    class("JsonbOps", "jsonb_ops", &[Gin], &["JsonB"], Some(ScalarType::Json)),
    class("JsonbPathOps", "jsonb_path_ops", &[Gin], &["JsonB"], Some(ScalarType::Json)),
    OperatorClass { name: "ArrayOps", sql: "array_ops", algorithms: &[Gin], columns: Columns::Lists },
    class("TextOps", "text_ops", &[SpGist], &["Text", "VarChar"], Some(ScalarType::String)),
    class("BitMinMaxOps", "bit_minmax_ops", &[Brin], &["Bit"], None),
    class("VarBitMinMaxOps", "varbit_minmax_ops", &[Brin], &["VarBit"], None),
    class("BpcharBloomOps", "bpchar_bloom_ops", &[Brin], &["Char"], None),
    class("BpcharMinMaxOps", "bpchar_minmax_ops", &[Brin], &["Char"], None),
    class("ByteaBloomOps", "bytea_bloom_ops", &[Brin], &["ByteA"], Some(ScalarType::Bytes)),
    class("ByteaMinMaxOps", "bytea_minmax_ops", &[Brin], &["ByteA"], Some(ScalarType::Bytes)),
    class("DateBloomOps", "date_bloom_ops", &[Brin], &["Date"], None),
    class("DateMinMaxOps", "date_minmax_ops", &[Brin], &["Date"], None),
    class("DateMinMaxMultiOps", "date_minmax_multi_ops", &[Brin], &["Date"], None),
    class("Float4BloomOps", "float4_bloom_ops", &[Brin], &["Real"], None),
    class("Float4MinMaxOps", "float4_minmax_ops", &[Brin], &["Real"], None),
    class("Float4MinMaxMultiOps", "float4_minmax_multi_ops", &[Brin], &["Real"], None),
    class("Float8BloomOps", "float8_bloom_ops", &[Brin], &["DoublePrecision"], Some(ScalarType::Float)),
    class("Float8MinMaxOps", "float8_minmax_ops", &[Brin], &["DoublePrecision"], Some(ScalarType::Float)),
    class("Float8MinMaxMultiOps", "float8_minmax_multi_ops", &[Brin], &["DoublePrecision"], Some(ScalarType::Float)),
    class("InetInclusionOps", "inet_inclusion_ops", &[Brin], &["Inet"], None),
    class("InetBloomOps", "inet_bloom_ops", &[Brin], &["Inet"], None),
    class("InetMinMaxOps", "inet_minmax_ops", &[Brin], &["Inet"], None),
    class("InetMinMaxMultiOps", "inet_minmax_multi_ops", &[Brin], &["Inet"], None),
    class("Int2BloomOps", "int2_bloom_ops", &[Brin], &["SmallInt"], None),
    class("Int2MinMaxOps", "int2_minmax_ops", &[Brin], &["SmallInt"], None),
    class("Int2MinMaxMultiOps", "int2_minmax_multi_ops", &[Brin], &["SmallInt"], None),
    class("Int4BloomOps", "int4_bloom_ops", &[Brin], &["Integer"], Some(ScalarType::Int)),
    class("Int4MinMaxOps", "int4_minmax_ops", &[Brin], &["Integer"], Some(ScalarType::Int)),
    class("Int4MinMaxMultiOps", "int4_minmax_multi_ops", &[Brin], &["Integer"], Some(ScalarType::Int)),
    class("Int8BloomOps", "int8_bloom_ops", &[Brin], &["BigInt"], Some(ScalarType::BigInt)),
    class("Int8MinMaxOps", "int8_minmax_ops", &[Brin], &["BigInt"], Some(ScalarType::BigInt)),
    class("Int8MinMaxMultiOps", "int8_minmax_multi_ops", &[Brin], &["BigInt"], Some(ScalarType::BigInt)),
    class("NumericBloomOps", "numeric_bloom_ops", &[Brin], &["Decimal"], Some(ScalarType::Decimal)),
    class("NumericMinMaxOps", "numeric_minmax_ops", &[Brin], &["Decimal"], Some(ScalarType::Decimal)),
    class("NumericMinMaxMultiOps", "numeric_minmax_multi_ops", &[Brin], &["Decimal"], Some(ScalarType::Decimal)),
    class("OidBloomOps", "oid_bloom_ops", &[Brin], &["Oid"], None),
    class("OidMinMaxOps", "oid_minmax_ops", &[Brin], &["Oid"], None),
    class("OidMinMaxMultiOps", "oid_minmax_multi_ops", &[Brin], &["Oid"], None),
    class("TextBloomOps", "text_bloom_ops", &[Brin], &["Text", "VarChar"], Some(ScalarType::String)),
    class("TextMinMaxOps", "text_minmax_ops", &[Brin], &["Text", "VarChar"], Some(ScalarType::String)),
    class("TimestampBloomOps", "timestamp_bloom_ops", &[Brin], &["Timestamp"], Some(ScalarType::DateTime)),
    class("TimestampMinMaxOps", "timestamp_minmax_ops", &[Brin], &["Timestamp"], Some(ScalarType::DateTime)),
    class("TimestampMinMaxMultiOps", "timestamp_minmax_multi_ops", &[Brin], &["Timestamp"], Some(ScalarType::DateTime)),
    class("TimestampTzBloomOps", "timestamptz_bloom_ops", &[Brin], &["Timestamptz"], None),
    class("TimestampTzMinMaxOps", "timestamptz_minmax_ops", &[Brin], &["Timestamptz"], None),
    class("TimestampTzMinMaxMultiOps", "timestamptz_minmax_multi_ops", &[Brin], &["Timestamptz"], None),
    class("TimeBloomOps", "time_bloom_ops", &[Brin], &["Time"], None),
    class("TimeMinMaxOps", "time_minmax_ops", &[Brin], &["Time"], None),
    class("TimeMinMaxMultiOps", "time_minmax_multi_ops", &[Brin], &["Time"], None),
    class("TimeTzBloomOps", "timetz_bloom_ops", &[Brin], &["Timetz"], None),
    class("TimeTzMinMaxOps", "timetz_minmax_ops", &[Brin], &["Timetz"], None),
    class("TimeTzMinMaxMultiOps", "timetz_minmax_multi_ops", &[Brin], &["Timetz"], None),
    class("UuidBloomOps", "uuid_bloom_ops", &[Brin], &["Uuid"], None),
    class("UuidMinMaxOps", "uuid_minmax_ops", &[Brin], &["Uuid"], None),
    class("UuidMinMaxMultiOps", "uuid_minmax_multi_ops", &[Brin], &["Uuid"], None),
];
