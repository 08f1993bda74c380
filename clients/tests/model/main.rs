//! The model clients against a scripted server.

mod broken;
mod listing;
mod loopback;
mod sdks;
mod streams;
mod support;
mod timing;
