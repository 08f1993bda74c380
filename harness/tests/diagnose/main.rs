//! Logs, and what is said of them: the incident's lines, a healthy day, broken lines, formats, HAR files, our own records.

mod formats;
mod logs;
mod others;
mod support;
