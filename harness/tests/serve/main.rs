//! `stalemate serve`: a scenario on loopback, led by a script in place of a person, comes to what it comes to in the
//! simulation; and nothing but loopback takes part.

mod application;
mod command;
mod models;
mod page;
mod same;
mod terminal;
