//! An ODS in (OpenDocument 1.3 part 3, chapter 9), its sheets and their rows out, read as a stream: what is repeated a million times without a value
//! costs nothing. Comments, drawings and hidden copies of a cell aren't values.

use std::borrow::Cow;

use bytes::Bytes;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use crate::archive;
use crate::cell::{Cell, Moment, More, Row};
use crate::limits::Limits;
use crate::time;
use crate::trouble::Broken;

/// What the archive's part `mimetype` says.
pub(crate) const TYPE: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";

/// The workbook's content.
pub(crate) struct Workbook {
    content: String,
    /// The names of its sheets, in order.
    pub(crate) sheets: Vec<String>,
}

/// Opens a workbook.
///
/// # Errors
/// `Malformed`, `OverLimit`.
pub(crate) fn open(bytes: Bytes, limits: &Limits) -> Result<Workbook, Broken> {
    let mut archive = archive::open(bytes)?;
    let manifest = archive::part(&mut archive, "META-INF/manifest.xml", limits).unwrap_or_default();
    if manifest.windows(15).any(|bytes| bytes == b"encryption-data") {
        return Err(Broken::Malformed("the workbook is protected by a password".to_owned()));
    }
    let content = archive::part(&mut archive, "content.xml", limits)?;
    let content = String::from_utf8(content).map_err(|_| unreadable())?;
    let mut sheets = Vec::new();
    walk(&content, &mut |event| {
        if let Event::Start(start) | Event::Empty(start) = event
            && start.name().as_ref() == "table:table"
        {
            sheets.push(attribute(start, "table:name")?.unwrap_or_default());
        }
        Ok(More::Yes)
    })?;
    Ok(Workbook { content, sheets })
}

fn unreadable() -> Broken {
    Broken::Malformed("the workbook's XML can't be read".to_owned())
}

/// Goes through the content until it is enough.
fn walk(content: &str, visit: &mut dyn FnMut(&Event<'_>) -> Result<More, Broken>) -> Result<(), Broken> {
    let mut reader = Reader::from_str(content);
    loop {
        let event = reader.read_event().map_err(|_| unreadable())?;
        match event {
            Event::Eof => return Ok(()),
            Event::DocType(_) => {
                let why = "a part of the workbook declares a document type, as none does";
                return Err(Broken::Malformed(why.to_owned()));
            }
            event if visit(&event)? == More::No => return Ok(()),
            _ => {}
        }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Result<Option<String>, Broken> {
    let raw = start.try_get_attribute(name).map_err(|_| unreadable())?;
    raw.map(|raw| unescape(&raw.value).map(Cow::into_owned).map_err(|_| unreadable())).transpose()
}

fn repeated(start: &BytesStart<'_>, name: &str) -> Result<usize, Broken> {
    Ok(attribute(start, name)?.and_then(|count| count.parse().ok()).unwrap_or(1).max(1))
}

/// Reads rows of the sheet at an index, until `visit` has enough.
///
/// # Errors
/// `Malformed`, `OverLimit`; those of `visit`.
pub(crate) fn rows(
    workbook: &Workbook,
    sheet: usize,
    limits: &Limits,
    visit: &mut dyn FnMut(Row<'_>) -> Result<More, Broken>,
) -> Result<(), Broken> {
    let mut state = State {
        sheet,
        limits,
        at: None,
        skipping: 0,
        row: 1,
        row_times: 1,
        cells: Vec::new(),
        column: 0,
        count: 0,
        cell: None,
    };
    walk(&workbook.content, &mut |event| state.event(event, visit))
}

struct State<'a> {
    sheet: usize,
    limits: &'a Limits,
    /// The index of the sheet that is being read.
    at: Option<usize>,
    /// Depth of what is no value: comments, drawings.
    skipping: usize,
    row: usize,
    row_times: usize,
    cells: Vec<(usize, Cell<'static>)>,
    column: usize,
    count: usize,
    cell: Option<Open>,
}

/// A cell whose end hasn't come.
struct Open {
    times: usize,
    kind: Option<String>,
    value: Option<String>,
    text: String,
    paragraphs: usize,
    covered: bool,
}

type Visit<'v> = &'v mut dyn FnMut(Row<'_>) -> Result<More, Broken>;

impl State<'_> {
    fn event(&mut self, event: &Event<'_>, visit: Visit<'_>) -> Result<More, Broken> {
        match event {
            Event::Start(start) => self.start(start),
            Event::Empty(start) => match self.start(start)? {
                More::Yes => self.end(start.name().as_ref(), visit),
                More::No => Ok(More::No),
            },
            Event::End(end) => self.end(end.name().as_ref(), visit),
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let text = unescape(&format!("&{};", reference.borrow().into_inner())).map(Cow::into_owned);
                self.text(&text.map_err(|_| unreadable())?)
            }
            _ => Ok(More::Yes),
        }
    }

    fn is_in(&self) -> bool {
        self.at == Some(self.sheet) && self.skipping == 0
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<More, Broken> {
        let name = start.name();
        match name.as_ref() {
            "table:table" => {
                // A table inside a cell isn't a sheet, but it was counted as one: keep count.
                self.at = Some(self.at.map_or(0, |at| at + 1));
            }
            "office:annotation"
            | "table:shapes"
            | "draw:frame"
            | "table:named-expressions"
            | "table:tracked-changes" => {
                self.skipping += 1;
            }
            _ if !self.is_in() => {}
            "table:table-row" => {
                self.row_times = repeated(start, "table:number-rows-repeated")?;
                (self.cells, self.column) = (Vec::new(), 0);
            }
            "table:table-cell" | "table:covered-table-cell" => {
                self.cell = Some(Open {
                    times: repeated(start, "table:number-columns-repeated")?,
                    kind: attribute(start, "office:value-type")?,
                    value: value_attribute(start)?,
                    text: String::new(),
                    paragraphs: 0,
                    covered: name.as_ref() == "table:covered-table-cell",
                });
            }
            "text:p" => {
                if let Some(cell) = &mut self.cell {
                    if cell.paragraphs > 0 {
                        cell.text.push('\n');
                    }
                    cell.paragraphs += 1;
                }
            }
            "text:s" => {
                let count = repeated(start, "text:c")?.min(1024);
                self.push(&" ".repeat(count));
            }
            "text:tab" => self.push("\t"),
            "text:line-break" => self.push("\n"),
            _ => {}
        }
        Ok(More::Yes)
    }

    fn text(&mut self, text: &str) -> Result<More, Broken> {
        if self.is_in() && self.cell.as_ref().is_some_and(|cell| cell.paragraphs > 0) {
            self.push(text);
        }
        Ok(More::Yes)
    }

    fn push(&mut self, text: &str) {
        if let Some(cell) = &mut self.cell {
            cell.text.push_str(text);
        }
    }

    fn end(&mut self, name: &str, visit: Visit<'_>) -> Result<More, Broken> {
        match name {
            "table:table" => return Ok(if self.at == Some(self.sheet) { More::No } else { More::Yes }),
            "office:annotation"
            | "table:shapes"
            | "draw:frame"
            | "table:named-expressions"
            | "table:tracked-changes" => {
                self.skipping = self.skipping.saturating_sub(1);
            }
            _ if !self.is_in() => {}
            "table:table-cell" | "table:covered-table-cell" => self.end_cell()?,
            "table:table-row" => return self.end_row(visit),
            _ => {}
        }
        Ok(More::Yes)
    }

    fn end_cell(&mut self) -> Result<(), Broken> {
        let Some(open) = self.cell.take() else { return Ok(()) };
        let times = open.times;
        if let Some(cell) = (!open.covered).then(|| value(open)).flatten() {
            self.count = self.count.saturating_add(times);
            if self.count > self.limits.cells {
                return Err(Broken::OverLimit(format!("more than {} cells", self.limits.cells)));
            }
            if self.column.saturating_add(times) > self.limits.columns {
                return Err(Broken::OverLimit(format!("more than {} columns", self.limits.columns)));
            }
            for column in self.column..self.column + times {
                self.cells.push((column, cell.clone()));
            }
        }
        self.column = self.column.saturating_add(times);
        Ok(())
    }

    fn end_row(&mut self, visit: Visit<'_>) -> Result<More, Broken> {
        let cells = std::mem::take(&mut self.cells);
        let (first, times) = (self.row, self.row_times);
        self.row = first.saturating_add(times);
        if cells.is_empty() {
            return Ok(More::Yes);
        }
        self.count = self.count.saturating_add(cells.len().saturating_mul(times - 1));
        if self.count > self.limits.cells {
            return Err(Broken::OverLimit(format!("more than {} cells", self.limits.cells)));
        }
        for number in first..first + times {
            if visit(Row { number, width: None, cells: cells.clone() })? == More::No {
                return Ok(More::No);
            }
        }
        Ok(More::Yes)
    }
}

/// Each type has an attribute of its own for its value (chapter 19.385).
fn value_attribute(start: &BytesStart<'_>) -> Result<Option<String>, Broken> {
    for name in [
        "office:value",
        "office:date-value",
        "office:boolean-value",
        "office:time-value",
        "office:string-value",
    ] {
        if let Some(value) = attribute(start, name)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

fn value(open: Open) -> Option<Cell<'static>> {
    let written = |text: String| (!text.is_empty()).then_some(Cell::Text(Cow::Owned(text)));
    let value = open.value.unwrap_or_default();
    match open.kind.as_deref() {
        // The result of a formula that failed is a text that begins so.
        Some("string") if open.text.starts_with("#") && is_error(&open.text) => Some(Cell::Error),
        Some("float" | "percentage" | "currency") if is_error(&open.text) => Some(Cell::Error),
        Some("float" | "percentage" | "currency") => {
            value.parse().ok().map(Cell::Number).or(Some(Cell::Error))
        }
        Some("boolean") => Some(Cell::Bool(value == "true")),
        Some("date") => Some(day(&value).map_or(Cell::Error, Cell::Moment)),
        Some("time") => Some(Cell::Span(open.text)),
        Some("string") if open.text.is_empty() => written(value),
        _ => written(open.text),
    }
}

fn is_error(text: &str) -> bool {
    matches!(
        text,
        "#N/A"
            | "#N/D"
            | "#DIV/0!"
            | "#REF!"
            | "#RIF!"
            | "#NAME?"
            | "#NOME?"
            | "#VALUE!"
            | "#VALORE!"
            | "#NUM!"
            | "#NULL!"
    ) || text.strip_prefix("Err:").is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `2026-01-31`, or with a time after `T`.
fn day(text: &str) -> Option<Moment> {
    let (date, clock) = text.split_once('T').map_or((text, None), |(date, clock)| (date, Some(clock)));
    let (year, month, day) = time::iso(date)?;
    let millis = clock.map_or(Some(0), time::clock)?;
    Some(Moment { year, month, day, millis })
}
