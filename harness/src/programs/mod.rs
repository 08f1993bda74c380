//! Clients that are programs of their own: those that the command knows with their drivers and lock files, where they are
//! installed, and how a user names one. How a program is run is the simulation's business.

mod catalog;
mod folder;
mod install;
mod known;
mod manifest;
mod place;
mod words;

pub use catalog::{known, version_of};
pub use folder::from_folder;
pub use install::{InstallError, install};
pub use known::Known;
pub use place::directory;
pub use words::from_words;
