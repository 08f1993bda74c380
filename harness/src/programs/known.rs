//! A client that the command knows, as a value.

use super::manifest::Manifest;

/// A client that the command knows.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// What its `client.yaml` says.
    pub manifest: Manifest,
    /// Its other files.
    pub(super) files: &'static [(&'static str, &'static str)],
    /// A version other than that of its lock file.
    pub(super) chosen: Option<String>,
}

impl Known {
    /// Its name, with the version if one was chosen.
    #[must_use]
    pub fn full_name(&self) -> String {
        match &self.chosen {
            Some(version) => format!("{}@{version}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// What it is, with its version.
    #[must_use]
    pub fn summary(&self) -> String {
        let version = self.chosen.as_ref().or(self.manifest.version.as_ref());
        match version {
            Some(version) => format!("{}, version {version}", self.manifest.summary),
            None => self.manifest.summary.clone(),
        }
    }
}
