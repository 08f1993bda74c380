//! `stalemate run --watch`: a scenario runs again when its file is saved, all of them when a dialect is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use notify::event::{EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::cli::bad;

/// An editor saves in several steps; when nothing has happened for so long, it is done.
const SAVED_AFTER: Duration = Duration::from_millis(100);

/// What is watched.
pub(super) struct Watched<'a> {
    /// Scenario files, or directories of them.
    pub(super) scenarios: &'a [PathBuf],
    /// Directories of dialect files.
    pub(super) dialects: &'a [PathBuf],
}

impl Watched<'_> {
    /// Runs what has changed, until the user interrupts the program. Returns at once, with the exit code, only where
    /// nothing can be watched; otherwise the last code, when the watching ends.
    pub(super) fn run_changed(&self, mut code: u8, mut run: impl FnMut(&[PathBuf]) -> u8) -> u8 {
        let (sender, changes) = mpsc::channel();
        let watcher = notify::recommended_watcher(move |event| {
            let _ = sender.send(event);
        });
        let watching = watcher.and_then(|mut watcher| {
            self.roots().try_for_each(|(root, mode)| {
                watcher
                    .watch(&root, mode)
                    .map_err(|error| error.add_path(root))
            })?;
            Ok::<RecommendedWatcher, notify::Error>(watcher)
        });
        let _watcher = match watching {
            Ok(watcher) => watcher,
            Err(error) => return bad(&format!("nothing can be watched: {error}")),
        };
        loop {
            eprintln!("\nwatching {}; Ctrl-C ends it", self.names());
            let Some(changed) = self.next(&changes) else {
                return code;
            };
            code = run(&changed);
        }
    }

    fn names(&self) -> String {
        let all = self.scenarios.iter().chain(self.dialects);
        let all: Vec<String> = all.map(|p| p.display().to_string()).collect();
        all.join(", ")
    }

    /// Where to look. Of a file its directory: an editor may put another file in its place.
    fn roots(&self) -> impl Iterator<Item = (PathBuf, RecursiveMode)> {
        let root = |path: &PathBuf| match path.is_dir() {
            true => (path.clone(), RecursiveMode::Recursive),
            false => {
                let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
                let parent = parent.unwrap_or(Path::new(".")).to_owned();
                (parent, RecursiveMode::NonRecursive)
            }
        };
        self.scenarios.iter().chain(self.dialects).map(root)
    }

    /// The scenarios that the next saving touches, once it is over.
    fn next(&self, changes: &Receiver<notify::Result<Event>>) -> Option<Vec<PathBuf>> {
        let mut files = BTreeSet::new();
        loop {
            let event = if files.is_empty() {
                changes.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                changes.recv_timeout(SAVED_AFTER)
            };
            match event {
                Ok(Ok(event)) if is_saving(&event.kind) => files.extend(event.paths),
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    let touched = self.touched(&files);
                    if !touched.is_empty() {
                        return Some(touched);
                    }
                    files.clear();
                }
            }
        }
    }

    fn touched(&self, files: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
        let absolute = |path: &Path| path.canonicalize().ok();
        let yaml = files.iter().filter(|f| {
            let ending = f.extension().and_then(|e| e.to_str());
            matches!(ending, Some("yaml" | "yml"))
        });
        let yaml: Vec<PathBuf> = yaml.filter_map(|f| absolute(f)).collect();
        let is_in = |file: &PathBuf, places: &[PathBuf]| {
            let mut places = places.iter().filter_map(|p| absolute(p));
            places.any(|place| file.starts_with(place))
        };
        if yaml.iter().any(|file| is_in(file, self.dialects)) {
            return self.scenarios.to_vec();
        }
        let mine = yaml.into_iter().filter(|f| is_in(f, self.scenarios));
        mine.map(as_named).collect()
    }
}

/// The path from here where the file lies below, as the user would name it.
fn as_named(file: PathBuf) -> PathBuf {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    match here {
        Ok(here) => file
            .strip_prefix(&here)
            .map_or(file.clone(), Path::to_owned),
        Err(_) => file,
    }
}

/// Whether a file's contents may be others now. A change of its times or permissions is none.
fn is_saving(kind: &EventKind) -> bool {
    match kind {
        EventKind::Create(_) => true,
        EventKind::Modify(what) => !matches!(what, ModifyKind::Metadata(_)),
        _ => false,
    }
}
