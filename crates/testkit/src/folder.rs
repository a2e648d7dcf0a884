//! Folders that tests write into.

use std::fs;
use std::path::{Path, PathBuf};

/// An empty folder of one test, gone with it.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder `name` within `parent`, which is cargo's `CARGO_TARGET_TMPDIR`.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn new(parent: &str, name: &str) -> Self {
        let path = Path::new(parent).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    /// The path of a file in it, be it there or not.
    ///
    /// # Panics
    /// If the path is not UTF-8.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a UTF-8 path").to_owned()
    }

    /// Writes a file; its path.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
