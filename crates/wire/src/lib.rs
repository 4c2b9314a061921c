//! The JSON protocol of Lenslet, both directions.

#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub mod answer;
pub mod decode;
pub mod encode;
pub mod error;
pub mod json;
mod names;
pub mod rows;
mod scalar;
