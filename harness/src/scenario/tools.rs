//! The tools of a server: a list of names, with those in it that every climb calls.

use std::collections::BTreeMap;

use crate::app::CLIMBS_WITH;
use crate::server::{Tool, Tools};
use crate::yaml::collection::{List, first_of};
use crate::yaml::decode::At;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::word::One;
use crate::yaml::words::quote;
use crate::yaml::write::Yaml;

/// Those that are listed.
pub(super) fn tools(form: &At<List<At<One<Tool>>>>, report: &mut Report<'_>) -> Tools {
    let mut seen = BTreeMap::new();
    for item in &form.value.items {
        let name = item.value.0.as_str();
        first_of(&mut seen, name, item.span, name, report);
    }
    let tools: Tools = form.value.items.iter().map(|item| item.value.0).collect();
    if form.value.whole {
        for tool in CLIMBS_WITH.into_iter().filter(|tool| !tools.has(*tool)) {
            let name = quote(tool.as_str());
            let title = format!("the tool {name} is missing");
            let finding = Mistake::new(form.span, title, "a climb calls it");
            report.add(finding.help(format!("add {name}")));
        }
    }
    tools
}

/// As the file has it.
pub(super) fn written(tools: Tools) -> Yaml {
    Yaml::texts(&tools.names())
}
