//! One table in memory: typed values by column, texts in one buffer, rows found by key. Made once for a version, never changed.
//!
//! Values may be personal: there is no `Debug`.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use crate::fold::fold;
use crate::trouble::Rule;

/// A value.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Stored {
    Null,
    /// What the cell held didn't fit.
    Bad(Rule),
    Int(i32),
    Float(f64),
    Bool(bool),
    Text(Span),
    /// Items, in [`Table::items`].
    List(Span),
}

/// A part of the text, or of the items.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) length: u32,
}

/// A table.
pub(crate) struct Table {
    /// Its columns, in the order of their specification.
    pub(crate) columns: Vec<Vec<Stored>>,
    pub(crate) rows: usize,
    pub(crate) text: String,
    pub(crate) items: Vec<Stored>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) orders: Orders,
}

/// Rows by key: hashes in order, each with its row.
pub(crate) struct Index {
    columns: Vec<usize>,
    entries: Vec<(u64, u32)>,
    seed: RandomState,
}

/// One criterion of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct By {
    pub(crate) column: usize,
    pub(crate) descending: bool,
}

/// Rows in an order, worked out when it is asked for first. The mapping declares how many orders there are.
#[derive(Default)]
pub(crate) struct Orders(Mutex<HashMap<Vec<By>, Arc<Ordered>>>);

/// Rows in one order.
pub(crate) struct Ordered {
    pub(crate) rows: Vec<u32>,
    /// The place of each row.
    pub(crate) places: Vec<u32>,
}

impl Table {
    /// A value.
    pub(crate) fn value(&self, row: usize, column: usize) -> Stored {
        self.columns.get(column).and_then(|column| column.get(row)).copied().unwrap_or(Stored::Null)
    }

    /// The text of a span.
    pub(crate) fn span(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.start as usize + span.length as usize).unwrap_or_default()
    }

    /// The items of a list.
    pub(crate) fn items(&self, span: Span) -> &[Stored] {
        self.items.get(span.start as usize..span.start as usize + span.length as usize).unwrap_or_default()
    }

    /// A value as a part of a key. `None` for null, and for what can't be one.
    fn part(&self, row: usize, column: usize) -> Option<String> {
        match self.value(row, column) {
            Stored::Int(int) => Some(int.to_string()),
            Stored::Float(float) => Some(format!("{float:?}")),
            Stored::Bool(bool) => Some(bool.to_string()),
            Stored::Text(span) => Some(self.span(span).to_owned()),
            Stored::Null | Stored::Bad(_) | Stored::List(_) => None,
        }
    }

    /// The key in a row.
    pub(crate) fn key(&self, row: usize, columns: &[usize]) -> Option<Vec<String>> {
        columns.iter().map(|column| self.part(row, *column)).collect()
    }

    /// The rows with a key, in the order of the sheet.
    pub(crate) fn find(&self, index: usize, key: &[String]) -> Vec<u32> {
        let Some(index) = self.indexes.get(index) else { return Vec::new() };
        let hash = index.seed.hash_one(key);
        let first = index.entries.partition_point(|(own, _)| *own < hash);
        let same = index.entries.iter().skip(first).take_while(|(own, _)| *own == hash);
        let equal = |row: &u32| self.key(*row as usize, &index.columns).is_some_and(|own| own == key);
        same.map(|(_, row)| *row).filter(equal).collect()
    }

    /// Makes the index of a key; gives the rows whose key an earlier row has already.
    pub(crate) fn index(&mut self, columns: &[usize]) -> Vec<u32> {
        let seed = RandomState::new();
        let entry = |row: usize| Some((seed.hash_one(self.key(row, columns)?.as_slice()), row as u32));
        let mut entries: Vec<(u64, u32)> = (0..self.rows).filter_map(entry).collect();
        entries.sort_unstable();
        let twice = entries.windows(2).filter_map(|pair| match pair {
            [(first, one), (second, other)] if first == second => {
                (self.key(*one as usize, columns) == self.key(*other as usize, columns)).then_some(*other)
            }
            _ => None,
        });
        let twice = twice.collect();
        entries.shrink_to_fit();
        self.indexes.push(Index { columns: columns.to_vec(), entries, seed });
        twice
    }

    /// All rows in an order; rows that are equal in it stand as in the sheet.
    pub(crate) fn ordered(&self, order: &[By]) -> Arc<Ordered> {
        let known = self.orders.0.lock().unwrap_or_else(PoisonError::into_inner).get(order).cloned();
        known.unwrap_or_else(|| {
            let made = Arc::new(self.sort(order));
            self.orders.0.lock().unwrap_or_else(PoisonError::into_inner).insert(order.to_vec(), made.clone());
            made
        })
    }

    fn sort(&self, order: &[By]) -> Ordered {
        let folded: Vec<Vec<String>> = order.iter().map(|by| self.folded(by.column)).collect();
        let text = |criterion: usize, row: u32| folded.get(criterion).and_then(|all| all.get(row as usize));
        let mut rows: Vec<u32> = (0..self.rows as u32).collect();
        rows.sort_by(|one, other| {
            let criteria = order.iter().enumerate().map(|(criterion, by)| {
                let by_text = text(criterion, *one).cmp(&text(criterion, *other));
                let values = (self.value(*one as usize, by.column), self.value(*other as usize, by.column));
                self.nulls_last(by, values, |own| by_text.then(own))
            });
            criteria.fold(Ordering::Equal, Ordering::then)
        });
        let mut places = vec![0; rows.len()];
        for (place, row) in rows.iter().enumerate() {
            if let Some(at) = places.get_mut(*row as usize) {
                *at = place as u32;
            }
        }
        Ordered { rows, places }
    }

    /// The folded texts of a column, where it holds texts.
    fn folded(&self, column: usize) -> Vec<String> {
        let fold_one = |stored: &Stored| match stored {
            Stored::Text(span) => fold(self.span(*span)),
            _ => String::new(),
        };
        self.columns.get(column).map(|cells| cells.iter().map(fold_one).collect()).unwrap_or_default()
    }

    fn nulls_last(
        &self,
        by: &By,
        (one, other): (Stored, Stored),
        refine: impl FnOnce(Ordering) -> Ordering,
    ) -> Ordering {
        let nothing = |stored: &Stored| matches!(stored, Stored::Null | Stored::Bad(_) | Stored::List(_));
        match (nothing(&one), nothing(&other)) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let own = refine(self.compare(one, other));
                if by.descending { own.reverse() } else { own }
            }
        }
    }

    fn compare(&self, one: Stored, other: Stored) -> Ordering {
        match (one, other) {
            (Stored::Text(one), Stored::Text(other)) => compare_texts(self.span(one), self.span(other)),
            (Stored::Bool(one), Stored::Bool(other)) => one.cmp(&other),
            (one, other) => match (number(one), number(other)) {
                (Some(one), Some(other)) => one.total_cmp(&other),
                _ => Ordering::Equal,
            },
        }
    }

    /// A row's place before, at or after a position in an order.
    pub(crate) fn against(&self, row: u32, order: &[By], marks: &[Mark]) -> Ordering {
        let criteria = order.iter().zip(marks).map(|(by, mark)| {
            let own = self.value(row as usize, by.column);
            let nothing = matches!(own, Stored::Null | Stored::Bad(_) | Stored::List(_));
            let compared = match (own, mark) {
                (_, Mark::Null) => return if nothing { Ordering::Equal } else { Ordering::Less },
                _ if nothing => return Ordering::Greater,
                (Stored::Text(span), Mark::Text(text)) => {
                    let own = self.span(span);
                    fold(own).cmp(&fold(text)).then_with(|| compare_texts(own, text))
                }
                (Stored::Bool(own), Mark::Bool(mark)) => own.cmp(mark),
                (own, Mark::Number(mark)) => number(own).map_or(Ordering::Equal, |own| own.total_cmp(mark)),
                _ => Ordering::Equal,
            };
            if by.descending { compared.reverse() } else { compared }
        });
        criteria.fold(Ordering::Equal, Ordering::then)
    }

    /// A row's position in an order.
    pub(crate) fn marks(&self, row: u32, order: &[By]) -> Vec<Mark> {
        let mark = |by: &By| match self.value(row as usize, by.column) {
            Stored::Text(span) => Mark::Text(self.span(span).to_owned()),
            Stored::Bool(bool) => Mark::Bool(bool),
            other => number(other).map_or(Mark::Null, Mark::Number),
        };
        order.iter().map(mark).collect()
    }

    /// Bytes held, orders that were asked for not counted.
    pub(crate) fn bytes(&self) -> usize {
        let cells: usize = self.columns.iter().map(Vec::capacity).sum();
        let entries: usize = self.indexes.iter().map(|index| index.entries.capacity()).sum();
        (cells + self.items.capacity()) * size_of::<Stored>()
            + entries * size_of::<(u64, u32)>()
            + self.text.capacity()
    }
}

/// The value of one criterion, where a page ended.
#[derive(Clone, PartialEq)]
pub(crate) enum Mark {
    Null,
    Number(f64),
    Bool(bool),
    Text(String),
}

pub(crate) fn number(stored: Stored) -> Option<f64> {
    match stored {
        Stored::Int(int) => Some(f64::from(int)),
        Stored::Float(float) => Some(float),
        _ => None,
    }
}

/// Canonical instants end in `Z`, and a fraction would come before a whole second.
pub(crate) fn compare_texts(one: &str, other: &str) -> Ordering {
    let bare = |text: &str| text.len() >= 20 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    match bare(one) && bare(other) {
        true => one.trim_end_matches('Z').cmp(other.trim_end_matches('Z')),
        false => one.cmp(other),
    }
}
