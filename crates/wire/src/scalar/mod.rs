//! Scalars as text. What a client writes, too, is the vocabulary's.

pub(crate) mod decimal;
pub(crate) mod sixteen;

pub(crate) use lenslet_core::written::{base64, float, integer, moment, uuid};
