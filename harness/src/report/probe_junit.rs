//! What a real server said as JUnit XML, the form that CI systems read: a suite the server, a test case a clause.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::junit::{failed, text};
use super::probe::level;
use crate::clause;
use crate::live::probe::{ClauseVerdict, Count, Judged, Probed, Sequences};

/// What was learned of a server by asking it. A broken demand (MUST) is a failure. Anything else that is broken passes with a
/// note in its output, because a server may have reasons; what was not asked is skipped.
#[must_use]
pub fn probe_junit(url: &str, probed: &Probed) -> String {
    let mut suite = TestSuite::new(url);
    suite.add_test_cases(probed.judged.iter().map(|judged| case(url, judged)));
    if let Some(nearest) = &probed.nearest {
        suite.add_property(("nearest-dialect", nearest.dialect.name.as_str()));
    }
    document(suite)
}

fn case(url: &str, judged: &Judged) -> TestCase {
    let demanded = clause::get(judged.clause).is_some_and(|clause| clause.level.is_absolute());
    let level = level(judged.clause);
    let status = match judged.verdict {
        ClauseVerdict::Broken if demanded => {
            let why = [judged.said.clone()];
            failed(NonSuccessKind::Failure, level, &why)
        }
        ClauseVerdict::Broken | ClauseVerdict::Kept => TestCaseStatus::success(),
        ClauseVerdict::NotAsked => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(judged.said.as_str());
            status
        }
    };
    let mut case = TestCase::new(format!("{} {}", judged.clause, judged.about), status);
    case.set_classname(url);
    case.add_property(("level", level));
    if judged.verdict == ClauseVerdict::Broken && !demanded {
        case.set_system_out(format!("broken ({level}): {}", judged.said));
    }
    case
}

/// What came of random sequences that a server and a model of that dialect were asked: a test case for the requests of the
/// session core, and one for all.
#[must_use]
pub fn sequences_junit(url: &str, dialect: &str, played: &Sequences) -> String {
    let mut suite = TestSuite::new(format!("{url} against {dialect}"));
    let kinds = |core: bool| -> Vec<String> {
        let kinds = played.unlike.iter().filter(|u| u.core || !core);
        kinds
            .map(|u| {
                format!(
                    "{} × {}: here {}; there {}",
                    u.times, u.asked, u.real, u.model
                )
            })
            .collect()
    };
    let mut broken = kinds(false);
    if !played.broken_off.is_empty() {
        let seeds: Vec<String> = played.broken_off.iter().map(u64::to_string).collect();
        broken.push(format!("broken off: seeds {}", seeds.join(", ")));
    }
    for (name, count, why) in [
        ("session core", played.core, kinds(true)),
        ("all requests", played.whole, broken),
    ] {
        suite.add_test_case(compared(url, name, count, &why));
    }
    document(suite)
}

fn compared(url: &str, name: &str, count: Count, why: &[String]) -> TestCase {
    let status = if why.is_empty() {
        TestCaseStatus::success()
    } else {
        failed(NonSuccessKind::Failure, "answers differ", why)
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(url);
    case.add_property(("compared", count.all.to_string().as_str()));
    case.add_property(("same", count.same.to_string().as_str()));
    case
}

fn document(suite: TestSuite) -> String {
    let mut report = Report::new("stalemate probe");
    report.add_test_suite(suite);
    text(&report)
}
