//! `@external` fields against what the resolving sources say of them. In: the merged field. Out: diagnostics.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use indexmap::IndexMap;

use super::Merging;
use super::fields::FieldInstance;
use crate::Diagnostic;
use crate::compose::supergraph::MergedInput;

impl<'a> Merging<'a> {
    /// An external field repeats the type and the arguments of a source that resolves it, or the graph's. v1 never looked.
    pub(super) fn externals(
        &mut self,
        place: &str,
        ty: &Type,
        arguments: &IndexMap<Name, MergedInput>,
        instances: &[FieldInstance<'a>],
    ) {
        for instance in instances.iter().filter(|i| i.field.external && i.source.v2) {
            let declared = &instance.field.ty;
            let of_another = instances.iter().any(|i| !i.field.external && i.field.ty == *declared);
            if !of_another && !self.repeats(declared, ty) {
                let what = format!("has type `{declared}`, but in the graph `{ty}`");
                self.differs("EXTERNAL_TYPE_MISMATCH", place, &what, instance);
            }
            for (name, argument) in arguments {
                let given = instance.field.arguments.get(name);
                let place = format!("{place}({name}:)");
                match given {
                    None => {
                        self.differs("EXTERNAL_ARGUMENT_MISSING", &place, "is not taken", instance);
                    }
                    Some(given) if !self.is_subtype(&argument.ty, &given.ty) => {
                        let what = format!("has type `{}`, but in the graph `{}`", given.ty, argument.ty);
                        self.differs("EXTERNAL_ARGUMENT_TYPE_MISMATCH", &place, &what, instance);
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// The same type, or a member of it, with the same lists and nullability.
    fn repeats(&self, declared: &Type, ty: &Type) -> bool {
        match (declared, ty) {
            (Type::List(a), Type::List(b)) | (Type::NonNullList(a), Type::NonNullList(b)) => {
                self.repeats(a, b)
            }
            (Type::Named(_), Type::Named(_)) | (Type::NonNullNamed(_), Type::NonNullNamed(_)) => {
                self.is_subtype(declared, ty)
            }
            _ => false,
        }
    }

    fn differs(&mut self, rule: &'static str, place: &str, what: &str, instance: &FieldInstance<'a>) {
        let message =
            format!("in `{}`, where the field is `@external`, `{place}` {what}", instance.source.name);
        let diagnostic = Diagnostic::error(rule, instance.source.locate(instance.field.at), message);
        self.problems.push(diagnostic.help("repeat what the source that resolves the field says"));
    }
}
