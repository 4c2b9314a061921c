//! The code of README.md is compiled and run by this package's test.
