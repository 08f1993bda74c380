//! Partitions: their shape in a file, and between which processes they lie.

use super::checker::Checker;
use crate::journal::CLIENT;
use crate::yaml::collection::List;
use crate::yaml::decode::At;
use crate::yaml::duration::Duration;
use crate::yaml::forms::record;
use crate::yaml::report::Finding;
use crate::yaml::scalar::Text;
use crate::yaml::words::quote;

record! {
    /// Between whom nothing passes.
    PartitionForm, "`partition`";
    required {
        /// Two neighbours on the way from `client` through the path to a server.
        "between" between: At<List<At<Text>>>,
    }
    optional {
        /// How long; without it until `heal`.
        "for" span_of_time: Duration,
    }
}

/// A partition lies between neighbours: nothing ever passes directly between two others. A server of several processes
/// means one partition for each.
pub(crate) fn partitions(
    form: &PartitionForm,
    check: &mut Checker<'_, '_>,
) -> Option<Vec<(String, String)>> {
    let (names, report) = (check.names, &mut *check.report);
    let between = form.between.as_ref()?;
    let [one, other] = &between.value.items[..] else {
        if between.value.whole {
            let found = between.value.items.len();
            report.add(
                Finding::new(
                    between.span,
                    "a partition lies between two processes",
                    format!("here are {found}"),
                )
                .help("write e.g. `between: [client, cloudflare]`"),
            );
        }
        return None;
    };
    let mut way = vec![CLIENT];
    way.extend(names.hops.iter().map(String::as_str));
    let mut known = way.clone();
    let behind = |name: &&str| !way.contains(name);
    known.extend(names.processes().into_iter().filter(behind));
    let mut place = |name: &At<Text>| {
        names
            .find(name, &known, "ends of a partition", report)
            .then(|| {
                // All servers are behind the last hop.
                way.iter()
                    .position(|at| *at == name.value)
                    .unwrap_or(way.len())
            })
    };
    let (first, second) = (place(one), place(other));
    let (first, second) = (first?, second?);
    if first.abs_diff(second) != 1 {
        let title = format!(
            "nothing passes directly between {} and {}",
            quote(&one.value),
            quote(&other.value)
        );
        way.push("a server");
        report.add(
            Finding::new(between.span, title, "these two are not neighbours")
                .help(format!("the way is {}", way.join(", "))),
        );
        return None;
    }
    let others = names.members(&other.value);
    let pairs = names.members(&one.value).into_iter().flat_map(|one| {
        let others = others.clone().into_iter();
        others.map(move |other| (one.clone(), other))
    });
    Some(pairs.collect())
}
