//! Generates the client that `src/main.rs` takes in.

fn main() -> Result<(), lenslet::BuildError> {
    lenslet::Generator::new("schema.prisma").serde().emit()
}
