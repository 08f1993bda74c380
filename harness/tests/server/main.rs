//! The model server, and the dialects that make it answer like a real one.

mod asks;
mod bounds;
mod dialect_captures;
mod dialect_format;
mod dialect_like;
mod hazards;
mod kinds;
mod model_server;
mod others;
mod sessions;
mod streams;
mod tokens;
mod variants;
