//! The grid of a trace: a lane a process, and what a line shows in them.

/// The lanes and where each stands.
pub(super) struct Grid {
    lanes: Vec<String>,
    /// The column of each lane's middle.
    at: Vec<usize>,
    width: usize,
}

/// What the grid of a line shows.
pub(super) enum Row {
    /// Nothing.
    Blank,
    /// A mark in one lane.
    Mark(String, char),
    /// An arrow from one lane to another.
    Arrow(String, String),
    /// A rule across, for a new phase.
    Rule,
}

impl Grid {
    /// A grid of those lanes, from left to right.
    pub(super) fn new(lanes: Vec<String>) -> Self {
        let mut at = Vec::new();
        let mut width = 0;
        for lane in &lanes {
            at.push(width + lane.chars().count() / 2);
            width += lane.chars().count() + 2;
        }
        Self { lanes, at, width }
    }

    /// The names of the lanes.
    pub(super) fn head(&self) -> String {
        self.lanes
            .iter()
            .map(|lane| format!("{lane}  "))
            .collect::<String>()
            .trim_end()
            .to_owned()
    }

    fn column(&self, lane: &str) -> Option<usize> {
        self.lanes
            .iter()
            .position(|l| l == lane)
            .map(|n| self.at[n])
    }

    /// A line.
    pub(super) fn draw(&self, row: &Row) -> String {
        let mut cells: Vec<char> = vec![' '; self.width];
        for at in &self.at {
            cells[*at] = '·';
        }
        match row {
            Row::Blank => {}
            Row::Rule => cells.fill('─'),
            Row::Mark(lane, mark) => {
                if let Some(at) = self.column(lane) {
                    cells[at] = *mark;
                }
            }
            Row::Arrow(from, to) => {
                if let (Some(from), Some(to)) = (self.column(from), self.column(to)) {
                    for cell in &mut cells[from.min(to)..from.max(to)] {
                        *cell = '─';
                    }
                    cells[from] = '●';
                    cells[to] = if from <= to { '▶' } else { '◀' };
                }
            }
        }
        cells.into_iter().collect()
    }
}
