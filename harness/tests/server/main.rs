//! The model server, and the dialects that make it answer like a real one.

mod asks;
mod bodies;
mod bounds;
mod checks;
mod dialect_captures;
mod dialect_format;
mod dialect_like;
mod forgetting;
mod hazards;
mod kinds;
mod model_server;
mod offers;
mod others;
mod rest;
mod sessions;
mod streams;
mod tokens;
mod variants;
