//! Lenslet turns a Prisma schema into a typed Rust client crate.
