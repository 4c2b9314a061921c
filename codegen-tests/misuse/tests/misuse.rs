//! Every case must fail to compile, with the message beside it. `TRYBUILD=overwrite cargo test -p misuse` rewrites the
//! messages; they are those of the toolchain in `rust-toolchain.toml`.

#[test]
fn mistakes_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/cases/*.rs");
}
