//! How far a body has come: of a known length, in chunks, or until the connection ends.

/// What of a body is still to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::process) enum Body {
    /// So many bytes.
    Length(u64),
    /// Until the connection ends.
    UntilClose,
    /// Chunked, before a size line.
    ChunkSize,
    /// Chunked, inside a chunk with that many bytes of data and line end to come.
    ChunkData(u64),
    /// Chunked, after the last chunk: trailers until an empty line.
    Trailers,
    /// Chunked once, until something came that is no chunk. What comes then is taken for data until the connection ends.
    Broken,
}

/// How far a look at a body got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All that there is is consumed, and the body is not whole.
    Nothing,
    /// A chunk is whole.
    Piece,
    /// The body is whole.
    Last,
}

impl Body {
    /// Whether its data is the bytes as they stand.
    pub(super) fn is_plain(self) -> bool {
        matches!(self, Self::Length(_) | Self::UntilClose)
    }

    /// Whether nothing but the end of the connection ends it.
    pub(super) fn ends_with_connection(self) -> bool {
        matches!(self, Self::UntilClose | Self::Broken)
    }

    /// Consumes the next piece of the body and hands its data on. A chunk is a piece; where there are no chunks, whatever
    /// there is.
    pub(super) fn next(
        &mut self,
        pending: &[u8],
        consumed: &mut usize,
        mut take: impl FnMut(&[u8]),
    ) -> Part {
        let at_most =
            |left: u64, rest: &[u8]| rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        loop {
            let rest = &pending[*consumed..];
            match self {
                Self::Length(left) => {
                    let n = at_most(*left, rest);
                    take(&rest[..n]);
                    *consumed += n;
                    *left -= n as u64;
                    return if *left == 0 {
                        Part::Last
                    } else {
                        Part::Nothing
                    };
                }
                Self::UntilClose | Self::Broken => {
                    take(rest);
                    *consumed = pending.len();
                    return Part::Nothing;
                }
                Self::ChunkSize => match httparse::parse_chunk_size(rest) {
                    Ok(httparse::Status::Complete((len, 0))) => {
                        *consumed += len;
                        *self = Self::Trailers;
                    }
                    Ok(httparse::Status::Complete((len, size))) => {
                        *consumed += len;
                        *self = Self::ChunkData(size + 2);
                    }
                    Ok(httparse::Status::Partial) => return Part::Nothing,
                    Err(_) => *self = Self::Broken,
                },
                Self::ChunkData(left) => {
                    if rest.is_empty() {
                        return Part::Nothing;
                    }
                    let n = at_most(*left, rest);
                    // The last two of the bytes to come are the chunk's line end.
                    let of_data = n.min(at_most(left.saturating_sub(2), rest));
                    take(&rest[..of_data]);
                    *consumed += n;
                    *left -= n as u64;
                    if *left == 0 {
                        *self = Self::ChunkSize;
                        return Part::Piece;
                    }
                }
                Self::Trailers => {
                    let Some(end) = rest.windows(2).position(|w| w == b"\r\n") else {
                        return Part::Nothing;
                    };
                    *consumed += end + 2;
                    if end == 0 {
                        return Part::Last;
                    }
                }
            }
        }
    }
}
