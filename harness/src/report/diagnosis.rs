//! What a log proves, for a person and for a program: the layers that are wrong, the sessions, and what it does not tell.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use crate::diagnose::{
    ADVISED, Broken, Finding, Fingerprint, Ledger, Mark, Session, Told, cause, findings, is_dead,
    is_sent_on, length, products, shown, untold,
};

/// The version of the form of the JSON.
const VERSION: u32 = 1;
/// How many sessions are shown unless more are wanted.
const SESSIONS: usize = 5;
/// How much of an id is shown, in characters (SES-04).
const SHOWN_OF_ID: usize = 8;

/// What was read, and what it means.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    log: String,
    ledger: Ledger,
    broken: Broken,
    told: Told,
    lines: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
    known: Vec<Fingerprint>,
}

impl Diagnosis {
    /// What those books mean.
    #[must_use]
    pub fn new(
        log: String,
        ledger: Ledger,
        broken: Broken,
        told: Told,
        lines: u64,
        known: &[Fingerprint],
    ) -> Self {
        let findings = findings(&ledger, known);
        Self {
            log,
            ledger,
            broken,
            told,
            lines,
            findings,
            known: known.to_vec(),
        }
    }

    /// The sessions that are dead and were asked for all the same, the most often first.
    fn dead(&self) -> Vec<(&str, &Session)> {
        let all = self.ledger.sessions.iter();
        let mut dead: Vec<_> = all
            .filter(|(_, s)| is_dead(s) || s.flips > 1)
            .map(|(id, s)| (&**id, s))
            .collect();
        dead.sort_by_key(|(_, s)| std::cmp::Reverse((s.refused_count(), s.flips)));
        dead
    }
}

fn short(id: &str) -> String {
    match id.chars().count() <= SHOWN_OF_ID {
        true => id.to_owned(),
        false => format!("{}…", id.chars().take(SHOWN_OF_ID).collect::<String>()),
    }
}

fn place(mark: Mark) -> String {
    let at = mark
        .at_ms
        .map_or_else(String::new, |at| format!(" at {}", shown(at)));
    format!("line {}{at}", mark.line)
}

/// The table. `all` shows every dead session.
#[must_use]
pub fn table(diagnosis: &Diagnosis, all: bool) -> String {
    let mut out = String::new();
    let bold = Style::new().bold();
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let green = Style::new().fg_color(Some(AnsiColor::Green.into()));
    let ledger = &diagnosis.ledger;
    let _ = writeln!(
        out,
        "{bold}{}{bold:#}  {} lines, {} of them about MCP, {} sessions{}",
        diagnosis.log,
        diagnosis.lines,
        ledger.about_sessions,
        ledger.sessions.len() as u64 + ledger.forgotten,
        span(ledger),
    );
    if diagnosis.broken.count > 0 {
        let _ = writeln!(out, "{} lines could not be read:", diagnosis.broken.count);
        for (line, text) in &diagnosis.broken.first {
            let _ = writeln!(out, "  line {line}: {text}");
        }
    }
    if diagnosis.findings.is_empty() {
        let _ = writeln!(
            out,
            "\n{green}Nothing is wrong, as far as this log tells.{green:#}"
        );
    }
    for finding in &diagnosis.findings {
        let products = match finding.products.as_slice() {
            [] => String::new(),
            names => format!(" (answers as {} does)", names.join(" or ")),
        };
        let sessions = match finding.sessions {
            0 => String::new(),
            1 => ", 1 session".to_owned(),
            n => format!(", {n} sessions"),
        };
        let line = match finding.line {
            0 => String::new(),
            line => format!(", e.g. line {line}"),
        };
        let _ = writeln!(
            out,
            "\n{red}{}{red:#}{products}: {}",
            finding.layer.as_str(),
            finding.what
        );
        let _ = writeln!(out, "  breaks   {}{sessions}{line}", finding.clause);
        let _ = writeln!(out, "  remedy   {}", finding.remedy);
    }
    let dead = diagnosis.dead();
    if !dead.is_empty() {
        let _ = writeln!(out, "\n{bold}SESSIONS{bold:#}");
        let most = if all { usize::MAX } else { SESSIONS };
        for (id, session) in dead.iter().take(most) {
            one(&mut out, diagnosis, id, session);
        }
        if dead.len() > most {
            let _ = writeln!(
                out,
                "  … and {} more: --sessions shows all",
                dead.len() - most
            );
        }
    }
    let untold = untold(diagnosis.told);
    if !untold.is_empty() {
        let _ = writeln!(out, "\n{bold}WHAT THIS LOG DOES NOT TELL{bold:#}");
        for what in untold {
            let _ = writeln!(out, "  {what}");
        }
        let advised = !(diagnosis.told.time
            && diagnosis.told.session
            && diagnosis.told.given
            && diagnosis.told.upstream_status);
        if advised {
            let _ = writeln!(
                out,
                "  nginx can log it:\n\n    log_format mcp '{ADVISED}';\n    access_log /var/log/nginx/mcp.log mcp;"
            );
        }
    }
    out
}

fn span(ledger: &Ledger) -> String {
    match ledger.span {
        Some((from, to)) => match to.since(from) {
            Some(ms) if ms > 0 => format!(" in {}", length(ms)),
            _ => String::new(),
        },
        None => String::new(),
    }
}

fn one(out: &mut String, diagnosis: &Diagnosis, id: &str, session: &Session) {
    let mut line = |what: &str, text: String| {
        let _ = writeln!(out, "    {what:<13}{text}");
    };
    let head = short(id);
    let peers = match session.peers.len() {
        0 | 1 => String::new(),
        n => format!(
            ", from {n} addresses: {}",
            session.peers.iter().cloned().collect::<Vec<_>>().join(", ")
        ),
    };
    line_head(&mut line, &head, session, &peers);
    let or_unseen = |mark: Option<Mark>| mark.map_or_else(|| "not in this log".to_owned(), place);
    line("born", or_unseen(session.born));
    line(
        "last good",
        format!(
            "{}{}",
            or_unseen(session.last_good),
            match session.good {
                0 => String::new(),
                n => format!(", {n} in all"),
            }
        ),
    );
    if let Some(deleted) = session.deleted {
        line("deleted", place(deleted));
    }
    if let Some(refused) = session.refused {
        line("refused", place(refused));
        if let (Some(last), true) = (session.last_refused, session.refused_count() > 1) {
            let long = last
                .since(refused)
                .map_or_else(String::new, |ms| format!(", {} later", length(ms)));
            line("still sent", format!("{}{long}", place(last)));
        }
        for r in &session.refusals {
            let bytes = r
                .bytes
                .map_or_else(String::new, |bytes| format!(", {bytes} bytes"));
            line(
                "",
                format!(
                    "{} × {} answered {}{bytes}",
                    r.count,
                    r.method.as_str(),
                    r.status
                ),
            );
        }
        if let Some(cause) = cause(session, &diagnosis.ledger) {
            line("probably", cause);
        }
        let names = products(&session.refusals, &diagnosis.known);
        if !names.is_empty() {
            line("fingerprint", names.join(" or "));
        }
        if session.initialize {
            line("initialize", "was sent with the dead id".to_owned());
        }
    }
    if session.flips > 1 {
        line(
            "in turn",
            format!("{} times served again after a refusal", session.flips),
        );
    }
}

fn line_head(line: &mut impl FnMut(&str, String), id: &str, session: &Session, peers: &str) {
    let state = match (session.flips > 1, is_sent_on(session)) {
        (true, _) => "served and refused in turn",
        (_, true) => "dead, and sent on",
        _ => "dead",
    };
    line(&format!("{id:<12}"), format!("{state}{peers}"));
}

/// The same for a program.
#[must_use]
pub fn json(diagnosis: &Diagnosis) -> Value {
    let mark = |mark: Option<Mark>| mark.map(|m| json!({"line": m.line, "at_ms": m.at_ms}));
    let findings = diagnosis.findings.iter().map(|f| {
        json!({
            "layer": f.layer,
            "clause": f.clause,
            "what": f.what,
            "products": f.products,
            "sessions": f.sessions,
            "line": f.line,
            "remedy": f.remedy,
        })
    });
    let dead = diagnosis.dead();
    let sessions = dead.iter().map(|(id, s)| {
        let refusals = s.refusals.iter().map(|r| {
            json!({"method": r.method.as_str(), "status": r.status, "bytes": r.bytes, "count": r.count})
        });
        json!({
            "id": short(id),
            "born": mark(s.born),
            "last_good": mark(s.last_good),
            "refused": mark(s.refused),
            "last_refused": mark(s.last_refused),
            "deleted": mark(s.deleted),
            "sent_on": is_sent_on(s),
            "refusals": refusals.collect::<Vec<_>>(),
            "cause": cause(s, &diagnosis.ledger),
            "products": products(&s.refusals, &diagnosis.known),
        })
    });
    json!({
        "version": VERSION,
        "log": diagnosis.log,
        "lines": diagnosis.lines,
        "exchanges": diagnosis.ledger.hits,
        "about_sessions": diagnosis.ledger.about_sessions,
        "broken_lines": diagnosis.broken.count,
        "sessions": diagnosis.ledger.sessions.len() as u64 + diagnosis.ledger.forgotten,
        "findings": findings.collect::<Vec<_>>(),
        "dead": sessions.collect::<Vec<_>>(),
        "not_told": untold(diagnosis.told),
    })
}
