//! The folder that holds objects' bytes.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::protocol::{id, is_id};

/// A folder of files with random names.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Whether it ends with this.
    passing: bool,
}

impl Folder {
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        let folder = Self {
            path: path.map_or_else(
                || std::env::temp_dir().join(format!("sitewatch-objects-{}", id())),
                Path::to_owned,
            ),
            passing: path.is_none(),
        };
        std::fs::create_dir_all(&folder.path)?;
        Ok(folder)
    }

    /// Removes what a process that died has left: files of its own that nothing is known of.
    /// Others' files stay: who names a folder may have more in it.
    pub(crate) fn keep_only(&self, known: &HashSet<String>) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            if is_id(name) && !known.contains(name) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// A name for a new file, which is removed again unless it is kept.
    pub(crate) fn begin(&self) -> Pending {
        let name = id();
        Pending {
            path: self.path.join(&name),
            name,
            kept: false,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Removes files that nothing is known of any more. Who reads one reads on; one
    /// that stays is removed at the next start.
    pub(crate) fn remove(&self, names: impl IntoIterator<Item = String>) {
        for name in names {
            let _ = std::fs::remove_file(self.path(&name));
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.passing {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    kept: bool,
}

impl Pending {
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
