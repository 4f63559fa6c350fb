//! Rows as the client prints them: csv, tsv, tables, records.

/// What a query came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) headers: Vec<&'static str>,
    /// `None` in a cell: NULL.
    pub(super) rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// A table with these headings and no rows yet.
    pub(super) fn new(headers: &[&'static str]) -> Self {
        Self { headers: headers.to_vec(), rows: Vec::new() }
    }

    /// A table of one cell.
    pub(super) fn cell(header: &'static str, text: impl Into<String>) -> Self {
        Self { headers: vec![header], rows: vec![vec![Some(text.into())]] }
    }

    /// The columns of `other` beside those of this one, row by row.
    pub(super) fn beside(mut self, other: Self) -> Self {
        self.headers.extend(other.headers);
        for (row, more) in self.rows.iter_mut().zip(other.rows) {
            row.extend(more);
        }
        self
    }

    /// As the client prints it.
    pub(super) fn shown(&self, format: Format) -> String {
        match format {
            Format::Csv => self.separated(','),
            Format::Tsv => self.separated('\t'),
            Format::Table => self.drawn(),
            Format::Records => self.records(),
            Format::Json => self.json(),
            Format::Ndjson => self.objects().map(|object| format!("{object}\n")).collect(),
            Format::Sql => self.sql(),
            Format::Html { is_numbered } => self.html(is_numbered),
            Format::Raw => self.raw(),
        }
    }

    fn separated(&self, mark: char) -> String {
        let line = |cells: Vec<String>| format!("{}\n", cells.join(&mark.to_string()));
        let quoted = |text: &str| match text.contains([mark, '"', '\n']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_owned(),
        };
        let mut text = line(self.headers.iter().map(|header| quoted(header)).collect());
        for row in &self.rows {
            text.push_str(&line(row.iter().map(|cell| quoted(cell.as_deref().unwrap_or("NULL"))).collect()));
        }
        text
    }

    fn drawn(&self) -> String {
        let cell = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "NULL".into());
        let widths: Vec<usize> = (0..self.headers.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|text| cell(text).chars().count());
                cells.chain([self.headers[column].len()]).max().unwrap_or(0)
            })
            .collect();
        let head: Vec<String> =
            self.headers.iter().zip(&widths).map(|(header, &width)| format!(" {header:^width$} ")).collect();
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
        let mut text = format!(" {}\n-{}\n", head.join("|").trim_end(), rule.join("+"));
        for row in &self.rows {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(text, &width)| {
                    let text = cell(text);
                    let is_number = !text.is_empty() && text.parse::<f64>().is_ok();
                    if is_number { format!(" {text:>width$} ") } else { format!(" {text:<width$} ") }
                })
                .collect();
            text.push_str(&format!(" {}\n", cells.join("|").trim_end()));
        }
        let noun = if self.rows.len() == 1 { "row" } else { "rows" };
        text + &format!("({} {noun})\n", self.rows.len())
    }

    fn records(&self) -> String {
        let width = self.headers.iter().map(|header| header.len()).max().unwrap_or(0);
        let mut text = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            text.push_str(&format!("-[ RECORD {} ]\n", number + 1));
            for (header, cell) in self.headers.iter().zip(row) {
                text.push_str(&format!("{header:<width$} | {}\n", cell.as_deref().unwrap_or("NULL")));
            }
        }
        text
    }

    /// Each row as an object.
    fn objects(&self) -> impl Iterator<Item = serde_json::Value> {
        self.rows.iter().map(|row| {
            let cells = self.headers.iter().zip(row);
            let cells = cells.map(|(header, cell)| ((*header).to_owned(), cell.clone().into()));
            cells.collect::<serde_json::Map<_, _>>().into()
        })
    }

    fn json(&self) -> String {
        let rows: Vec<String> = self.objects().map(|object| object.to_string()).collect();
        format!("[\n  {}\n]\n", rows.join(",\n  "))
    }

    fn sql(&self) -> String {
        let columns: Vec<String> = self.headers.iter().map(|header| format!("  {header} STRING")).collect();
        let mut text = format!("CREATE TABLE results (\n{}\n);\n\n", columns.join(",\n"));
        let quoted = |cell: &Option<String>| match cell {
            Some(cell) => format!("'{}'", cell.replace('\'', "''")),
            None => "NULL".into(),
        };
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(quoted).collect();
            text.push_str(&format!("INSERT INTO results VALUES ({});\n", cells.join(", ")));
        }
        text + &self.counted("-- ")
    }

    fn html(&self, is_numbered: bool) -> String {
        let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let first = if is_numbered { "<th>row</th>" } else { "" };
        let heads: String = self.headers.iter().map(|header| format!("<th>{}</th>", escaped(header))).collect();
        let mut text = format!("<table>\n<thead><tr>{first}{heads}</tr></thead>\n<tbody>\n");
        for (number, row) in self.rows.iter().enumerate() {
            let first = if is_numbered { format!("<td>{}</td>", number + 1) } else { String::new() };
            let cell = |cell: &Option<String>| format!("<td>{}</td>", escaped(cell.as_deref().unwrap_or("NULL")));
            text.push_str(&format!("<tr>{first}{}</tr>\n", row.iter().map(cell).collect::<String>()));
        }
        text + "</tbody>\n</table>\n"
    }

    /// `(3 rows)` without its brackets.
    fn counted(&self, mark: &str) -> String {
        let noun = if self.rows.len() == 1 { "row" } else { "rows" };
        format!("{mark}{} {noun}\n", self.rows.len())
    }

    fn raw(&self) -> String {
        let mut text = format!("# {} columns\n", self.headers.len());
        for (number, row) in self.rows.iter().enumerate() {
            text.push_str(&format!("# row {}\n", number + 1));
            for cell in row {
                let cell = cell.as_deref().unwrap_or("NULL");
                text.push_str(&format!("## {}\n{cell}\n", cell.len()));
            }
        }
        text + &self.counted("# ")
    }
}

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Tsv,
    Table,
    Records,
    Json,
    /// One object a line.
    Ndjson,
    Sql,
    Html {
        is_numbered: bool,
    },
    Raw,
}

impl Format {
    /// Reads the value of `--format`.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "csv" => Self::Csv,
            "tsv" => Self::Tsv,
            "table" | "pretty" => Self::Table,
            "records" => Self::Records,
            "json" => Self::Json,
            "ndjson" => Self::Ndjson,
            "sql" => Self::Sql,
            "html" => Self::Html { is_numbered: true },
            "unnumbered-html" => Self::Html { is_numbered: false },
            "raw" => Self::Raw,
            _ => return None,
        })
    }
}
