//! What any hop can be told to change in the messages: its shape in a file, whether that can be, and how it is written.

use std::collections::BTreeMap;

use crate::proxy::edits::{FRAMING, REDIRECTS};
use crate::proxy::{Edits, HeaderEdits, Redirect, RedirectTo};
use crate::yaml::collection::{Entries, List, Numbered};
use crate::yaml::decode::At;
use crate::yaml::forms::record;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::{Text, Whole};
use crate::yaml::source::Span;
use crate::yaml::words::{list, quote};
use crate::yaml::write::{self, Yaml};

/// Names of headers.
pub(in crate::scenario) type HeaderNames = List<At<Text>>;
/// New names by old ones.
pub(in crate::scenario) type Renamed = Entries<At<Text>>;
/// Values by names.
pub(in crate::scenario) type Added = Entries<At<Text>>;
/// A final status that a proxy can pass on.
type Status = Whole<200, 599>;

record! {
    /// What is changed in the headers of requests on their way to the upstream.
    RequestForm, "`request`";
    required {}
    optional {
        /// Headers that the upstream does not get.
        "hide-headers" hide: HeaderNames,
        /// Headers that the upstream gets under another name.
        "rename-headers" rename: Renamed,
        /// Headers that the upstream gets with each request.
        "add-headers" add: Added,
    }
}

impl RequestForm {
    pub(super) fn edits(&self, report: &mut Report<'_>) -> HeaderEdits {
        header_edits(&self.hide, &self.rename, &self.add, report)
    }
}

/// The edits of one direction; what cannot be a header, or is the product's own business, is reported.
pub(in crate::scenario) fn header_edits(
    hide: &Option<HeaderNames>,
    rename: &Option<Renamed>,
    add: &Option<Added>,
    report: &mut Report<'_>,
) -> HeaderEdits {
    let mut edits = HeaderEdits::default();
    // Every header that is hidden or renamed, in lower case: none twice.
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    for name in hide.iter().flat_map(|list| &list.items) {
        if is_header(name, report) && is_new(&mut seen, name, report) {
            edits.hide.push(name.value.clone());
        }
    }
    for (old, new) in entries(rename.as_ref()) {
        if is_header(old, report) & is_header(new, report) && is_new(&mut seen, old, report) {
            edits.rename.insert(old.value.clone(), new.value.clone());
        }
    }
    for (name, value) in entries(add.as_ref()) {
        let plain = value
            .value
            .chars()
            .all(|c| c == ' ' || c.is_ascii_graphic());
        if !plain {
            let title = format!("{} cannot be the value of a header", quote(&value.value));
            report.add(
                Mistake::new(value.span, title, "not a plain text")
                    .help("a value is one line of printable ASCII characters"),
            );
        }
        if is_header(name, report) && plain {
            edits.add.insert(name.value.clone(), value.value.clone());
        }
    }
    edits
}

fn entries<T>(map: Option<&Entries<T>>) -> impl Iterator<Item = (&At<Text>, &T)> {
    let entries = map.map_or(&[][..], |map| &map.0);
    let given = entries.iter();
    given.filter_map(|(name, value)| Some((name, value.as_ref()?)))
}

fn is_new(seen: &mut BTreeMap<String, Span>, name: &At<Text>, report: &mut Report<'_>) -> bool {
    let first = seen.insert(name.value.to_ascii_lowercase(), name.span);
    if let Some(first) = first {
        let title = format!("the header {} is changed twice", quote(&name.value));
        report.add(
            Mistake::new(name.span, title, "again here")
                .also(first, "first here")
                .help("a header is hidden or renamed, once: remove one of the two"),
        );
    }
    first.is_none()
}

/// Whether it can be the name of a header that may be changed; if not, that is reported.
fn is_header(name: &At<Text>, report: &mut Report<'_>) -> bool {
    let word = name.value.as_str();
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !word.bytes().all(token) {
        let title = format!("{} cannot be the name of a header", quote(word));
        report.add(
            Mistake::new(name.span, title, "not a plain name")
                .help("a name is letters, digits and `-`, without a colon or blanks"),
        );
        return false;
    }
    let is_framing = FRAMING.iter().any(|own| word.eq_ignore_ascii_case(own));
    if is_framing {
        let title = format!("the header {} cannot be changed", quote(word));
        report.add(
            Mistake::new(name.span, title, "it frames the message").help(format!(
                "a hop sets {} itself; to break a message use `inject`",
                list(&FRAMING)
            )),
        );
    }
    !is_framing
}

/// Statuses by statuses.
pub(super) type Statuses = Numbered<Status, At<Status>>;

impl Statuses {
    /// The statuses; those that would have no body are reported.
    pub(super) fn checked(&self, report: &mut Report<'_>) -> BTreeMap<u16, u16> {
        let mut statuses = BTreeMap::new();
        for (from, to) in &self.0 {
            let Some(to) = to else { continue };
            if matches!(to.value.0, 204 | 304) {
                let title = format!("the status {} has no body", to.value.0);
                report.add(
                    Mistake::new(to.span, title, "the upstream's body would be left over")
                        .help("choose another status, e.g. 200 or 502"),
                );
                continue;
            }
            let status = |status: u64| u16::try_from(status).unwrap_or(u16::MAX);
            statuses.insert(status(from.value.0), status(to.value.0));
        }
        statuses
    }
}

record! {
    /// Where requests are sent first.
    RedirectForm, "`redirect`";
    required {
        /// 301, 302, 307 or 308.
        "status" status: At<Whole<300, 399>>,
        /// The path, e.g. `/v2/mcp`, or `slash` for the same path with a slash at its end.
        "to" to: At<Text>,
    }
    optional {}
}

impl RedirectForm {
    /// The redirect; what is none is reported.
    pub(super) fn redirect(&self, report: &mut Report<'_>) -> Option<Redirect> {
        let (status, to) = (self.status.as_ref()?, self.to.as_ref()?);
        let number = u16::try_from(status.value.0).unwrap_or(u16::MAX);
        let known = REDIRECTS.contains(&number);
        if !known {
            let title = format!("{number} is no status of a redirect");
            report.add(
                Mistake::new(
                    status.span,
                    title,
                    "a client does not ask the same again for it",
                )
                .help(format!(
                    "the statuses are {}",
                    list(&REDIRECTS.map(|s| s.to_string()))
                )),
            );
        }
        let plain = |c: char| c.is_ascii_graphic() && !"?#\"<>\\^`{|}".contains(c);
        let target = match to.value.as_str() {
            "slash" => Some(RedirectTo::Slash),
            path if path.starts_with('/') && path.chars().all(plain) => {
                Some(RedirectTo::Path(path.to_owned()))
            }
            other => {
                let title = format!("a redirect cannot lead to {}", quote(other));
                report.add(
                    Mistake::new(to.span, title, "neither `slash` nor a path")
                        .help("write `slash`, or a path of the same host, e.g. `/v2/mcp`"),
                );
                None
            }
        };
        Some(Redirect {
            status: number,
            to: target.filter(|_| known)?,
        })
    }
}

/// The settings with these edits, as the file has them.
pub(super) fn written(edits: &Edits, settings: write::Entries) -> write::Entries {
    let request = with_headers(&edits.request, write::Entries::default());
    let request = (!edits.request.is_empty()).then(|| request.map());
    let statuses = edits.statuses.iter();
    let statuses = statuses.map(|(from, to)| (u64::from(*from), Yaml::Number((*to).into())));
    let statuses = (!edits.statuses.is_empty()).then(|| Yaml::Numbers(statuses.collect()));
    let redirect = edits.redirect.as_ref().map(|redirect| {
        let to = match &redirect.to {
            RedirectTo::Slash => "slash",
            RedirectTo::Path(path) => path,
        };
        write::Entries::default()
            .with("status", Yaml::Number(redirect.status.into()))
            .with("to", Yaml::text(to))
            .map()
    });
    with_headers(&edits.response, settings)
        .with_some("request", request)
        .with_some("statuses", statuses)
        .with_some("redirect", redirect)
}

fn with_headers(edits: &HeaderEdits, entries: write::Entries) -> write::Entries {
    let map = |pairs: &BTreeMap<String, String>| {
        let all = pairs.iter();
        let all = all.fold(write::Entries::default(), |all, (name, value)| {
            all.with(name, Yaml::text(value))
        });
        (!pairs.is_empty()).then(|| all.map())
    };
    let hidden = (!edits.hide.is_empty()).then(|| Yaml::texts(&edits.hide));
    entries
        .with_some("hide-headers", hidden)
        .with_some("rename-headers", map(&edits.rename))
        .with_some("add-headers", map(&edits.add))
}
