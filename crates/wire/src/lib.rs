//! The JSON protocol of Lenslet, both directions.

pub mod answer;
pub mod decode;
pub mod error;
pub mod json;
mod names;
mod scalar;
