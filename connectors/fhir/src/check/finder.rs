//! The `@connect` of a root field or a relation in; its [`Finder`], or what is wrong with it, out.

use raccordo_schema::mapping::{
    self, Connect, FhirTarget, FieldMapping, FilterOp, Name, Target, TypeMapping,
};

use super::Check;
use crate::filter::{Filter, prefix};
use crate::model::{DEFAULT_BATCH, DEFAULT_PAGE, Finder, Form, Key, Reference};
use crate::reference::element_path;

impl Check<'_> {
    /// A root, or a relation of a type.
    pub(super) fn finder(
        &mut self,
        type_name: &Name,
        of: Option<&TypeMapping>,
        field: &FieldMapping,
    ) -> Option<Finder> {
        let Some(connect) = &field.connect else {
            let message = format!("nothing says where the records of `{type_name}.{}` are", field.name);
            self.wrong("CONNECT_MISSING", &field.at, message, "add `@connect(fhir: { resource: \"…\" })`");
            return None;
        };
        let target = self.target(connect)?;
        let (form, node) = self.form(field);
        let reference = match of {
            None => None,
            Some(of) => Some(self.reference(of, field, connect, target)?),
        };
        let key = self.node(&node, connect, target);
        let filters = connect.filters.iter();
        let filters =
            filters.filter_map(|filter| self.filter(field, connect, filter, key.as_ref())).collect();
        let page = connect.page.clone().unwrap_or_default();
        if of.is_some() && form == Form::Connection {
            let message = format!(
                "`{type_name}.{}` is a connection, and a relation of kind `fhir` has no cursors",
                field.name
            );
            let help = "return a plain list, with `page: { first: … }` where it may be long";
            self.wrong("FHIR_PAGE", &connect.at, message, help);
        }
        Some(Finder {
            type_name: type_name.clone(),
            field: field.name.clone(),
            resource: target.resource.clone(),
            node,
            form,
            reference,
            conditions: target.conditions.clone(),
            filters,
            sort: self.sort(connect),
            page_size: page.size.unwrap_or(DEFAULT_PAGE),
            page,
            batch: connect.batch_max.unwrap_or(DEFAULT_BATCH),
            key,
        })
    }

    fn reference(
        &mut self,
        of: &TypeMapping,
        field: &FieldMapping,
        connect: &Connect,
        target: &FhirTarget,
    ) -> Option<Reference> {
        let param = target.reference.clone()?;
        self.parameter(&param, &connect.at);
        if param.contains([':', '.']) {
            let message = format!("`reference: \"{param}\"` has a modifier or a chain");
            self.wrong(
                "FHIR_REFERENCE",
                &connect.at,
                message,
                "name the search parameter alone, as `patient`",
            );
        }
        let Some(parent) = self.entities.get(&of.name).map(|entity| entity.resource.clone()) else {
            if !matches!(of.connect.as_ref().map(|connect| &connect.target), Some(Target::Fhir(_))) {
                let message = format!(
                    "`{}.{}` refers to the resource of `{}`, and nothing says which resource that is",
                    of.name, field.name, of.name
                );
                let help = "add `@connect(fhir: { resource: \"…\", key: … })` to the type";
                self.wrong("FHIR_REFERENCE", &connect.at, message, help);
            }
            return None;
        };
        let path = element_path(&target.resource, &param);
        Some(Reference { parent, param, path })
    }

    /// What a field gives, and the type of a record.
    fn form(&self, field: &FieldMapping) -> (Form, Name) {
        let named = &field.shape.named;
        let connection = self.source.mapping.types.get(named).and_then(|of| of.connection.as_ref());
        match (connection, field.shape.list) {
            (_, true) => (Form::List, named.clone()),
            (Some(connection), false) => (Form::Connection, connection.node.clone()),
            (None, false) => (Form::Single, named.clone()),
        }
    }

    /// The key of the type of a record, where it has one: then the type's resource is the one that the field searches.
    fn node(&mut self, node: &Name, connect: &Connect, target: &FhirTarget) -> Option<Key> {
        let entity = self.entities.get(node)?;
        if entity.resource == target.resource {
            return Some(entity.key.clone());
        }
        let message =
            format!("`{node}` is a `{}`, and this searches for `{}`", entity.resource, target.resource);
        let help = "search for the type's own resource, or return another type";
        self.wrong("FHIR_RESOURCE", &connect.at, message, help);
        None
    }

    fn filter(
        &mut self,
        field: &FieldMapping,
        connect: &Connect,
        filter: &mapping::Filter,
        key: Option<&Key>,
    ) -> Option<Filter> {
        self.parameter(&filter.target, &connect.at);
        let Some(prefix) = prefix(filter.op) else {
            let op = if filter.op == FilterOp::Prefix { "PREFIX" } else { "CONTAINS" };
            let message =
                format!("the filter on `{}` has `op: {op}`, which kind `fhir` can't do", filter.arg);
            let help = "use one of `EQ`, `NE`, `GT`, `GE`, `LT`, `LE`, `IN`";
            self.wrong("FHIR_FILTER", &connect.at, message, help);
            return None;
        };
        let key = key.filter(|key| key.param == filter.target);
        if key.is_some() && !prefix.is_empty() {
            let message =
                format!("the filter on `{}` compares `{}`, which has no order", filter.arg, filter.target);
            self.wrong("FHIR_FILTER", &connect.at, message, "use `EQ` or `IN`");
        }
        if &*filter.target == "identifier" && key.is_none() {
            let message = format!(
                "the filter on `{}` is by `identifier`, and the type that comes back names no systems",
                filter.arg
            );
            let help = "give the type `@connect(fhir: { resource: \"…\", key: { param: \"identifier\", systems: […] } })`";
            self.wrong("FHIR_FILTER", &connect.at, message, help);
        }
        Some(Filter {
            arg: filter.arg.clone(),
            named: field
                .arguments
                .get(&filter.arg)
                .map_or_else(|| Name::from(""), |argument| argument.named.clone()),
            param: filter.target.clone(),
            prefix,
            systems: key.map(|key| key.systems.clone()).unwrap_or_default(),
            is_key: key.is_some(),
        })
    }

    fn sort(&mut self, connect: &Connect) -> Option<String> {
        for order in &connect.order {
            self.parameter(&order.target, &connect.at);
        }
        let criterion =
            |order: &mapping::Order| format!("{}{}", if order.descending { "-" } else { "" }, order.target);
        let criteria: Vec<String> = connect.order.iter().map(criterion).collect();
        (!criteria.is_empty()).then(|| criteria.join(","))
    }
}
