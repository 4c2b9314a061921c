//! What the compiler says of mistakes is in `tests/cases`: a `.rs` file a mistake, beside it the message.
