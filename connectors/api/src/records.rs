//! A written reply in; how many records are in it out: what the trail says was disclosed, and what limits are compared with.

use crate::{Cell, Reply, Selection};

/// The objects in the lists at and below a cell of this selection: an object that is no list's item is part of its parent.
pub fn listed(reply: &Reply, cell: Cell, selection: &Selection) -> usize {
    match cell {
        Cell::List { .. } => {
            let of =
                |item: &Cell| usize::from(matches!(item, Cell::Object(_))) + listed(reply, *item, selection);
            reply.items(cell).iter().map(of).sum()
        }
        Cell::Object(at) => {
            let below =
                selection.fields_of(at.type_id).filter_map(|field| Some((field.slot, field.selection()?)));
            below.map(|(slot, below)| listed(reply, reply.slot(at, slot), below)).sum()
        }
        _ => 0,
    }
}
