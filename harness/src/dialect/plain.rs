//! From what a file says to the values of a core: the conversions, and the macro that reads a core's type by naming its keys.

use std::collections::BTreeSet;

use crate::yaml::collection::List;
use crate::yaml::decode::At;
use crate::yaml::duration::{Duration, TimeoutForm};
use crate::yaml::scalar::{AnyText, Flag, Signed, Text, Whole};
use crate::yaml::word::{One, Word};

/// What is read as one type and kept as another.
pub(super) trait Plain<V> {
    /// The value.
    fn plain(self) -> V;
}

impl Plain<String> for Text {
    fn plain(self) -> String {
        self
    }
}

impl Plain<String> for AnyText {
    fn plain(self) -> String {
        self.0
    }
}

impl Plain<bool> for Flag {
    fn plain(self) -> bool {
        self.0
    }
}

impl Plain<i64> for Signed {
    fn plain(self) -> i64 {
        self.0
    }
}

impl<const LEAST: u64, const MOST: u64> Plain<u16> for Whole<LEAST, MOST> {
    fn plain(self) -> u16 {
        u16::try_from(self.0).unwrap_or(u16::MAX)
    }
}

impl<const LEAST: u64, const MOST: u64> Plain<i32> for Whole<LEAST, MOST> {
    fn plain(self) -> i32 {
        i32::try_from(self.0).unwrap_or(i32::MAX)
    }
}

impl<const LEAST: u64, const MOST: u64> Plain<usize> for Whole<LEAST, MOST> {
    fn plain(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Plain<u64> for Duration {
    fn plain(self) -> u64 {
        self.0
    }
}

impl Plain<Option<u64>> for TimeoutForm {
    fn plain(self) -> Option<u64> {
        self.ms()
    }
}

impl<W: Word> Plain<W> for One<W> {
    fn plain(self) -> W {
        self.0
    }
}

impl<T: Plain<V>, V> Plain<Vec<V>> for List<T> {
    fn plain(self) -> Vec<V> {
        self.items.into_iter().map(T::plain).collect()
    }
}

impl<T: Plain<V>, V: Ord> Plain<BTreeSet<V>> for List<T> {
    fn plain(self) -> BTreeSet<V> {
        self.items.into_iter().map(T::plain).collect()
    }
}

impl<T> Plain<Self> for At<T> {
    fn plain(self) -> Self {
        self
    }
}

/// Reads a type with named fields: the keys that must be there, those that may be missing (`Option`), and those that mean
/// something else where they are missing. Each field names the type that its value is read as.
macro_rules! shape {
    (
        $type:ident, $what:literal;
        required { $($rkey:literal $rfield:ident: $rtype:ty,)* }
        optional { $($okey:literal $ofield:ident: $otype:ty,)* }
        otherwise { $($dkey:literal $dfield:ident: $dtype:ty = $default:expr,)* }
        $(besides { $($bfield:ident: $besides:expr,)* })?
    ) => {
        impl $crate::yaml::decode::Decode for $type {
            const WHAT: &'static str = "a map";

            fn decode(
                node: &$crate::yaml::tree::Node,
                report: &mut $crate::yaml::report::Report<'_>,
            ) -> Option<Self> {
                let keys = [$($rkey,)* $($okey,)* $($dkey,)*];
                let fields = $crate::yaml::fields::Fields::of(node, $what, &keys, report)?;
                $(let $rfield = fields.required::<$rtype>($rkey, report);)*
                $(let $ofield = fields.optional::<$otype>($okey, report);)*
                $(let $dfield = fields.optional::<$dtype>($dkey, report);)*
                Some(Self {
                    $($rfield: $crate::dialect::plain::Plain::plain($rfield?),)*
                    $($ofield: $ofield.map($crate::dialect::plain::Plain::plain),)*
                    $($dfield: $dfield.map_or_else(|| $default, $crate::dialect::plain::Plain::plain),)*
                    $($($bfield: $besides,)*)?
                })
            }
        }

        impl $crate::dialect::plain::Plain<$type> for $type {
            fn plain(self) -> Self {
                self
            }
        }
    };
}

pub(super) use shape;
