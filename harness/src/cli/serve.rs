//! `stalemate serve`: a scenario for an application that nobody can script.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cli::load::{code_of, unknown_client};
use crate::cli::serving::ServeOptions;
use crate::cli::{bad, out, wanted};
use crate::registry::Registry;
use crate::report;
use crate::runner::{RunError, Runner};
use crate::scenario::ServerKind;
use crate::serve::{self, Ends, Guide, Pace, Play, Played, page, terminal};

/// Plays a scenario with somebody's application, and returns the exit code.
pub(super) fn serve(options: &ServeOptions, registry: &Registry) -> u8 {
    let has_terminal = io::stdin().is_terminal();
    if !options.auto && !has_terminal && options.page.is_none() {
        return bad(
            "the standard input is no terminal, so nobody can press Enter: use --auto, which goes on by itself, or --page PORT, \
             whose page has the buttons",
        );
    }
    let scenario = match wanted::scenario(&options.path, registry) {
        Ok(scenario) => scenario,
        Err(code) => return code,
    };
    if let Some(directory) = options.record.as_deref().and_then(Path::parent)
        && !directory.as_os_str().is_empty()
        && !directory.is_dir()
    {
        return bad(&format!(
            "--record: there is no directory {}",
            directory.display()
        ));
    }
    let promised = scenario.expect.contains_key(&options.client);
    if options.client != "your-application" && !promised && registry.get(&options.client).is_none()
    {
        return bad(&unknown_client(&options.client, registry));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    if let Err(error) = ctrlc::set_handler(move || told.store(true, Ordering::Relaxed)) {
        return bad(&format!("interrupts cannot be handled: {error}"));
    }
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let play = Play {
        client: options.client.clone(),
        is_bare: options.bare,
        seed: options.seed.unwrap_or(scenario.seeds[0]),
        host: options.host,
        ports: options.port,
        pace: Pace {
            auto: options.auto,
            step_ms: ms(options.step_time),
            divisor: options.pace,
        },
        limit_ms: options.limit.map(ms),
        stop,
        scenario: Arc::clone(&scenario),
    };
    let ran = serve::on_this_thread(play_it(options, &play, registry, has_terminal));
    match ran {
        Ok(code) => code,
        Err(error) => bad(&format!("it cannot be run: {error}")),
    }
}

async fn play_it(
    options: &ServeOptions,
    play: &Play,
    registry: &Registry,
    has_terminal: bool,
) -> u8 {
    let guide = Guide::new(vec![Box::new(move |news| {
        out::line(terminal::news(news, has_terminal))
    })]);
    let page = match page::Page::open(options.host, options.page.unwrap_or(0)) {
        Ok(page) => page,
        Err(error) => return bad(&format!("the page: {error}")),
    };
    let address = page.address();
    let opened = {
        let guide = Rc::clone(&guide);
        move || {
            out::line(terminal::head(&guide.state()));
            out::line(format_args!("\nThe same with buttons: http://{address}/"));
        }
    };
    tokio::task::spawn_local(page.serve(Rc::clone(&guide)));
    if has_terminal {
        let guide = Rc::clone(&guide);
        tokio::task::spawn_local(async move {
            let mut lines = terminal::lines();
            terminal::answer(&guide, &mut lines).await;
            out::line(format_args!(
                "the standard input has ended: go on with the buttons of http://{address}/"
            ));
        });
    }
    let played = match serve::serve(play, &guide, opened).await {
        Ok(played) => played,
        Err(error) => return bad(&error.to_string()),
    };
    finish(options, play, played, registry, &guide).await
}

async fn finish(
    options: &ServeOptions,
    play: &Play,
    played: Played,
    registry: &Registry,
    guide: &Guide,
) -> u8 {
    let (played, measured) = match measured(played, play, registry).await {
        Ok(done) => done,
        Err(why) => return bad(&why),
    };
    if let Some(file) = &options.record
        && let Err(error) = fs::write(file, played.record.to_json_lines())
    {
        return bad(&format!("cannot write `{}`: {error}", file.display()));
    }
    if let Err(error) = measured {
        bad(&format!("whether anybody could have worked: {error}"));
        return code_of(&error);
    }
    let result = played.judge(&play.scenario);
    let products = play.scenario.servers.iter().filter_map(|server| {
        let product = match &server.kind {
            ServerKind::Real(name) => format!("the real {name} server"),
            kind => kind.dialect()?.name.clone(),
        };
        Some((server.name.clone(), product))
    });
    let products = products.collect();
    let mut lines = report::summary(&result);
    lines.extend(report::to_whom(&result, &played.record, &products));
    if let Some(undecided) = report::undecided(&result) {
        lines.extend([String::new(), undecided]);
    }
    out::line("");
    lines.iter().for_each(out::line);
    if let Some(file) = &options.record {
        out::line(format_args!(
            "\nthe record: stalemate trace {}",
            file.display()
        ));
    }
    guide.draw(serve::picture(&result, &played.record));
    guide.end(lines, played.ends == Ends::Whole);
    page::farewell(guide).await;
    result.outcome.exit_code()
}

/// What was played, with what a right client needed: by simulation, beside the page, which goes on meanwhile.
async fn measured(
    mut played: Played,
    play: &Play,
    registry: &Registry,
) -> Result<(Played, Result<(), RunError>), String> {
    let (runner, scenario) = (Runner::new(registry.clone()), Arc::clone(&play.scenario));
    let measuring = tokio::task::spawn_blocking(move || {
        let measured = runner.measure(&scenario, &mut played.record);
        (played, measured)
    });
    measuring.await.map_err(|error| error.to_string())
}
