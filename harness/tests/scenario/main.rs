//! What scenario files mean, and what a wrong one says to its author.

mod any_bytes;
mod cast_errors;
mod client_errors;
mod files;
mod generated;
mod hostile;
mod meaning;
mod pairs;
mod schema;
mod shape_errors;
mod step_errors;
mod support;
mod versions;
mod written;
