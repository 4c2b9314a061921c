//! Tests of what Lenslet generates live in `tests/`.
