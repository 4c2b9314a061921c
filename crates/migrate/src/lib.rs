//! Diff of two Lenslet catalogs, introspection, migrations.
