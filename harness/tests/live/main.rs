//! Servers on real sockets of this machine: the models served there, and what `probe` says of them and of wrong ones.

mod command;
mod probe;
mod support;
mod wrong;
