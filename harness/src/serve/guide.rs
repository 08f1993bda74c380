//! Who tells a person that plays a scenario through how it stands, and takes their answers. The terminal and the page are two
//! views of it.

use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::{oneshot, watch};

use crate::serve::state::{Answer, Happened, Kind, Prompt, Shown, Standing, State};

/// What is new, for a view that shows one thing after the other.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// A step begins: its number from 1, how many there are, and what it is.
    Step(usize, usize, &'a Shown),
    /// Something is asked.
    Asked(&'a Prompt),
    /// What was asked has another hint now.
    Hinted(&'a Prompt),
    /// Something happened.
    Happened(&'a Happened),
}

type View = Box<dyn Fn(News<'_>)>;

#[derive(Default)]
struct Inner {
    state: State,
    answering: BTreeMap<u64, oneshot::Sender<Answer>>,
    asked: u64,
    picture: String,
    pictures: u64,
}

/// The guide of one run. What it is told it shows at once.
pub struct Guide {
    inner: RefCell<Inner>,
    views: Vec<View>,
    changes: watch::Sender<u64>,
    /// Whether somebody has asked how it stands.
    is_read: Cell<bool>,
}

impl Guide {
    /// A guide with those views.
    #[must_use]
    pub fn new(views: Vec<View>) -> Rc<Self> {
        Rc::new(Self {
            inner: RefCell::default(),
            views,
            changes: watch::Sender::new(0),
            is_read: Cell::new(false),
        })
    }

    /// Everything as it stands.
    pub fn state(&self) -> Ref<'_, State> {
        Ref::map(self.inner.borrow(), |inner| &inner.state)
    }

    /// Counts the changes.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Whether somebody looks at the changes now.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.changes.receiver_count() > 0
    }

    /// Somebody asked how it stands, and will again.
    pub(super) fn read(&self) {
        self.is_read.set(true);
    }

    /// Whether anybody but the views will want to know the end.
    #[must_use]
    pub(super) fn is_followed(&self) -> bool {
        self.is_watched() || self.is_read.get()
    }

    /// The picture of what happened so far as SVG, with its number: another picture has another one.
    #[must_use]
    pub fn picture(&self) -> (u64, String) {
        let inner = self.inner.borrow();
        (inner.pictures, inner.picture.clone())
    }

    /// There is a new picture.
    pub fn draw(&self, picture: String) {
        self.change(|inner| {
            inner.pictures += 1;
            inner.picture = picture;
        });
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.inner.borrow_mut());
        self.changes.send_modify(|count| *count += 1);
    }

    fn tell(&self, news: News<'_>) {
        self.views.iter().for_each(|view| view(news));
    }

    /// Shows who and where.
    pub(super) fn open(&self, state: State) {
        self.change(|inner| inner.state = state);
    }

    /// A step begins, and the one before is over.
    pub(super) fn begin(&self, number: usize, otherwise: Shown) {
        self.change(|inner| {
            let steps = &mut inner.state.steps;
            if number == steps.len() {
                steps.push(otherwise);
            }
            for (n, step) in steps.iter_mut().enumerate() {
                step.standing = match n.cmp(&number) {
                    std::cmp::Ordering::Less => Standing::Over,
                    std::cmp::Ordering::Equal => Standing::Now,
                    std::cmp::Ordering::Greater => Standing::ToCome,
                };
            }
        });
        let (of, step) = {
            let steps = &self.state().steps;
            (steps.len(), steps[number].clone())
        };
        self.tell(News::Step(number + 1, of, &step));
    }

    /// Asks something. Whoever asked takes it back by dropping what this returns.
    pub(super) fn ask(self: &Rc<Self>, mut prompt: Prompt) -> Asking {
        let (answered, answer) = oneshot::channel();
        let id = self.inner.borrow().asked + 1;
        prompt.id = id;
        self.change(|inner| {
            inner.asked = id;
            inner.answering.insert(id, answered);
            inner.state.prompts.push(prompt.clone());
        });
        self.tell(News::Asked(&prompt));
        Asking {
            id,
            answer,
            guide: Rc::clone(self),
        }
    }

    /// Gives the answer to a prompt. False if it is not asked any more, or cannot be answered so.
    pub fn answer(&self, id: u64, answer: Answer) -> bool {
        let can = |prompt: &Prompt| {
            prompt.id == id && prompt.answers.iter().any(|(known, _)| *known == answer)
        };
        if !self.state().prompts.iter().any(can) {
            return false;
        }
        let waiting = self.inner.borrow_mut().answering.remove(&id);
        waiting.is_some_and(|waiting| waiting.send(answer).is_ok())
    }

    /// Gives an answer to the oldest prompt that can be answered so.
    pub fn answer_first(&self, answer: Answer) -> bool {
        let can = |prompt: &&Prompt| prompt.answers.iter().any(|(known, _)| *known == answer);
        let first = self.state().prompts.iter().find(can).map(|p| p.id);
        first.is_some_and(|id| self.answer(id, answer))
    }

    /// Gives the usual answer to the oldest prompt.
    pub fn answer_usual(&self) -> bool {
        let state = self.state();
        let usual = state.prompts.first();
        let usual = usual.and_then(|p| Some((p.id, p.answers.first()?.0)));
        drop(state);
        usual.is_some_and(|(id, answer)| self.answer(id, answer))
    }

    /// Something happened.
    pub(super) fn happened(&self, at_ms: u64, kind: Kind, text: impl Into<String>) {
        let happened = Happened {
            at_ms,
            kind,
            text: text.into(),
        };
        self.change(|inner| inner.state.happened.push(happened.clone()));
        self.tell(News::Happened(&happened));
    }

    /// It is over, with the whole scenario or before its end. Every view shows the end by itself.
    pub fn end(&self, lines: Vec<String>, is_whole: bool) {
        self.change(|inner| {
            // What did not come to its end is not over.
            for step in &mut inner.state.steps {
                if is_whole && step.standing == Standing::Now {
                    step.standing = Standing::Over;
                }
            }
            inner.state.prompts.clear();
            inner.state.end = lines;
        });
    }
}

/// Something that is asked, until it is answered or taken back.
pub(super) struct Asking {
    id: u64,
    answer: oneshot::Receiver<Answer>,
    guide: Rc<Guide>,
}

impl Asking {
    /// The answer, once it is there.
    pub(super) async fn answered(&mut self) -> Answer {
        match (&mut self.answer).await {
            Ok(answer) => answer,
            // It was answered before, or the run is over.
            Err(_) => std::future::pending().await,
        }
    }

    /// Says something else below it.
    pub(super) fn hinting(&self) -> Hinting {
        Hinting(self.id, Rc::clone(&self.guide))
    }
}

/// Says something else below a prompt, as long as it is asked.
pub(super) struct Hinting(u64, Rc<Guide>);

impl Hinting {
    /// Says that.
    pub(super) fn say(&self, hint: &str) {
        let Self(id, guide) = self;
        let is_new = |p: &&Prompt| p.id == *id && p.hint != hint;
        if !guide.state().prompts.iter().any(|p| is_new(&p)) {
            return;
        }
        let mut hinted = None;
        guide.change(|inner| {
            let prompt = inner.state.prompts.iter_mut().find(|p| p.id == *id);
            hinted = prompt.map(|prompt| {
                hint.clone_into(&mut prompt.hint);
                prompt.clone()
            });
        });
        if let Some(prompt) = hinted {
            guide.tell(News::Hinted(&prompt));
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let id = self.id;
        self.guide.change(|inner| {
            inner.answering.remove(&id);
            inner.state.prompts.retain(|prompt| prompt.id != id);
        });
    }
}
