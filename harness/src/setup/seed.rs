//! Everything drawn in a run, from one seed. Each purpose has a generator of its own, derived by name, so that a draw
//! for one never shifts another's. SHA-256 in counter mode: slow for a generator, but the same for ever, everywhere.

use sha2::{Digest, Sha256};
use uuid::Builder;

/// A generator for one purpose.
#[derive(Clone, Debug)]
pub struct Generator {
    key: [u8; 32],
    counter: u64,
}

impl Generator {
    /// The generator of that purpose under that seed.
    #[must_use]
    pub fn new(seed: u64, purpose: &str) -> Self {
        let key = Sha256::new()
            .chain_update(seed.to_be_bytes())
            .chain_update(purpose)
            .finalize()
            .into();
        Self { key, counter: 0 }
    }

    /// The next 16 bytes.
    pub fn bytes16(&mut self) -> [u8; 16] {
        let digest = Sha256::new()
            .chain_update(self.key)
            .chain_update(self.counter.to_be_bytes())
            .finalize();
        self.counter += 1;
        digest[..16].try_into().expect("a digest has 32 bytes")
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        u64::from_be_bytes(self.bytes16()[..8].try_into().expect("8 bytes"))
    }

    /// The next UUID of version 4, with dashes.
    pub fn uuid(&mut self) -> String {
        Builder::from_random_bytes(self.bytes16())
            .into_uuid()
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_do_not_disturb_each_other() {
        let mut alone = Generator::new(1, "ids");
        let expected = [alone.uuid(), alone.uuid()];
        let (mut ids, mut latency) = (Generator::new(1, "ids"), Generator::new(1, "latency"));
        let first = ids.uuid();
        latency.number();
        assert_eq!([first, ids.uuid()], expected);
        assert_ne!(Generator::new(2, "ids").uuid(), expected[0]);
    }

    #[test]
    fn uuids_are_of_version_4() {
        let id = Generator::new(7, "ids").uuid();
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!((parts, id.as_bytes()[14]), (vec![8, 4, 4, 4, 12], b'4'));
    }
}
