//! The model clients against a scripted server.

mod broken;
mod loopback;
mod streams;
mod support;
mod timing;
