//! The command from outside: what it refuses, and how it ends.
