//! What is kept of the mappings across runs: checkpoints, and what was given up.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mapping::{Checkpoints, Discarded};

use super::functions::Function;

/// A folder, or nothing: then all is forgotten.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keep(Option<PathBuf>);

impl Keep {
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        Self(folder.map(Path::to_owned))
    }

    fn file(&self, function: Function) -> Option<PathBuf> {
        let name = format!("checkpoints-{}.json", function.name());
        self.0.as_ref().map(|folder| folder.join(name))
    }

    /// Where a mapping left off.
    pub(crate) fn checkpoints(&self, function: Function) -> anyhow::Result<Checkpoints> {
        let Some(file) = self.file(function) else {
            return Ok(Checkpoints::default());
        };
        match fs::read(&file) {
            Ok(json) => serde_json::from_slice(&json)
                .with_context(|| format!("{} holds no checkpoints", file.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Checkpoints::default()),
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
        }
    }

    /// Keeps a mapping's checkpoints: the old ones or the new, never half of them.
    pub(crate) fn checkpoint(
        &self,
        function: Function,
        checkpoints: &Checkpoints,
    ) -> anyhow::Result<()> {
        if let Some(file) = self.file(function) {
            let part = file.with_extension("part");
            fs::write(&part, serde_json::to_vec(checkpoints)?)?;
            fs::rename(&part, &file)?;
        }
        Ok(())
    }

    /// Keeps what was given up, as it would lie in the bucket on AWS; where.
    pub(crate) fn discard(
        &self,
        function: Function,
        discarded: &Discarded,
    ) -> anyhow::Result<Option<String>> {
        let Some(folder) = &self.0 else {
            return Ok(None);
        };
        let file = folder
            .join("failed")
            .join(discarded.s3_key(function.name()));
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let part = file.with_extension("part");
        fs::write(&part, discarded.s3_json())?;
        fs::rename(&part, &file)?;
        Ok(Some(file.display().to_string()))
    }
}
