//! The JSON protocol of Lenslet, both directions.
