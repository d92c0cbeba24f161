//! A source's mapping in; every mistake that only this kind can see out: what holds for every kind is `raccordo_schema::check_kind`'s.
//! Opens nothing: whether files, sheets and headers exist is known when they are read.

use raccordo_connector_api::Source;
use raccordo_schema::Diagnostic;
use raccordo_schema::mapping::{Connect, FieldMapping, From, SourceMapping, TypeMapping};

use crate::fold::fold;
use crate::model::{field_at, target};

/// Checks a mapping; mistakes go to `found`. `is_web` says that the files are at an address, where no folder can be listed.
pub(crate) fn check(source: Source<'_>, is_web: bool, found: &mut Vec<Diagnostic>) {
    let mapping = source.mapping.as_ref();
    let mut check = Check { mapping, is_web, found };
    for of in mapping.types.values() {
        check.entity(of);
        for field in of.fields.values() {
            check.field(Some(of), field);
        }
    }
    for field in mapping.queries.values() {
        check.field(None, field);
    }
}

struct Check<'a> {
    mapping: &'a SourceMapping,
    is_web: bool,
    found: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn wrong(&mut self, rule: &'static str, connect: &Connect, message: String, help: &str) {
        self.found.push(Diagnostic::error(rule, connect.at.clone(), message).help(help));
    }

    fn entity(&mut self, of: &TypeMapping) {
        let Some(connect) = &of.connect else { return };
        self.connect(&of.name, connect);
        for path in of.keys.iter().flatten() {
            if field_at(self.mapping, of, path)
                .is_none_or(|field| field.shape.list || field.connect.is_some())
            {
                let message = format!("`{path}` of the `@key` of `{}` isn't a cell of its row", of.name);
                self.wrong("KEY_COLUMNS", connect, message, "use fields that are in the row itself");
            }
        }
    }

    fn field(&mut self, of: Option<&TypeMapping>, field: &FieldMapping) {
        let on = format!("{}.{}", of.map_or("Query", |of| &of.name), field.name);
        match &field.connect {
            Some(connect) => self.connect(&on, connect),
            None => self.value(&on, of, field),
        }
    }

    fn connect(&mut self, on: &str, connect: &Connect) {
        let Some(target) = target(connect) else { return };
        if let Some(file) = &target.file {
            self.file(on, connect, file);
        }
        let names = connect.filters.iter().map(|filter| &filter.target);
        let names = names.chain(connect.order.iter().map(|order| &order.target)).chain(&target.key);
        if let Some(name) = names.into_iter().find(|name| fold(name).is_empty()).cloned() {
            let message = format!("`{name}` on `{on}` is no header: it has neither letters nor digits");
            self.wrong("SHEET_HEADER", connect, message, "write the header as the sheet has it");
        }
        if connect.batch_max.is_some() {
            let message =
                format!("`batch:` on `{on}`: a sheet is in memory, where all keys are found at once");
            self.wrong("SHEET_BATCH", connect, message, "remove `batch:`");
        }
        if connect.page.as_ref().is_some_and(|page| page.size.is_some()) {
            let message =
                format!("`page: {{ size: }}` on `{on}`: a sheet is in memory, and its pages are no calls");
            self.wrong("SHEET_PAGE", connect, message, "remove `size:`");
        }
    }

    fn file(&mut self, on: &str, connect: &Connect, file: &str) {
        let inside = !file.starts_with(['/', '\\']) && !file.contains(['\\', '\0', ':']);
        let steps = file.split('/').all(|part| !part.is_empty() && part != ".." && part != ".");
        if !inside || !steps {
            let message = format!("`file: \"{file}\"` on `{on}` isn't a name below the source's `url`");
            self.wrong(
                "SHEET_FILE",
                connect,
                message,
                "write a relative name, as `attivita.xlsx` or `2026/attivita.csv`",
            );
        }
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        if folder.contains(['*', '?']) {
            let message = format!("`file: \"{file}\"` on `{on}` has a pattern in a folder's name");
            self.wrong("SHEET_FILE", connect, message, "use `*` and `?` in the last part only");
        }
        if name.contains(['*', '?']) && self.is_web {
            let message =
                format!("`file: \"{file}\"` on `{on}` is a pattern, and an address has no list of its files");
            self.wrong("SHEET_FILE", connect, message, "name one file, or let `url` be a local folder");
        }
    }

    /// A cell holds one value, or a list that says what separates its items.
    fn value(&mut self, on: &str, of: Option<&TypeMapping>, field: &FieldMapping) {
        let is_part_of_paging = of.is_some_and(|of| of.connection.is_some());
        let is_leaf = !self.mapping.types.contains_key(&field.shape.named);
        if of.is_none() || is_part_of_paging || field.external {
            return;
        }
        let (names, split) = match &field.from {
            From::Header { names, split } => (names.as_slice(), split.as_ref()),
            _ => (&[][..], None),
        };
        if let Some(name) = names.iter().find(|name| fold(name).is_empty()) {
            let message = format!("`{name}` on `{on}` is no header: it has neither letters nor digits");
            let help = "write the header as the sheet has it";
            self.found.push(Diagnostic::error("SHEET_HEADER", field.at.clone(), message).help(help));
        }
        if is_leaf && field.shape.list && split.is_none() && !matches!(field.from, From::Meta(_)) {
            let message = format!("`{on}` is a list, and it isn't said what separates its items in a cell");
            let help = "add `@from(split: \";\")`, or `@from(header: \"…\", split: \";\")`";
            self.found.push(Diagnostic::error("SHEET_LIST", field.at.clone(), message).help(help));
        }
    }
}
