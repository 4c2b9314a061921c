//! Scalars as text, exactly, without the formatting machinery of the standard library.

pub(crate) mod base64;
pub(crate) mod decimal;
pub(crate) mod float;
pub(crate) mod integer;
pub(crate) mod moment;
pub(crate) mod uuid;
