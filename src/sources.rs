//! The text of a schema, in one file or several.

use crate::syntax::tree::FileId;

/// The files of a schema. Several files are one schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    files: Vec<SourceFile>,
}

/// A file of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// What messages call it; usually its path.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

impl Sources {
    /// The files, in the order in which messages and the catalog list them.
    pub fn new(files: Vec<SourceFile>) -> Self {
        Self { files }
    }

    /// A schema in one file.
    pub fn single(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(vec![SourceFile { name: name.into(), text: text.into() }])
    }

    /// The files.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The file of a span.
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// The files with the ids that spans name them by.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0..).map(FileId).zip(&self.files)
    }
}
