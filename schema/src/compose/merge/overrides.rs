//! `@override`: which sources no longer resolve a field. In: a field's instances. Out: each instance's state.

use super::Merging;
use super::fields::FieldInstance;
use crate::Diagnostic;
use crate::compose::subgraph::Override;

/// What `@override` makes of one source's field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Overridden {
    /// It stands.
    #[default]
    No,
    /// It is gone: nothing of the source needs it.
    Gone,
    /// It is resolved elsewhere, but the source's keys or interfaces still name it.
    StillUsed,
    /// A label decides at run time.
    Labelled,
}

impl<'a> Merging<'a> {
    /// Applies the overrides among the instances of one field; `false` when one is refused.
    pub(super) fn overrides(&mut self, place: &str, instances: &mut [FieldInstance<'a>]) -> bool {
        let overriding: Vec<(usize, &'a Override)> = instances
            .iter()
            .enumerate()
            .filter_map(|(at, i)| Some((at, i.field.overrides.as_ref()?)))
            .collect();
        let mut good = true;
        for (at, says) in overriding {
            let Some(instance) = instances.get(at).copied() else { continue };
            if self.refused(place, &instance, says, instances) {
                good = false;
                continue;
            }
            let label = says.label.as_deref();
            // An external there is resolved elsewhere already.
            let from = instances.iter_mut().find(|i| i.source.name == says.from && !i.field.external);
            if let Some(from) = from {
                from.overridden = match label {
                    Some(_) => Overridden::Labelled,
                    None if from.field.used || from.field.in_key => Overridden::StillUsed,
                    None => Overridden::Gone,
                };
                from.label = label;
            }
            if let Some(instance) = instances.get_mut(at) {
                instance.label = label;
            }
        }
        good
    }

    /// The interface by which the overridden source resolves the field without knowing the type.
    fn by_interface_object_of(
        &self,
        place: &str,
        instance: &FieldInstance<'a>,
        says: &Override,
    ) -> Option<&'a apollo_compiler::Name> {
        let parent = place.split('.').next()?;
        let from = self
            .sources
            .iter()
            .find(|s| s.name == says.from && s.field(parent, &instance.field.name).is_none())?;
        let stands_for = |interface: &&apollo_compiler::Name| {
            let object = from.types.get(*interface).filter(|t| t.interface_object);
            object.is_some_and(|t| t.fields.contains_key(&instance.field.name))
        };
        instance.source.types.get(parent)?.implements.keys().find(stands_for)
    }

    fn refused(
        &mut self,
        place: &str,
        instance: &FieldInstance<'a>,
        says: &Override,
        all: &[FieldInstance<'a>],
    ) -> bool {
        let at = instance.source.locate(says.at);
        let (rule, message, help) = if says.from == instance.source.name {
            let message = format!("`{place}` overrides itself: `from` names its own source `{}`", says.from);
            ("OVERRIDE_FROM_SELF_ERROR", message, "name the source that resolved the field before")
        } else if all.iter().any(|i| i.source.name == says.from && i.field.overrides.is_some()) {
            let message = format!("`{place}` overrides `{}`, which overrides the field too", says.from);
            ("OVERRIDE_SOURCE_HAS_OVERRIDE", message, "only one source overrides a field")
        } else if let Some(interface) = self.by_interface_object_of(place, instance, says) {
            let message =
                format!("`{place}` overrides `{}`, which resolves it for all of `{interface}`", says.from);
            (
                "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
                message,
                "what an `@interfaceObject` resolves can't be overridden for one type",
            )
        } else if instance.interface_object {
            let message = format!(
                "`{place}` has `@override`, but `{}` is an `@interfaceObject` here",
                place.split('.').next().unwrap_or_default()
            );
            (
                "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
                message,
                "take the field off the source that had it, in one step",
            )
        } else if instance.field.external || instance.field.requires.is_some() && says.label.is_some() {
            let message = format!("`{place}` has `@override` beside `@external` or a labelled `@requires`");
            (
                "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
                message,
                "a source that overrides a field resolves it",
            )
        } else if says.label.as_deref().is_some_and(|label| !valid_label(label)) {
            let message = format!("the label of `@override` on `{place}` is neither a name nor `percent(n)`");
            ("OVERRIDE_LABEL_INVALID", message, "write a name, or `percent(0)` to `percent(100)`")
        } else {
            if !self.sources.iter().any(|s| s.name == says.from) {
                let message =
                    format!("`{place}` overrides source `{}`, which is not in this graph", says.from);
                self.warnings.push(Diagnostic::warning("FROM_SUBGRAPH_DOES_NOT_EXIST", at, message));
            }
            return false;
        };
        self.problems.push(Diagnostic::error(rule, at, message).help(help));
        true
    }
}

/// A name (letters, digits, `_ - : . /`) or a percentage with at most eight decimals.
fn valid_label(label: &str) -> bool {
    let percent = label.strip_prefix("percent(").and_then(|rest| rest.strip_suffix(')'));
    if let Some(number) = percent {
        let decimals = number.split_once('.').map_or(0, |(_, d)| d.len());
        let plain = number.chars().all(|c| c.is_ascii_digit() || c == '.');
        return plain && decimals <= 8 && number.parse::<f64>().is_ok_and(|n| (0.0..=100.0).contains(&n));
    }
    label.starts_with(|c: char| c.is_ascii_alphabetic())
        && label.chars().all(|c| c.is_ascii_alphanumeric() || "_-:./".contains(c))
}
