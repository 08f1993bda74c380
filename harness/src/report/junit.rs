//! Results as JUnit XML, the form that CI systems read: a suite a scenario, a test case a client.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::report::table::{label, rung, violated};
use crate::runner::{CellResult, Outcome};

/// The results of `run`. A cell that is not kept is a failure, with what went wrong; two runs that differ are an error.
#[must_use]
pub fn junit(results: &[CellResult]) -> String {
    let mut report = Report::new("stalemate");
    for of_scenario in results.chunk_by(|a, b| a.scenario == b.scenario) {
        let mut suite = TestSuite::new(of_scenario[0].scenario.as_str());
        suite.add_test_cases(of_scenario.iter().map(case));
        report.add_test_suite(suite);
    }
    text(&report)
}

fn case(result: &CellResult) -> TestCase {
    let status = match result.outcome {
        Outcome::Kept => TestCaseStatus::success(),
        outcome => {
            let kind = match outcome {
                Outcome::NotDeterministic => NonSuccessKind::Error,
                _ => NonSuccessKind::Failure,
            };
            failed(kind, outcome.as_str(), &result.problems)
        }
    };
    let mut case = TestCase::new(label(result), status);
    case.set_classname(result.scenario.as_str());
    case.add_property(("rung", rung(result)));
    let known = violated(result);
    if !known.is_empty() {
        case.add_property(("known-violations", known.join(", ").as_str()));
    }
    case
}

/// A status that is no success, with its reasons.
pub(super) fn failed(kind: NonSuccessKind, what: &str, why: &[String]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    let first = why.first().map_or(what, String::as_str);
    status.set_type(what).set_message(first);
    if !why.is_empty() {
        status.set_description(why.join("\n"));
    }
    status
}

/// The report as a document.
pub(super) fn text(report: &Report) -> String {
    let mut text = report.to_string().expect("written to memory");
    text.push('\n');
    text
}
