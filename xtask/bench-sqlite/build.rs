//! Generates the client.

fn main() -> Result<(), lenslet::BuildError> {
    lenslet::Generator::new("schema.prisma").emit()
}
