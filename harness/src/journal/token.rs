//! Bearer tokens: how one is made, so that a server can tell by itself how long it is good, and the name that it has in a
//! journal. A token is a credential: its secret part stands in no journal and in nothing that is shown.

use sha2::{Digest, Sha256};

/// The token of that number, which is good until a time in milliseconds of the run; `None` is for ever.
#[must_use]
pub fn token(number: u32, good_until_ms: Option<u64>, secret: &str) -> String {
    let until = good_until_ms.map_or_else(|| "ever".to_owned(), |ms| ms.to_string());
    format!("t{number}.{until}.{secret}")
}

/// The name of the token in an `Authorization` header: `t1` and so on; of one that is not ours, the first 8 hexadecimal
/// digits of its SHA-256. `None` if there is no bearer token in it.
#[must_use]
pub fn token_name(header: &str) -> Option<String> {
    let token = bearer(header)?;
    Some(match parts(token) {
        Some((name, _)) => name.to_owned(),
        None => {
            let hash = Sha256::digest(token);
            hash.iter().take(4).map(|b| format!("{b:02x}")).collect()
        }
    })
}

/// Whether the bearer token in an `Authorization` header is one that was given out, and good at that time.
#[must_use]
pub fn is_good(header: &str, now_ms: u64) -> bool {
    let until = bearer(header).and_then(parts).map(|(_, until)| until);
    until.is_some_and(|until| until.is_none_or(|ms| now_ms < ms))
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The name, and until when it is good.
fn parts(token: &str) -> Option<(&str, Option<u64>)> {
    let mut parts = token.splitn(3, '.');
    let (name, until, _secret) = (parts.next()?, parts.next()?, parts.next()?);
    let number = name.strip_prefix('t')?;
    number.parse::<u32>().ok()?;
    let until = match until {
        "ever" => None,
        ms => Some(ms.parse().ok()?),
    };
    Some((name, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_how_long_it_is_good_and_its_name_is_no_secret() {
        let header = format!("Bearer {}", token(3, Some(5_000), "s3cr.et"));
        assert_eq!(token_name(&header).as_deref(), Some("t3"));
        assert!(is_good(&header, 4_999) && !is_good(&header, 5_000));
        let lasting = format!("bearer {}", token(1, None, "x"));
        assert!(is_good(&lasting, u64::MAX));
        assert_eq!(token_name("Bearer abc").map(|name| name.len()), Some(8));
        for strange in [
            "Bearer abc",
            "Bearer ",
            "Basic t1.ever.x",
            "t1.ever.x",
            "Bearer t1.soon.x",
        ] {
            assert!(!is_good(strange, 0), "{strange}");
        }
        assert_eq!(token_name("Basic t1.ever.x"), None);
    }
}
