//! The brush: cleaned text, frames, and strips of text with meanings.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::text::clean_line;
use crate::tui::spot::{Press, Spot};
use crate::tui::theme::{Look, Meaning};
use crate::tui::wrap::{cut, width};

/// One line of text, piece by piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strip(pub Vec<(String, Meaning)>);

impl Strip {
    /// A line of one piece.
    pub fn of(text: impl Into<String>, meaning: Meaning) -> Self {
        Self(vec![(text.into(), meaning)])
    }

    /// The line with one more piece.
    #[must_use]
    pub fn and(mut self, text: impl Into<String>, meaning: Meaning) -> Self {
        self.0.push((text.into(), meaning));
        self
    }

    /// How many cells it takes, once cleaned.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(text, _)| width(&clean_line(text))).sum()
    }
}

/// How a frame is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// All around.
    Whole,
    /// Only a rule at the top: saves rows and columns.
    Top,
}

/// From how many columns on a pane of a list or a form has a whole frame.
const FRAMED: u16 = 100;

impl Edge {
    /// That of the panes of a list or a form on a screen of so many columns.
    pub const fn of(columns: u16) -> Self {
        if columns >= FRAMED { Self::Whole } else { Self::Top }
    }

    /// What is inside of it.
    pub fn inside(self, area: Rect) -> Rect {
        match self {
            Self::Top => Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1), ..area },
            Self::Whole if area.width < 2 || area.height < 2 => Rect { width: 0, height: 0, ..area },
            Self::Whole => Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2),
        }
    }

    /// Where text stands in it: with a free column on both sides.
    pub fn text(self, area: Rect) -> Rect {
        let inside = self.inside(area);
        Rect { x: inside.x + inside.width.min(1), width: inside.width.saturating_sub(2), ..inside }
    }
}

/// A pane's frame.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// Left in the upper edge.
    pub title: &'a str,
    /// Right in the upper edge.
    pub right: &'a str,
    /// Whether it has the keys.
    pub is_focused: bool,
    /// How much of it is drawn.
    pub edge: Edge,
}

/// How many cells the right part of a frame's upper edge may have; longer, it is left out.
pub fn right_cells(width: u16) -> usize {
    usize::from(width).saturating_sub(FRAME_CELLS + LEAST_TITLE + 2)
}

/// The cells of an upper edge that no text takes.
const FRAME_CELLS: usize = 4;

/// The cells that the title in an upper edge keeps.
const LEAST_TITLE: usize = 8;

/// The brush.
pub struct Paint<'a> {
    /// What is drawn on.
    pub buffer: &'a mut Buffer,
    /// How meanings look.
    pub look: &'a Look,
    /// What a click would press, as far as it was drawn.
    pub spots: Vec<Spot>,
}

impl<'a> Paint<'a> {
    /// A brush for that buffer.
    pub const fn new(buffer: &'a mut Buffer, look: &'a Look) -> Self {
        Self { buffer, look, spots: Vec::new() }
    }
}

impl Paint<'_> {
    /// Notes a place that can be pressed.
    pub fn spot(&mut self, place: Rect, press: Press) {
        let place = place.intersection(self.buffer.area);
        if !place.is_empty() {
            self.spots.push(Spot { place, press });
        }
    }

    /// Each line in view of what can be chosen can be pressed; `from`: the first line in view.
    pub fn rows(&mut self, area: Rect, options: &[Range<usize>], from: usize, press: impl Fn(usize) -> Press) {
        for (option, lines) in options.iter().enumerate() {
            for (y, line) in (area.y..area.bottom()).zip(from..) {
                if lines.contains(&line) {
                    self.spot(Rect { y, height: 1, ..area }, press(option));
                }
            }
        }
    }

    /// Draws a key, or several that belong together, with the word for what they do; gives the cells that it took. Each
    /// key can be pressed, and one that stands alone by its word, too.
    pub fn offer(&mut self, (x, y): (u16, u16), cells: u16, (key, word): (&str, &str), of: (Meaning, Meaning)) -> u16 {
        let keys = self.put((x, y), cells, key, of.0);
        let gap = if word.is_empty() { 0 } else { 1 };
        let words = self.put((x.saturating_add(keys + gap), y), cells.saturating_sub(keys + gap), word, of.1);
        let used = keys + gap + words;
        self.press_keys((x, y), key, (keys, used));
        used
    }

    /// Notes the keys of a text that was drawn there: so many cells of keys, so many with their word.
    fn press_keys(&mut self, (x, y): (u16, u16), keys: &str, (cells, used): (u16, u16)) {
        let mut from = 0_u16;
        let all: Vec<&str> = keys.split(' ').collect();
        for key in &all {
            let wide = u16::try_from(width(key)).unwrap_or(u16::MAX);
            let end = if all.len() == 1 { used } else { from.saturating_add(wide).min(cells) };
            let key = key.trim_end_matches(',');
            self.spot(Rect::new(x.saturating_add(from), y, end.saturating_sub(from), 1), Press::Key(key.to_owned()));
            from = from.saturating_add(wide + 1);
        }
    }

    /// Draws a line in which keys stand out and each is followed by its word: all of them can be pressed.
    pub fn offers(&mut self, (x, y): (u16, u16), cells: u16, strip: &Strip) {
        self.strip((x, y), cells, strip);
        let mut from = 0_u16;
        for (index, (text, meaning)) in strip.0.iter().enumerate() {
            let wide = u16::try_from(width(&clean_line(text))).unwrap_or(u16::MAX);
            if *meaning == Meaning::Focus && from < cells {
                let word = strip.0.get(index + 1).filter(|(_, meaning)| *meaning == Meaning::Text);
                let word = word.map_or(0, |(word, _)| width(&clean_line(word.trim_end())));
                let used = wide.saturating_add(u16::try_from(word).unwrap_or(u16::MAX)).min(cells - from);
                self.press_keys((x.saturating_add(from), y), text, (wide.min(cells - from), used));
            }
            from = from.saturating_add(wide);
        }
    }

    /// Draws a text in at most `cells` cells; gives the cells that it took.
    pub fn put(&mut self, (x, y): (u16, u16), cells: u16, text: &str, meaning: Meaning) -> u16 {
        let style = self.look.style(meaning);
        self.put_styled((x, y), cells, text, style)
    }

    /// [`Paint::put`] with a style that no meaning has.
    pub fn put_styled(&mut self, (x, y): (u16, u16), cells: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
            return 0;
        }
        let cells = cells.min(area.right() - x);
        let clean = clean_line(text);
        let clean = self.look.glyphs.plain(&clean);
        let fitting = cut(&clean, usize::from(cells), self.look.glyphs.cut);
        // What was drawn there before must not shine through.
        let style = Style::reset().patch(style);
        let (end, _) = self.buffer.set_stringn(x, y, fitting, usize::from(cells), style);
        end - x
    }

    /// Draws a text so that it ends at the right edge of `area`'s first row; gives the cells that it took.
    pub fn put_right(&mut self, area: Rect, text: &str, meaning: Meaning) -> u16 {
        let clean = clean_line(text);
        let cells = u16::try_from(width(&clean)).unwrap_or(u16::MAX).min(area.width);
        self.put((area.right() - cells, area.y), cells, &clean, meaning)
    }

    /// Draws a line.
    pub fn strip(&mut self, (x, y): (u16, u16), cells: u16, strip: &Strip) {
        let mut used = 0;
        for (text, meaning) in &strip.0 {
            used += self.put((x + used, y), cells - used, text, *meaning);
            if used >= cells {
                break;
            }
        }
    }

    /// Draws lines from `from` on, as many as fit.
    pub fn strips(&mut self, area: Rect, strips: &[Strip], from: usize) {
        for (y, strip) in (area.y..area.bottom()).zip(strips.iter().skip(from)) {
            self.strip((area.x, y), area.width, strip);
        }
    }

    /// Empties an area and gives it the style of `meaning`.
    pub fn fill(&mut self, area: Rect, meaning: Meaning) {
        let area = area.intersection(self.buffer.area);
        let style = self.look.style(meaning);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                let cell = &mut self.buffer[(x, y)];
                cell.reset();
                cell.set_style(style);
            }
        }
    }

    /// Lays the style of `meaning` over a row that is already drawn.
    pub fn tint(&mut self, area: Rect, meaning: Meaning) {
        let style = self.look.style(meaning);
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    /// Draws a frame; gives what is left inside.
    pub fn frame(&mut self, area: Rect, frame: &Frame<'_>) -> Rect {
        let area = area.intersection(self.buffer.area);
        if area.is_empty() {
            return area;
        }
        let meaning = if frame.is_focused { Meaning::Focus } else { Meaning::Border };
        let set = self.look.glyphs.frames[0];
        match frame.edge {
            Edge::Top => {
                self.put((area.x, area.y), area.width, &set[0].repeat(usize::from(area.width)), meaning);
            }
            Edge::Whole => self.whole_frame(area, set, meaning),
        }
        self.titles(area, frame, meaning);
        frame.edge.inside(area)
    }

    fn whole_frame(&mut self, area: Rect, set: [&str; 6], meaning: Meaning) {
        if area.width < 2 || area.height < 2 {
            return;
        }
        let across = set[0].repeat(usize::from(area.width - 2));
        let top = format!("{}{across}{}", set[2], set[3]);
        let bottom = format!("{}{across}{}", set[4], set[5]);
        self.put((area.x, area.y), area.width, &top, meaning);
        self.put((area.x, area.bottom() - 1), area.width, &bottom, meaning);
        for y in area.y + 1..area.bottom() - 1 {
            self.put((area.x, y), 1, set[1], meaning);
            self.put((area.right() - 1, y), 1, set[1], meaning);
        }
    }

    fn titles(&mut self, area: Rect, frame: &Frame<'_>, meaning: Meaning) {
        let room = area.width.saturating_sub(4);
        let right = clean_line(frame.right);
        let has_right = !right.is_empty() && width(&right) <= right_cells(area.width);
        let right_cells = u16::try_from(width(&right) + 2).unwrap_or(u16::MAX);
        let left_room = if has_right { room - right_cells } else { room };
        if !frame.title.is_empty() {
            let title_meaning = if frame.is_focused { meaning } else { Meaning::Title };
            let clean = clean_line(frame.title);
            let title = cut(&clean, usize::from(left_room.saturating_sub(2)), self.look.glyphs.cut);
            self.put((area.x + 2, area.y), left_room, &format!(" {title} "), title_meaning);
        }
        if has_right {
            self.put((area.right() - 2 - right_cells, area.y), right_cells, &format!(" {right} "), Meaning::Text);
        }
    }
}
