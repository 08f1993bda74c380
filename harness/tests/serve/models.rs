//! Model clients on loopback: rungs and verdicts are those of the simulation.
