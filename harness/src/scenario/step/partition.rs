//! Partitions: their shape in a file, and between which processes they lie.

use super::checker::Checker;
use crate::journal::CLIENT;
use crate::yaml::collection::List;
use crate::yaml::decode::At;
use crate::yaml::duration::Duration;
use crate::yaml::forms::record;
use crate::yaml::report::Mistake;
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
                Mistake::new(
                    between.span,
                    "a partition lies between two processes",
                    format!("here are {found}"),
                )
                .help("write e.g. `between: [client, cloudflare]`"),
            );
        }
        return None;
    };
    let mut known = vec![CLIENT];
    known.extend(names.hops.iter().map(String::as_str));
    let behind: Vec<&str> = names
        .processes()
        .into_iter()
        .filter(|n| !known.contains(n))
        .collect();
    known.extend(behind);
    let mut find = |name: &At<Text>| names.find(name, &known, "ends of a partition", report);
    let (first, second) = (find(one), find(other));
    if !(first && second) {
        return None;
    }
    // A server's process is where its server is.
    let at = |way: &[&str], server: &str, name: &str| {
        let is_it = *server == *name || names.members(server).iter().any(|m| m == name);
        let place = way.iter().position(|at| *at == name);
        place.or(is_it.then_some(way.len()))
    };
    let are_neighbours = names.ways.iter().any(|(server, hops)| {
        let way: Vec<&str> = [CLIENT]
            .into_iter()
            .chain(hops.iter().map(String::as_str))
            .collect();
        let places = (at(&way, server, &one.value), at(&way, server, &other.value));
        matches!(places, (Some(a), Some(b)) if a.abs_diff(b) == 1)
    });
    if !are_neighbours {
        let title = format!(
            "nothing passes directly between {} and {}",
            quote(&one.value),
            quote(&other.value)
        );
        let mut ways: Vec<String> = Vec::new();
        for (server, hops) in &names.ways {
            let hops = hops.iter().map(String::as_str);
            let own = names.ways.values().any(|way| *way != names.hops);
            let end = if own { server.as_str() } else { "a server" };
            let way: Vec<&str> = [CLIENT].into_iter().chain(hops).chain([end]).collect();
            let way = way.join(", ");
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        report.add(
            Mistake::new(between.span, title, "these two are not neighbours")
                .help(format!("the way is {}", ways.join("; or "))),
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
