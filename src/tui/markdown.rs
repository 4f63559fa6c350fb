//! Markdown as lines of the screen. Nothing of a text is lost by it: the address of a link is shown, HTML stays text, and
//! what is too wide for a table is told row by row. Pure.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::text::{clean_block, clean_line};
use crate::tui::flow::{Piece, flow};
use crate::tui::table::{Table, lines as table_lines};
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::Strip;
use crate::tui::wrap::width;

/// The longest text that is parsed, in bytes; what is longer is shown as it is.
const MAX_BYTES: usize = 64 * 1024;

/// The lines of a text, `cells` wide.
pub fn lines(text: &str, cells: usize, look: &Look) -> Vec<Strip> {
    let clean = clean_block(text);
    let clean = clean.trim_end();
    if clean.len() > MAX_BYTES {
        return crate::tui::widget::step::wrapped(clean, cells, Meaning::Text);
    }
    let mut writer = Writer::new(cells.max(1), look);
    for event in Parser::new_ext(clean, Options::ENABLE_TABLES) {
        writer.take(event);
    }
    writer.flush();
    writer.out
}

/// What stands before the lines of a block: once, and then as wide as that.
struct Lead {
    first: String,
    rest: String,
    meaning: Meaning,
    is_used: bool,
}

struct Writer<'a> {
    cells: usize,
    look: &'a Look,
    out: Vec<Strip>,
    pieces: Vec<Piece>,
    styles: Vec<Meaning>,
    leads: Vec<Lead>,
    /// The next number of each list that is open; `None`: it has none.
    lists: Vec<Option<u64>>,
    /// The address of each link that is open, and how many pieces there were before it.
    links: Vec<(String, usize)>,
    /// The table that is open.
    table: Option<Table>,
    is_code: bool,
}

impl<'a> Writer<'a> {
    fn new(cells: usize, look: &'a Look) -> Self {
        let (out, pieces, styles, leads) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (lists, links) = (Vec::new(), Vec::new());
        Self { cells, look, out, pieces, styles, leads, lists, links, table: None, is_code: false }
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.is_code => self.code(&text),
            Event::Text(text) => self.say(&text),
            Event::Code(code) => self.push(&code, Meaning::Command),
            Event::Html(html) => self.html(&html),
            Event::InlineHtml(html) => self.say(&html),
            Event::SoftBreak => self.say(" "),
            Event::HardBreak => self.say("\n"),
            Event::Rule => {
                self.gap();
                let lead = self.lead();
                let cells = self.cells.saturating_sub(lead.width()).min(40);
                self.out.push(lead.and(self.look.glyphs.frames[0][0].repeat(cells), Meaning::Border));
            }
            // None of these is asked for.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => self.say(&text),
            Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.gap(),
            Tag::Heading { level, .. } => {
                self.gap();
                self.styles.push(Meaning::Title);
                // Told apart without bold letters too.
                let marks = if level == HeadingLevel::H1 { "" } else { self.look.glyphs.under };
                if !marks.is_empty() {
                    self.push(&format!("{marks} "), Meaning::Title);
                }
            }
            Tag::BlockQuote(_) => {
                self.gap();
                let bar = format!("{} ", self.look.glyphs.frames[0][1]);
                self.leads.push(Lead { first: bar.clone(), rest: bar, meaning: Meaning::Dim, is_used: false });
            }
            Tag::CodeBlock(kind) => {
                self.gap();
                self.is_code = true;
                if let CodeBlockKind::Fenced(language) = kind
                    && !language.is_empty()
                {
                    let lead = self.lead();
                    self.out.push(lead.and(format!("{language}:"), Meaning::Dim));
                }
            }
            Tag::List(first) => {
                self.flush();
                if self.lists.is_empty() {
                    self.gap();
                }
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Table(columns) => {
                self.gap();
                self.table = Some(Table::new(&columns));
            }
            Tag::Emphasis => self.styles.push(Meaning::Emphasis),
            Tag::Strong => self.styles.push(Meaning::Title),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push((dest_url.into_string(), self.pieces.len()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.flush(),
            TagEnd::Heading(_) => {
                self.flush();
                self.styles.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.leads.pop();
            }
            TagEnd::CodeBlock => self.is_code = false,
            TagEnd::List(_) => drop(self.lists.pop()),
            TagEnd::Item => {
                self.flush();
                // One without a text is seen all the same.
                if self.leads.last().is_some_and(|lead| !lead.is_used) {
                    let lead = self.lead();
                    self.out.push(lead);
                }
                self.leads.pop();
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.pieces);
                if let Some(table) = &mut self.table {
                    table.cell(cell);
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                if let Some(table) = &mut self.table {
                    table.end_row();
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    let lead = self.lead();
                    let cells = self.cells.saturating_sub(lead.width());
                    let rows = table_lines(&table, cells, self.look);
                    self.put_all(rows, lead);
                }
            }
            TagEnd::Emphasis | TagEnd::Strong => drop(self.styles.pop()),
            TagEnd::Link | TagEnd::Image => self.address(),
            _ => {}
        }
    }

    /// An address that is not the text of its link stands behind it.
    fn address(&mut self) {
        let Some((address, from)) = self.links.pop() else { return };
        let text: String = self.pieces.get(from..).unwrap_or_default().iter().map(|(text, _)| text.as_str()).collect();
        if !address.is_empty() && text != address && format!("mailto:{text}") != address {
            let gap = if text.is_empty() { "" } else { " " };
            self.push(&format!("{gap}<{address}>"), Meaning::Dim);
        }
    }

    fn item(&mut self) {
        self.flush();
        let sign = match self.lists.last_mut() {
            Some(Some(number)) => {
                let sign = format!("{number}. ");
                *number = number.saturating_add(1);
                sign
            }
            _ => "- ".to_owned(),
        };
        let rest = " ".repeat(width(&sign));
        self.leads.push(Lead { first: sign, rest, meaning: Meaning::Text, is_used: false });
    }

    fn say(&mut self, text: &str) {
        let meaning = self.styles.last().copied().unwrap_or(Meaning::Text);
        self.push(text, meaning);
    }

    fn push(&mut self, text: &str, meaning: Meaning) {
        // A reference such as `&#27;` becomes a character here: it is cleaned like any other.
        self.pieces.push((clean_block(text).into_owned(), meaning));
    }

    /// Code keeps its lines and its spaces.
    fn code(&mut self, text: &str) {
        for line in text.lines() {
            let lead = self.lead().and("  ", Meaning::Text);
            let cells = self.cells.saturating_sub(lead.width()).max(1);
            let clean = clean_line(line);
            let mut rest = &*clean;
            let mut lead = Some(lead);
            loop {
                let (head, tail) = split_at(rest, cells);
                let lead = lead.take().unwrap_or_else(|| self.lead().and("  ", Meaning::Text));
                self.out.push(lead.and(head, Meaning::Command));
                rest = tail;
                if rest.is_empty() {
                    break;
                }
            }
        }
    }

    fn html(&mut self, html: &str) {
        self.say(html.trim_end());
        self.flush();
    }

    /// An empty line before a block, unless it begins what it stands in.
    fn gap(&mut self) {
        self.flush();
        let begins = self.out.is_empty() || self.leads.last().is_some_and(|lead| !lead.is_used);
        if !begins {
            self.out.push(Strip::default());
        }
    }

    /// What stands before the next line.
    fn lead(&mut self) -> Strip {
        let mut strip = Strip::default();
        let mut used = 0;
        for lead in &mut self.leads {
            let text = if std::mem::replace(&mut lead.is_used, true) { &lead.rest } else { &lead.first };
            used += width(text);
            // However deep it is nested, half of the line stays for the text.
            if used <= self.cells / 2 {
                strip = strip.and(text.clone(), lead.meaning);
            }
        }
        strip
    }

    fn flush(&mut self) {
        if self.pieces.is_empty() || self.table.is_some() {
            return;
        }
        let pieces = std::mem::take(&mut self.pieces);
        let lead = self.lead();
        let cells = self.cells.saturating_sub(lead.width()).max(1);
        self.put_all(flow(&pieces, cells), lead);
    }

    fn put_all(&mut self, lines: Vec<Strip>, lead: Strip) {
        let mut lead = Some(lead);
        for line in lines {
            let mut whole = lead.take().unwrap_or_else(|| self.lead());
            whole.0.extend(line.0);
            self.out.push(whole);
        }
    }
}

/// As much of a text as fits, one character at least, and the rest.
fn split_at(text: &str, cells: usize) -> (&str, &str) {
    use unicode_segmentation::UnicodeSegmentation;
    let mut used = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        used += width(cluster);
        if used > cells && at > 0 {
            return text.split_at(at);
        }
    }
    (text, "")
}

#[cfg(test)]
#[path = "markdown_tests.rs"]
mod tests;
