//! Values in; which members they choose, out. Values compare as texts, exactly: a code is a code.

use raccordo_connector_api::{Failure, Fetch, Field, Representations, Value};
use raccordo_schema::mapping::{FieldMapping, FilterOp, From, Name, SourceMapping, Target};

use crate::connector::MembersConnector;

/// Whom an entity is asked of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owners {
    /// These members, in declared order; none is nobody.
    Are(Vec<usize>),
    /// Nothing in its key tells.
    Untold,
}

impl MembersConnector {
    /// The members that a root field's arguments choose, in declared order: all of them where no argument chooses.
    pub(crate) fn chosen(&self, fetch: &Fetch, field: &Field) -> Vec<usize> {
        let everyone = || (0..self.members.len()).collect();
        let Some(route_by) = &self.whole.route_by else { return everyone() };
        let by_filter = self.routing_argument(field);
        let value = field.arguments.iter().find_map(|argument| {
            let value = fetch.value(argument);
            let is_it = *argument.name == **route_by || by_filter.as_deref() == Some(&*argument.name);
            match (is_it, value) {
                (true, value) => Some(value),
                (false, Value::Object(fields)) => {
                    fields.iter().find(|(name, _)| *name == *route_by).map(|(_, value)| value)
                }
                (false, _) => None,
            }
        });
        match value.filter(|value| !value.is_null()) {
            None => everyone(),
            Some(value) => {
                let wanted: Vec<String> = value.items().iter().filter_map(text).collect();
                let serves = |index: &usize| {
                    let member = self.members.get(*index);
                    member.is_some_and(|member| {
                        member.serves.iter().any(|own| wanted.iter().any(|text| **text == **own))
                    })
                };
                (0..self.members.len()).filter(serves).collect()
            }
        }
    }

    fn routing_argument(&self, field: &Field) -> Option<Name> {
        let route_by = self.whole.route_by.as_ref()?;
        let known = self.whole.mapping.queries.get(&field.name)?;
        routing_argument(&self.whole.mapping, known, route_by)
    }

    /// The members that an entity's own key names.
    pub(crate) fn owners(&self, representations: &Representations, row: usize) -> Owners {
        let Some(route_by) = &self.whole.route_by else { return Owners::Untold };
        match representations.scalar(row, route_by) {
            Some(value) => Owners::Are(self.serving(&value)),
            None => Owners::Untold,
        }
    }

    /// The members that serve a value.
    pub(crate) fn serving(&self, value: &str) -> Vec<usize> {
        let members = self.members.iter().enumerate();
        members
            .filter(|(_, member)| member.serves.iter().any(|own| **own == *value))
            .map(|(index, _)| index)
            .collect()
    }

    /// A write goes to one member, and never to more.
    pub(crate) fn only(&self, field: &Field, chosen: &[usize]) -> Result<(), Failure> {
        match (chosen, &self.whole.route_by) {
            ([_], _) => Ok(()),
            (_, Some(route_by)) => Err(Failure::bad_input(format!(
                "`{}` writes to one member of the source: `{route_by}` must name it",
                field.name
            ))),
            (_, None) => {
                Err(Failure::bad_input(format!("nothing says which member `{}` writes to", field.name)))
            }
        }
    }
}

/// The argument of a root field that chooses members: the one of that name, else the one that narrows the column of the field of that name.
pub(crate) fn routing_argument(
    mapping: &SourceMapping,
    field: &FieldMapping,
    route_by: &Name,
) -> Option<Name> {
    if field.arguments.contains_key(route_by) {
        return Some(route_by.clone());
    }
    let connect = field
        .connect
        .as_ref()
        .filter(|connect| matches!(connect.target, Target::Sql(_) | Target::Sheet(_)))?;
    let of = mapping.types.get(&field.shape.named)?;
    let node = of.connection.as_ref().map_or(Some(of), |connection| mapping.types.get(&connection.node))?;
    let routed = node.fields.get(route_by)?;
    let column = match &routed.from {
        From::Name => &routed.name,
        From::Column(column) => column,
        From::Header { names, .. } => names.first()?,
        From::Jq { .. } | From::Meta(_) => return None,
    };
    let narrows = |op: FilterOp| matches!(op, FilterOp::Eq | FilterOp::In);
    connect
        .filters
        .iter()
        .find(|filter| filter.target == *column && narrows(filter.op))
        .map(|filter| filter.arg.clone())
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) | Value::Enum(text) => Some(text.to_string()),
        Value::Int(int) => Some(int.to_string()),
        _ => None,
    }
}
