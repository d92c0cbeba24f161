//! Enum values. Used in answers only: the union. In arguments only: the intersection. In both: all sources must agree.

use apollo_compiler::Name;
use indexmap::IndexMap;

use super::{Instance, Merging, types};
use crate::Diagnostic;
use crate::compose::marks::Marks;
use crate::compose::subgraph::EnumValue;
use crate::compose::supergraph::MergedValue;

impl<'a> Merging<'a> {
    pub(super) fn enum_values(
        &mut self,
        name: &Name,
        instances: &[Instance<'a>],
    ) -> IndexMap<Name, MergedValue> {
        let (input, output) = self.positions(name);
        let mut merged = IndexMap::new();
        for value in instances.iter().flat_map(|i| i.def.values.keys()) {
            if merged.contains_key(value) {
                continue;
            }
            let having: Vec<(&Instance<'a>, &EnumValue)> =
                instances.iter().filter_map(|i| Some((i, i.def.values.get(value)?))).collect();
            let everywhere = having.len() == instances.len();
            let marks = Marks::merge(having.iter().map(|(_, v)| &v.marks));
            if !everywhere && input && !marks.inaccessible {
                if output {
                    self.enum_mismatch(name, value, instances);
                } else {
                    self.value_left_out(name, &having);
                    continue;
                }
            }
            let description = types::description(having.iter().map(|(_, v)| v.description.as_deref()));
            let graphs = having.iter().map(|(i, _)| i.graph).collect();
            merged.insert(value.clone(), MergedValue { description, graphs, marks });
        }
        if merged.is_empty() {
            self.empty_enum(name, instances);
        }
        merged
    }

    fn value_left_out(&mut self, name: &Name, having: &[(&Instance<'a>, &EnumValue)]) {
        let Some((instance, value)) = having.first() else { return };
        let message = format!("`{name}.{}` is left out of the graph: not every source takes it", value.name);
        let at = instance.source.locate(value.at);
        self.warnings.push(Diagnostic::warning("INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM", at, message));
    }

    fn enum_mismatch(&mut self, name: &Name, value: &Name, instances: &[Instance<'a>]) {
        let lacking = instances.iter().find(|i| !i.def.values.contains_key(value));
        let having = instances.iter().find_map(|i| Some((i, i.def.values.get(value)?)));
        let (Some(lacking), Some((having, value))) = (lacking, having) else { return };
        let message = format!(
            "`{name}.{}` is in `{}` but not in `{}`, and the enum is used in both arguments and answers",
            value.name, having.source.name, lacking.source.name
        );
        let diagnostic = Diagnostic::error("ENUM_VALUE_MISMATCH", having.source.locate(value.at), message);
        self.problems.push(
            diagnostic
                .help(format!("add the value to `{}`, or mark it `@inaccessible`", lacking.source.name)),
        );
    }

    fn empty_enum(&mut self, name: &Name, instances: &[Instance<'a>]) {
        let Some(first) = instances.first() else { return };
        let message = format!("no value of `{name}` is in every source, and the enum is used in arguments");
        let at = first.source.locate(first.def.at);
        let diagnostic = Diagnostic::error("EMPTY_MERGED_ENUM_TYPE", at, message);
        self.problems.push(diagnostic.help("give the sources at least one value in common"));
    }
}
