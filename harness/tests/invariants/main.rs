//! Invariants put to the test: each is broken by somebody and caught by its name, and holds for somebody right in the same
//! situation. What is neither broken nor right is in `edges`; the broken clients together are in `broken`.

mod answers;
mod asking;
mod broken;
mod delivered;
mod edges;
mod gets;
mod hand_made;
mod made;
mod pings;
mod pinned;
mod served;
mod situations;
mod spared;
mod support;
mod table;
