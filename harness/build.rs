//! Builds the library of the portal with the cargo that runs this, so that the command carries it. Where there is none
//! (another system than Linux with glibc, or it does not build), the command says so when a client needs it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const NO_FLAG: &str = "Stalemate needs `--cfg tokio_unstable`: put `[build] rustflags = [\"--cfg\", \"tokio_unstable\"]` into \
    .cargo/config.toml; if the environment sets RUSTFLAGS, add the flag there, because RUSTFLAGS replaces the file's";

fn main() {
    println!("cargo::rustc-check-cfg=cfg(portal)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=portal");
    println!("cargo::rerun-if-env-changed=STALEMATE_NO_PORTAL");
    if env::var_os("CARGO_CFG_TOKIO_UNSTABLE").is_none() {
        // Now, and not when all dependencies have been compiled.
        println!("cargo::error={}", NO_FLAG);
        return;
    }
    let library = PathBuf::from(variable("OUT_DIR")).join("portal.so");
    let built = if env::var_os("STALEMATE_NO_PORTAL").is_some() {
        Err("it was built with STALEMATE_NO_PORTAL".to_owned())
    } else if !is_known_system() {
        Err("that takes Linux with glibc, on x86-64 or aarch64".to_owned())
    } else {
        build(&library)
    };
    match built {
        Ok(()) => {
            println!("cargo::rustc-cfg=portal");
            println!("cargo::rustc-env=STALEMATE_PORTAL_MISSING=");
        }
        Err(why) => {
            fs::write(&library, "").expect("OUT_DIR can be written to");
            let why = why.replace('\n', " ");
            println!("cargo::rustc-env=STALEMATE_PORTAL_MISSING={why}");
        }
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}

fn is_known_system() -> bool {
    let of = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    of("OS") == "linux"
        && of("ENV") == "gnu"
        && ["x86_64", "aarch64"].contains(&of("ARCH").as_str())
        && of("POINTER_WIDTH") == "64"
}

/// Builds the library for the target and copies it there.
fn build(to: &Path) -> Result<(), String> {
    let out = PathBuf::from(variable("OUT_DIR")).join("portal");
    let target = variable("TARGET");
    let mut cargo = Command::new(variable("CARGO"));
    // What cargo tells this build is not meant for that one.
    for (name, _) in env::vars() {
        let of_cargo = name.starts_with("CARGO") && !["CARGO", "CARGO_HOME"].contains(&&*name);
        let of_rustc = ["RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"].contains(&&*name);
        if of_cargo || of_rustc {
            cargo.env_remove(name);
        }
    }
    let output = cargo
        .args(["build", "--release", "--offline", "--quiet"])
        .args(["--manifest-path", "portal/shim/Cargo.toml"])
        .args(["--target", &target])
        .arg("--target-dir")
        .arg(&out)
        .output()
        .map_err(|error| format!("cargo could not be run for its library: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        println!(
            "cargo::warning=the portal's library was not built, so clients of other languages cannot run"
        );
        return Err(format!("its library was not built: {}", said.trim()));
    }
    let built = out.join(target).join("release/libstalemate_portal.so");
    fs::copy(&built, to)
        .map(|_| ())
        .map_err(|error| format!("its library is not where cargo puts it: {error}"))
}
