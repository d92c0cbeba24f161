//! A value of one reply in; the same value in another reply out, laid out alike: how several replies become one.
//! What isn't below the value is not taken.

use crate::{Cell, Failure, ObjectAt, Reply, Selection};

/// Copies a value with all that is below it. `below` is what was asked of its objects, none of a leaf; `lost` says how a failure is told
/// in the new reply.
pub fn graft(
    into: &mut Reply,
    from: &Reply,
    cell: Cell,
    below: Option<&Selection>,
    lost: &mut dyn FnMut(&Failure) -> Failure,
) -> Cell {
    match (cell, below) {
        (Cell::Lent { .. } | Cell::Text { .. }, _) => {
            from.json(cell).map_or(Cell::Null, |json| into.raw(json))
        }
        (Cell::Object(at), Some(selection)) => {
            let object =
                into.object(selection.width, (at.type_id != ObjectAt::UNTYPED).then_some(at.type_id));
            for field in selection.fields.iter().filter(|field| field.slot < selection.width) {
                let value = from.slot(at, field.slot);
                if value != Cell::Absent {
                    let value = graft(into, from, value, field.selection(), lost);
                    into.set(object, field.slot, value);
                }
            }
            Cell::Object(object)
        }
        (Cell::List { .. }, _) => {
            let mut items = Vec::with_capacity(from.items(cell).len());
            for item in from.items(cell) {
                items.push(graft(into, from, *item, below, lost));
            }
            into.list(&items)
        }
        (Cell::Failed(problem), _) => match from.problems().get(problem as usize) {
            Some(problem) => {
                let failure = lost(&problem.failure);
                into.failed(failure)
            }
            None => Cell::Null,
        },
        (Cell::Absent, _) => Cell::Absent,
        // An object that was asked as a leaf has nothing to be laid out by.
        (Cell::Null | Cell::Object(_), _) => Cell::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Field, Leaf, Output};

    fn field(slot: u32, output: Output) -> Field {
        let name: raccordo_schema::mapping::Name = "f".into();
        Field {
            key: name.clone(),
            name,
            slot,
            on: None,
            on_names: Default::default(),
            arguments: Vec::new(),
            list_depth: 0,
            output,
        }
    }

    fn selection(width: u32, fields: Vec<Field>) -> Selection {
        Selection { type_name: "T".into(), type_id: None, width, fields }
    }

    #[test]
    fn a_value_comes_with_what_is_below_it_and_nothing_else() {
        let inner = selection(1, vec![field(0, Output::Leaf(Leaf::String))]);
        let outer = selection(
            2,
            vec![
                field(0, Output::Object(Box::new(inner.clone()))),
                field(1, Output::Leaf(Leaf::Int)),
                field(2, Output::Leaf(Leaf::String)),
            ],
        );
        let mut from = Reply::lending(bytes::Bytes::from_static(b"\"lent\""));
        let below = from.object(1, Some(7));
        from.set(below, 0, Cell::Lent { start: 0, length: 6 });
        from.quoted("nobody's");
        let failed = from.failed(Failure::malformed("x"));
        let list = from.list(&[Cell::Object(below), Cell::Null, failed]);
        let top = from.object(2, None);
        from.set(top, 0, list);
        let one = from.raw(b"1");
        from.set(top, 1, one);
        let mut into = Reply::new();
        into.quoted("before");
        let copied = graft(&mut into, &from, Cell::Object(top), Some(&outer), &mut |failure| {
            Failure::timed_out(failure.detail.clone())
        });
        let Cell::Object(at) = copied else { panic!("{copied:?}") };
        assert_eq!(into.json(into.slot(at, 1)), Some(&b"1"[..]));
        let items = into.items(into.slot(at, 0)).to_vec();
        let [Cell::Object(item), Cell::Null, Cell::Failed(problem)] = items[..] else { panic!("{items:?}") };
        assert_eq!((item.type_id, into.json(into.slot(item, 0))), (7, Some(&b"\"lent\""[..])));
        assert_eq!(into.problems()[problem as usize].failure.kind, crate::FailureKind::TimedOut);
        assert!(into.bytes() < from.bytes() + 64);
    }
}
