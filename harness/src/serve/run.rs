//! One run from its beginning to its end: the world is started, the script is played, and what came of it is judged.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stalemate_clients::ClientFactory;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::app::{Journal, MakeClient, SharedFront, User};
use crate::journal::{CLIENT, Cast, Evidence, Record};
use crate::operator::{AtOnce, Cue, Script, ScriptNotes};
use crate::process::maker::Maker;
use crate::registry::Subject;
use crate::runner::{self, CellResult, Outcome};
use crate::scenario::Scenario;
use crate::serve::door::{Objects, Ports, addresses, doors};
use crate::serve::follow::{Follower, findings};
use crate::serve::front::Person;
use crate::serve::guide::Guide;
use crate::serve::machines::Trouble;
use crate::serve::pace::{Pace, Paced};
use crate::serve::state::{Kind, Shown, State};
use crate::serve::words;
use crate::serve::world::World;
use crate::setup::Casting;
use crate::setup::way::{patience_ms, tokens};
use crate::sim::RunNotes;

/// The time of a tick, in milliseconds: how exact the record's times are, and how often faults are looked after.
const TICK_MS: u64 = 2;

/// The time that a message takes over loopback at the most, in milliseconds, as judgements take it.
const LATENCY_MS: u64 = 1;

/// A run that is to be.
#[derive(Clone)]
pub struct Play {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Who is under test: a name, by which the scenario may promise something.
    pub client: String,
    /// Whether that is a bare SDK, without an application around it.
    pub is_bare: bool,
    /// The seed of what the servers draw.
    pub seed: u64,
    /// The address of this machine that everything listens on.
    pub host: IpAddr,
    /// On which ports.
    pub ports: Ports,
    /// How it is led.
    pub pace: Pace,
    /// The longest that it may take, in milliseconds.
    pub limit_ms: Option<u64>,
    /// Set from outside when it is to end now.
    pub stop: Arc<AtomicBool>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// With its script.
    Whole,
    /// Its time was over.
    OutOfTime,
    /// It was told to.
    Stopped,
}

/// What came of a run.
#[derive(Debug)]
pub struct Played {
    /// What was observed.
    pub record: Record,
    /// What no record tells.
    pub findings: RunNotes,
    /// How it ended.
    pub ends: Ends,
}

impl Played {
    /// It judged against what its scenario promises. What did not come to its end promises nothing.
    #[must_use]
    pub fn judge(&self, scenario: &Scenario) -> CellResult {
        let mut result = runner::judge(scenario, &self.record, &self.findings, None);
        let why = match self.ends {
            Ends::Whole => return result,
            Ends::OutOfTime => "the time was over before the scenario was",
            Ends::Stopped => "it was stopped before the scenario was over",
        };
        result.outcome = result.outcome.max(Outcome::Vacuous);
        result.problems.push(why.to_owned());
        result
    }
}

/// Why a run could not be.
#[derive(Debug)]
pub struct CannotServe(String);

impl fmt::Display for CannotServe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CannotServe {}

impl From<io::Error> for CannotServe {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// What a process said that could not run.
type Troubles = Rc<RefCell<Option<String>>>;

fn world(play: &Play, application: bool, evidence: Vec<Evidence>) -> io::Result<(World, Troubles)> {
    let casting = Casting {
        client: &play.client,
        application,
        relays: false,
        seed: play.seed,
        latency_ms: LATENCY_MS,
        evidence,
    };
    let mut cast = casting.cast(&play.scenario);
    cast.summary.push_str(" Played on loopback, in real time");
    if play.pace.divisor > 1 {
        let waits = format!(", with waits divided by {}", play.pace.divisor);
        cast.summary.push_str(&waits);
    }
    cast.summary.push('.');
    let cast: Arc<Cast> = Arc::new(cast);
    let troubles = Troubles::default();
    let told = Rc::clone(&troubles);
    let trouble: Trouble = Rc::new(move |process, error| {
        *told.borrow_mut() = Some(format!("{process}: {error}"));
    });
    let world = World::build(&play.scenario, play.seed, cast, play.host, trouble)?;
    Ok((world, troubles))
}

/// Plays a scenario with an application from outside, led by that guide. Call it within a [`LocalSet`]. `opened` is called
/// once the guide has the addresses, before anything is asked.
///
/// # Errors
/// [`CannotServe`] if a port is taken, or the scenario has servers that ask for tokens, which no application here can get, or
/// more than one client object of its user.
pub async fn serve(
    play: &Play,
    guide: &Rc<Guide>,
    opened: impl FnOnce(),
) -> Result<Played, CannotServe> {
    let asking = play.scenario.servers.iter().find(|server| {
        let dialect = server.kind.dialect();
        dialect.is_some_and(|dialect| dialect.tokens.is_some())
    });
    if let Some(server) = asking {
        return Err(CannotServe(format!(
            "{} asks for bearer tokens, and there is nobody here of whom your application could get one",
            server.name
        )));
    }
    let objects = play.scenario.steps.iter().map(|step| step.action.object());
    if let Some(object) = objects.max().filter(|object| *object > 1) {
        return Err(CannotServe(format!(
            "the scenario asks client object {object} of one user, and which of your application's objects a connection belongs \
             to cannot be told from outside: run it with a client here, by `stalemate run`"
        )));
    }
    let mut evidence = Evidence::ALL.to_vec();
    if !play.is_bare {
        // Which of an application's objects a connection belongs to, nobody sees from outside.
        evidence.retain(|e| *e != Evidence::ClientObjects);
    }
    let (mut world, troubles) = world(play, !play.is_bare, evidence)?;
    let objects = Objects::default();
    let doors = doors(&play.scenario, play.ports, &world, &objects)?;
    let addresses = addresses(&play.scenario, &world, &doors);
    let urls = addresses.iter();
    let urls = urls.map(|a| (Arc::from(a.server.as_str()), a.url.clone()));
    let follower = Follower::new(Arc::clone(&play.scenario), Arc::clone(&world.cast));
    let follower = Rc::new(RefCell::new(follower));
    let (recorder, told, follows) = (
        world.recorder.clone(),
        Rc::clone(guide),
        Rc::clone(&follower),
    );
    let person = Rc::new(Person {
        catch_up: Box::new(move || follows.borrow_mut().catch_up(&recorder, &told)),
        guide: Rc::clone(guide),
        recorder: world.recorder.clone(),
        pace: play.pace,
        is_bare: play.is_bare,
        patience_ms: patience_ms(&play.scenario),
        urls: urls.collect(),
        objects,
        begun: std::cell::Cell::new(0),
    });
    guide.open(State {
        scenario: play.scenario.name.clone(),
        summary: play.scenario.summary.clone(),
        client: play.client.clone(),
        steps: play
            .scenario
            .steps
            .iter()
            .map(words::shown)
            .collect::<Vec<Shown>>(),
        addresses,
        ..State::default()
    });
    opened();
    if play.pace.auto {
        let text = "nobody says what the application shows: what the wire shows counts as shown";
        guide.happened(0, Kind::Note, text);
    }
    world.operator.machines.start();
    for door in doors {
        let told = Rc::clone(&troubles);
        spawn_local(async move {
            let name = door.server.clone();
            if let Err(error) = Rc::new(door).stand().await {
                *told.borrow_mut() = Some(format!("the way in to {name}: {error}"));
            }
        });
    }
    let recorder = world.recorder.clone();
    let told = Rc::clone(guide);
    let played = drive(
        play,
        world,
        Rc::clone(&person) as SharedFront,
        person,
        &troubles,
        move || {
            follower.borrow_mut().follow(&recorder, &told);
        },
    )
    .await?;
    if played.ends == Ends::OutOfTime {
        guide.happened(played.findings.virtual_ms, Kind::Note, "the time is over");
    }
    Ok(played)
}

/// Plays a scenario with a model client in place of an application: in real time, on the same sockets. Call it within a
/// [`LocalSet`].
///
/// # Errors
/// [`CannotServe`] if there is no port, or the client is a program of its own.
pub async fn models(play: &Play, subject: &Subject) -> Result<Played, CannotServe> {
    if subject.factory().program().is_some() {
        return Err(CannotServe("a program dials for itself".to_owned()));
    }
    let (mut world, troubles) = world(play, subject.has_application(), Evidence::ALL.to_vec())?;
    let client = Arc::clone(&world.hosts[CLIENT].process);
    let factory: Arc<dyn ClientFactory> = Arc::clone(subject.factory());
    let maker: Rc<dyn MakeClient> = Rc::new(Maker {
        net: Arc::clone(&world.net),
        process: client,
        factory,
        paths: world.paths.clone(),
        tokens: tokens(&world.recorder, &play.scenario, play.seed),
    });
    let journal: Journal = Rc::new(world.recorder.clone());
    let front = Rc::new(Paced {
        front: subject.front(maker, journal),
        pace: play.pace,
    });
    world.operator.machines.start();
    drive(play, world, front, Rc::new(AtOnce), &troubles, || {}).await
}

/// Plays the script to its end, with that user.
async fn drive(
    play: &Play,
    mut world: World,
    front: SharedFront,
    cue: Rc<dyn Cue>,
    troubles: &Troubles,
    mut each: impl FnMut(),
) -> Result<Played, CannotServe> {
    let journal: Journal = Rc::new(world.recorder.clone());
    let found: Rc<RefCell<ScriptNotes>> = Rc::default();
    let script = Script {
        scenario: Rc::new((*play.scenario).clone()),
        recorder: world.recorder.clone(),
        user: User::new(journal, front, patience_ms(&play.scenario)),
        cue,
        commands: Rc::clone(&world.commands),
        findings: Rc::clone(&found),
    };
    let began = Instant::now();
    let mut ticks = interval(Duration::from_millis(TICK_MS));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let ends = {
        let mut playing = pin!(async {
            // Everything listens by then.
            up(&world.hosts).await;
            script.run().await;
        });
        loop {
            tokio::select! {
                biased;
                _ = ticks.tick() => {}
                () = &mut playing => break Ends::Whole,
            }
            let now_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            world.recorder.set_now_ms(now_ms);
            world.operator.attend(now_ms);
            each();
            if let Some(why) = troubles.borrow_mut().take() {
                return Err(CannotServe(why));
            }
            if play.stop.load(Ordering::Relaxed) {
                break Ends::Stopped;
            }
            if play.limit_ms.is_some_and(|limit_ms| now_ms >= limit_ms) {
                break Ends::OutOfTime;
            }
        }
    };
    world.recorder.close();
    let script = found.borrow().clone();
    let findings = findings(&script, &world.recorder);
    Ok(Played {
        record: world.recorder.take_record(),
        findings,
        ends,
    })
}

/// Returns once every process is up.
async fn up(hosts: &BTreeMap<crate::journal::ProcessName, Rc<crate::process::shell::Host>>) {
    while !hosts.values().all(|host| host.is_up.get()) {
        tokio::time::sleep(Duration::from_millis(TICK_MS)).await;
    }
}

/// A runtime on this thread, with everything in it that a run needs.
///
/// # Errors
/// If the system gives none.
pub fn on_this_thread<T>(what: impl Future<Output = T>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(LocalSet::new().block_on(&runtime, what))
}
