//! Records of several members in; one list out: one member after the other, or by the declared order. A record that two members have
//! stands once, as the first of them in declared order has it.

use std::cmp::Ordering;
use std::collections::HashMap;

use raccordo_connector_api::{Cell, Reply};
use raccordo_schema::mapping::Name;

use crate::cursor::{Position, Positions};
use crate::keepers::Found;
use crate::lists::Part;
use crate::question::Sorting;

/// One record of a member's answer: where it is, and what joining needs of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    /// Which reply.
    pub(crate) page: usize,
    /// Which record of it.
    pub(crate) index: usize,
    pub(crate) cursor: Option<String>,
    pub(crate) is_there: bool,
    pub(crate) order: Vec<Mark>,
    /// The JSON texts of its key; none where it isn't known whole.
    pub(crate) key: Option<Vec<Vec<u8>>>,
}

impl Item {
    /// A record of which nothing is known.
    pub(crate) fn bare(page: usize, index: usize) -> Self {
        Self { page, index, cursor: None, is_there: true, order: Vec::new(), key: None }
    }
}

/// A value of the order. Null comes first.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub(crate) enum Mark {
    Null,
    Number(f64),
    Text(String),
}

/// Reads what joining needs of a record.
pub(crate) fn marks(reply: &Reply, page: usize, index: usize, record: Cell, sorting: &Sorting) -> Item {
    let Cell::Object(at) = record else {
        let is_there = !matches!(record, Cell::Null | Cell::Absent);
        return Item {
            is_there,
            order: sorting.order.iter().map(|_| Mark::Null).collect(),
            ..Item::bare(page, index)
        };
    };
    let json = |slot: u32| reply.json(reply.slot(at, slot)).filter(|json| *json != b"null");
    let mark = |by: &crate::question::By| match json(by.slot) {
        None => Mark::Null,
        Some(json) if by.is_number => {
            let digits = std::str::from_utf8(json).ok().and_then(|digits| digits.parse().ok());
            digits.map_or(Mark::Null, Mark::Number)
        }
        Some(json) => match serde_json::from_slice::<String>(json) {
            Ok(text) => Mark::Text(text),
            Err(_) => Mark::Text(String::from_utf8_lossy(json).into_owned()),
        },
    };
    let order = sorting.order.iter().map(mark).collect();
    let key: Option<Vec<Vec<u8>>> = sorting.key.iter().map(|slot| json(*slot).map(<[u8]>::to_vec)).collect();
    Item { order, key: key.filter(|key| !key.is_empty()), ..Item::bare(page, index) }
}

/// How parts become a list.
pub(crate) struct Merging<'m> {
    pub(crate) names: &'m [Name],
    pub(crate) sorting: &'m Sorting,
    pub(crate) first: Option<usize>,
    /// Makes the cursor of a place; none where nobody reads one.
    pub(crate) seal: Option<&'m dyn Fn(&Positions) -> String>,
    /// A cursor for each record, not the first and the last alone.
    pub(crate) every: bool,
}

/// The list.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    /// Part and item of each record.
    pub(crate) chosen: Vec<(usize, usize)>,
    /// One for each; empty where nobody reads it.
    pub(crate) cursors: Vec<String>,
    pub(crate) has_next: bool,
}

impl Merging<'_> {
    /// Puts parts together, which stand in the members' declared order. `at` is where the list stood before.
    pub(crate) fn merge(&self, parts: &[Part], mut at: Positions, found: &mut Found<'_>) -> Merged {
        let winners = self.winners(parts);
        let mut heads = vec![0; parts.len()];
        let mut merged = Merged::default();
        // What has nothing at all is done with, wherever its turn would have been.
        parts.iter().for_each(|part| self.passed(part, 0, &mut at));
        while self.first.is_none_or(|first| merged.chosen.len() < first) {
            let Some(next) = self.next(parts, &heads) else { break };
            let (Some(part), Some(head)) = (parts.get(next), heads.get_mut(next)) else { break };
            let index = *head;
            *head += 1;
            self.passed(part, index + 1, &mut at);
            let key = part.items.get(index).and_then(|item| item.key.as_ref());
            if let (Some(key), Some(winner)) = (key, key.and_then(|key| winners.get(key)))
                && *winner != next
            {
                self.twice(parts, key, [*winner, next], found);
                continue;
            }
            merged.chosen.push((next, index));
            let reads = self.every || merged.chosen.len() == 1;
            merged.cursors.push(self.seal.filter(|_| reads).map(|seal| seal(&at)).unwrap_or_default());
        }
        // The last one's cursor is where the list stands now, past what was left out after it.
        if let (Some(seal), Some(last)) = (self.seal, merged.cursors.last_mut()) {
            *last = seal(&at);
        }
        merged.has_next =
            parts.iter().zip(&heads).any(|(part, head)| *head < part.items.len() || part.has_next);
        merged
    }

    /// The list has passed so many records of a part.
    fn passed(&self, part: &Part, count: usize, at: &mut Positions) {
        let Some(name) = self.names.get(part.member) else { return };
        if count >= part.items.len() && !part.has_next {
            at.0.insert(name.clone(), Position::Done);
        } else if let Some(cursor) =
            count.checked_sub(1).and_then(|last| part.items.get(last)?.cursor.clone())
        {
            at.0.insert(name.clone(), Position::After(cursor));
        }
    }

    /// Which part the next record is from; none where that can't be told, or nothing is left.
    fn next(&self, parts: &[Part], heads: &[usize]) -> Option<usize> {
        let mut best: Option<(usize, &Item)> = None;
        for (index, (part, head)) in parts.iter().zip(heads).enumerate() {
            match part.items.get(*head) {
                Some(_) if self.sorting.order.is_empty() => return Some(index),
                Some(item) if best.is_none_or(|(_, best)| self.compare(item, best) == Ordering::Less) => {
                    best = Some((index, item));
                }
                Some(_) => {}
                // It has more, which wasn't asked for: what follows isn't known.
                None if part.has_next => return None,
                None => {}
            }
        }
        best.map(|(index, _)| index)
    }

    fn compare(&self, one: &Item, other: &Item) -> Ordering {
        let marks = self.sorting.order.iter().zip(one.order.iter().zip(&other.order));
        for (by, (one, other)) in marks {
            let ordering = one.partial_cmp(other).unwrap_or(Ordering::Equal);
            let ordering = if by.descending { ordering.reverse() } else { ordering };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        Ordering::Equal
    }

    /// For each key that two parts have, the first of them.
    fn winners<'p>(&self, parts: &'p [Part]) -> HashMap<&'p Vec<Vec<u8>>, usize> {
        let mut winners = HashMap::new();
        if parts.len() > 1 && !self.sorting.key.is_empty() {
            for (index, part) in parts.iter().enumerate() {
                for key in part.items.iter().filter_map(|item| item.key.as_ref()) {
                    winners.entry(key).or_insert(index);
                }
            }
        }
        winners
    }

    fn twice(&self, parts: &[Part], key: &[Vec<u8>], of: [usize; 2], found: &mut Found<'_>) {
        let name = |index: usize| parts.get(index).and_then(|part| self.names.get(part.member)).cloned();
        if let Some(type_name) = &self.sorting.type_name {
            found.note(type_name, key, of.into_iter().filter_map(name).collect());
        }
    }
}
