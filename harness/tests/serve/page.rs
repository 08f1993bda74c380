//! The page from outside: who may read it, and who may press.
