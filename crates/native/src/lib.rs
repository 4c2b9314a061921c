//! The native engine of Lenslet: drivers, transactions, rows.
