//! One self-contained page of HTML: no network, no script, readable on paper.

use std::fmt::Write as _;

use crate::text::clean_block;

/// How it looks, on a screen, in the dark and on paper.
const STYLE: &str = include_str!("page.css");

/// A page that is being written.
pub(super) struct Page {
    text: String,
}

impl Page {
    /// A page of that title; of a practice run it says so on every sheet.
    pub(super) fn new(title: &str, is_practice: bool) -> Self {
        let (title, mark) = match is_practice {
            true => (format!("PRACTICE · {title}"), " class=\"practice\""),
            false => (title.to_owned(), ""),
        };
        // What is not in the page itself is not to be fetched, whatever a browser finds in it.
        let text = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body{mark}>\n",
            escape_line(&title)
        );
        Self { text }
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</body>\n</html>\n");
        self.text
    }

    /// HTML of our own.
    pub(super) fn raw(&mut self, html: &str) {
        self.text.push_str(html);
    }

    /// An element with a text.
    pub(super) fn element(&mut self, tag: &str, attributes: &str, text: &str) {
        let space = if attributes.is_empty() { "" } else { " " };
        let _ = writeln!(self.text, "<{tag}{space}{attributes}>{}</{tag}>", escape(text));
    }

    /// A table with a caption and a scope for every head; the first cell of each row heads it. Cells are HTML already.
    /// A line instead where there are no rows.
    pub(super) fn table(&mut self, class: &str, caption: &str, head: &[&str], rows: impl Iterator<Item = Row>) {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            self.element("p", "class=\"none\"", &format!("{caption}: none."));
            return;
        }
        let caption = escape_line(caption);
        let heads = heads(head);
        let _ = writeln!(
            self.text,
            "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{caption}\">\n\
             <table class=\"{class}\" style=\"{heads}\">\n<caption>{caption}</caption>\n<thead><tr>"
        );
        for name in head {
            let _ = write!(self.text, "<th scope=\"col\">{}</th>", escape(name));
        }
        self.text.push_str("</tr></thead>\n<tbody>\n");
        for row in rows {
            let class = if row.class.is_empty() { String::new() } else { format!(" class=\"{}\"", row.class) };
            let _ = write!(self.text, "<tr{class}>");
            for (number, cell) in row.cells.iter().enumerate() {
                match number {
                    0 if row.is_headed => _ = write!(self.text, "<th scope=\"row\">{cell}</th>"),
                    _ => _ = write!(self.text, "<td>{cell}</td>"),
                }
            }
            self.text.push_str("</tr>\n");
        }
        self.text.push_str("</tbody>\n</table>\n</div>\n");
    }
}

/// The heads of the columns for the style: where a screen is too narrow for a table, each cell says what it is.
fn heads(head: &[&str]) -> String {
    let is_plain = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '(' | ')' | '✔');
    let told = head.iter().enumerate().map(|(at, name)| {
        let name: String = name.chars().filter(is_plain).collect();
        format!("--c{}:'{name}'", at + 1)
    });
    told.collect::<Vec<_>>().join(";")
}

/// A row of a table.
pub(super) struct Row {
    /// What the style knows it by; empty: nothing.
    pub(super) class: &'static str,
    /// HTML.
    pub(super) cells: Vec<String>,
    /// Whether the first of them heads the row.
    pub(super) is_headed: bool,
}

impl Row {
    /// A row like any other.
    pub(super) const fn plain(cells: Vec<String>) -> Self {
        Self { class: "", cells, is_headed: true }
    }

    /// A row to write in by hand.
    pub(super) const fn blank(cells: Vec<String>) -> Self {
        Self { class: "", cells, is_headed: false }
    }
}

/// A text from outside as HTML, in which nothing means anything; newlines stay.
pub(super) fn escape(text: &str) -> String {
    let text = clean_block(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn escape_line(text: &str) -> String {
    escape(text).replace('\n', " ")
}

/// A name or command as code.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<code>{}</code>", escape(text)) }
}
