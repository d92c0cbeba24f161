//! Comparisons in the words of MySQL and MariaDB, each value as an expression of its column's type, so that the column's index is used.
//!
//! Texts compare by their column's collation there, which mostly takes `a`, `A` and `à` for one, and blanks at the end for nothing. So a
//! text is looked for twice: by the collation, which has the index, and by its bytes in UTF-8, which decides.

use raccordo_schema::mapping::Name;

use super::{Writer, escaped};
use crate::column::{ColumnType, utc};
use crate::position::Mark;
use crate::statement::Bind;

/// What stands before and after a placeholder, and what is bound to it.
struct Place {
    before: &'static str,
    bind: Bind,
    after: String,
}

impl Place {
    fn plain(bind: Bind) -> Self {
        Self { before: "", bind, after: String::new() }
    }

    fn cast(text: String, to: &str) -> Self {
        Self { before: "CAST(", bind: Bind::Text(text), after: format!(" AS {to})") }
    }
}

impl Writer<'_> {
    /// The bytes of a column's text in UTF-8: the same for any character set and collation.
    pub(super) fn mysql_bytes(&self, name: &str) -> String {
        format!("CAST(CONVERT({} USING utf8mb4) AS BINARY)", self.column(name))
    }

    pub(super) fn mysql_side(&self, name: &str) -> String {
        match self.type_of(name) {
            ColumnType::Other => format!("CAST({} AS CHAR)", self.column(name)),
            _ => self.column(name),
        }
    }

    fn place(&mut self, place: Place) -> String {
        let Place { before, bind, after } = place;
        format!("{before}{}{after}", self.bind(bind))
    }

    /// One of these by the column's collation or value. Texts are not looked at by their bytes: that is for who reads the rows, or [`Self::mysql_one_of`].
    fn mysql_list<'t>(&mut self, name: &Name, texts: impl Iterator<Item = &'t str>) -> String {
        let kind = self.type_of(name);
        let unknown = kind == ColumnType::Chars(None);
        let (plain, foreign): (Vec<&str>, Vec<&str>) = texts.partition(|text| !unknown || text.is_ascii());
        let places: Vec<Place> = plain.into_iter().filter_map(|text| place_of(&kind, text)).collect();
        let mut ways = Vec::new();
        if !places.is_empty() {
            let side = self.mysql_side(name);
            let list = self.padded(places);
            ways.push(format!("{side} IN ({list})"));
        }
        if !foreign.is_empty() {
            ways.push(self.mysql_bytes_in(name, foreign.into_iter()));
        }
        match ways.as_slice() {
            [] => "1 = 0".to_owned(),
            [one] => one.clone(),
            _ => format!("({})", ways.join(" OR ")),
        }
    }

    fn mysql_bytes_in<'t>(&mut self, name: &Name, texts: impl Iterator<Item = &'t str>) -> String {
        let places = texts.map(|text| Place::plain(Bind::Bytes(text.as_bytes().to_vec()))).collect();
        format!("{} IN ({})", self.mysql_bytes(name), self.padded(places))
    }

    /// Lists have lengths that are powers of two, the last value repeated: the server prepares few statements instead of hundreds.
    fn padded(&mut self, mut places: Vec<Place>) -> String {
        let wanted = places.len().next_power_of_two();
        let last = places.last().map(|place| (place.before, place.bind.clone(), place.after.clone()));
        while let Some((before, bind, after)) = last.clone().filter(|_| places.len() < wanted) {
            places.push(Place { before, bind, after });
        }
        places.into_iter().map(|place| self.place(place)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn mysql_one_of<'t>(
        &mut self,
        name: &Name,
        texts: impl Iterator<Item = &'t str> + Clone,
    ) -> String {
        let found = self.mysql_list(name, texts.clone());
        match self.type_of(name) {
            ColumnType::Chars(_) if found != "1 = 0" => {
                format!("{found} AND {}", self.mysql_bytes_in(name, texts))
            }
            _ => found,
        }
    }

    /// Keys: rows are joined by the canonical form of what they bring, so that the collation's finds need no second look here.
    pub(super) fn mysql_keys(&mut self, columns: &[Name], values: &[Vec<String>]) -> String {
        if let ([name], [values]) = (columns, values) {
            return self.mysql_list(name, values.iter().map(String::as_str));
        }
        let kinds: Vec<ColumnType> = columns.iter().map(|name| self.type_of(name)).collect();
        let count = values.first().map_or(0, Vec::len);
        let mut rows: Vec<Vec<Place>> = Vec::new();
        for row in 0..count {
            let part = |(kind, values): (&ColumnType, &Vec<String>)| place_of(kind, values.get(row)?);
            rows.extend(kinds.iter().zip(values).map(part).collect::<Option<Vec<_>>>());
        }
        let sides: Vec<String> = columns.iter().map(|name| self.mysql_side(name)).collect();
        let mut lists = Vec::new();
        for row in rows {
            let places: Vec<String> = row.into_iter().map(|place| self.place(place)).collect();
            lists.push(format!("({})", places.join(", ")));
        }
        match lists.is_empty() {
            true => "1 = 0".to_owned(),
            false => format!("({}) IN ({})", sides.join(", "), lists.join(", ")),
        }
    }

    /// `None` when the text can't be of the column's type.
    pub(super) fn mysql_compare(&mut self, name: &Name, compare: &str, text: &str) -> Option<String> {
        let kind = self.type_of(name);
        if matches!(kind, ColumnType::Chars(_)) {
            match compare {
                "=" => return Some(self.mysql_one_of(name, std::iter::once(text))),
                "<>" => {
                    let place = self.bind(Bind::Bytes(text.as_bytes().to_vec()));
                    return Some(format!("{} <> {place}", self.mysql_bytes(name)));
                }
                _ => {}
            }
        }
        let place = match kind {
            ColumnType::Int if number(text) && place_of(&kind, text).is_none() => {
                Some(Place::cast(text.to_owned(), "DECIMAL(65,30)"))
            }
            ref kind => place_of(kind, text),
        };
        let place = place.map(|place| self.place(place))?;
        Some(format!("{} {compare} {place}", self.mysql_side(name)))
    }

    pub(super) fn mysql_prefix(&mut self, name: &Name, text: &str) -> String {
        let pattern = format!("{}%", escaped(text, '!'));
        let bytes = self.bind(Bind::Bytes(pattern.clone().into_bytes()));
        let exact = format!("{} LIKE {bytes} ESCAPE '!'", self.mysql_bytes(name));
        match self.type_of(name) {
            kind @ ColumnType::Chars(Some(_)) => match place_of(&kind, &pattern) {
                Some(place) => {
                    let side = self.column(name);
                    format!("{exact} AND {side} LIKE {} ESCAPE '!'", self.place(place))
                }
                None => exact,
            },
            _ => exact,
        }
    }

    pub(super) fn mysql_contains(&mut self, name: &Name, text: &str) -> String {
        let bytes = self.bind(Bind::Bytes(text.as_bytes().to_vec()));
        format!("LOCATE({bytes}, {}) > 0", self.mysql_bytes(name))
    }

    pub(super) fn mysql_mark(&mut self, name: &Name, mark: &Mark) -> Option<String> {
        let text = mark.text()?;
        let kind = self.type_of(name);
        // A day that is none, `0000-00-00`, has a place in the order.
        let place = match (place_of(&kind, &text), &kind) {
            (Some(place), _) => place,
            (None, ColumnType::Date) => Place::cast(text, "DATE"),
            (None, ColumnType::Timestamp) => Place::cast(text, "DATETIME(6)"),
            (None, _) => Place::plain(Bind::Text(text)),
        };
        Some(self.place(place))
    }
}

fn number(text: &str) -> bool {
    ColumnType::Numeric.takes(text)
}

/// A text as an expression of a column's type; `None` when it can't be of the type.
fn place_of(kind: &ColumnType, text: &str) -> Option<Place> {
    let place = match kind {
        ColumnType::Int => Place::plain(match (text.parse(), text.parse(), text) {
            (Ok(int), _, _) => Bind::Int(int),
            (_, Ok(unsigned), _) => Bind::Unsigned(unsigned),
            (_, _, "true") => Bind::Int(1),
            (_, _, "false") => Bind::Int(0),
            _ => return None,
        }),
        // A FLOAT is compared as the DOUBLE that its four bytes are.
        ColumnType::Real => {
            Place::plain(Bind::Float(text.parse::<f32>().ok().filter(|_| number(text))?.into()))
        }
        ColumnType::Float => Place::plain(Bind::Float(text.parse().ok().filter(|_| number(text))?)),
        ColumnType::Numeric => Place::cast(Some(text).filter(|_| number(text))?.to_owned(), "DECIMAL(65,30)"),
        ColumnType::Date => Place::cast(Some(text).filter(|text| kind.takes(text))?.to_owned(), "DATE"),
        ColumnType::Timestamp | ColumnType::Timestamptz => Place::cast(utc(text)?, "DATETIME(6)"),
        ColumnType::Time => Place::cast(Some(text).filter(|text| kind.takes(text))?.to_owned(), "TIME(6)"),
        ColumnType::Uuid => {
            let digits = Some(text).filter(|text| kind.takes(text))?.replace('-', "");
            Place { before: "UNHEX(", bind: Bind::Text(digits), after: ")".to_owned() }
        }
        ColumnType::Chars(Some(collation)) => {
            let charset = collation.split('_').next().unwrap_or_default();
            Place {
                before: "CONVERT(",
                bind: Bind::Text(text.to_owned()),
                after: format!(" USING {charset}) COLLATE {collation}"),
            }
        }
        _ => Place::plain(Bind::Text(text.to_owned())),
    };
    Some(place)
}
