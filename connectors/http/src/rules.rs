//! Rules of a `@connect(http:)` in; what breaks them out: a codice fiscale in a URL, records that nothing joins, codes and orders that no parameter carries.

use raccordo_schema::Location;
use raccordo_schema::mapping::{Connect, HttpTarget, Method, Name, TypeMapping};

use crate::check::{Check, PERSONAL, Place};
use crate::model::Endpoint;
use crate::template::Origin;

impl Check<'_, '_> {
    /// What records are joined by must be known.
    pub(crate) fn joined(
        &mut self,
        target: &HttpTarget,
        endpoint: &Endpoint,
        batched: bool,
        place: Place<'_>,
        at: &Location,
    ) {
        let on = place.on();
        if target.join_by.is_some() && endpoint.keys.len() != 1 {
            let message =
                format!("`joinBy:` on `{on}` gives one value, and a call has {}", endpoint.keys.len());
            self.wrong("HTTP_KEY", at, message, "use one variable of `$this` or `$batch`");
        }
        let relation = place.field.is_some();
        if relation && batched && target.join_by.is_none() {
            let message = format!("nothing says to which parent a record of `{on}` belongs");
            self.wrong(
                "HTTP_KEY",
                at,
                message,
                "add `joinBy:`, a jq program on each record that gives the parent's key",
            );
        }
        if !relation && endpoint.join.is_empty() && target.join_by.is_none() {
            let message = format!("`{on}` is asked by nothing that its records carry");
            self.wrong("HTTP_KEY", at, message, "use a field of its `@key` as `{$this.x}` or `{$batch.x}`");
        }
    }

    /// A codice fiscale never stands in a URL: URLs are kept in logs and histories everywhere.
    pub(crate) fn personal(&mut self, endpoint: &Endpoint, place: Place<'_>, at: &Location) {
        let queries = endpoint.query.iter().flat_map(|(_, template)| template.variables());
        for (origin, name) in endpoint.path.variables().chain(queries) {
            let (named, variable) = match origin {
                Origin::Args => {
                    (place.argument(name).map(|argument| argument.named.clone()), format!("$args.{name}"))
                }
                Origin::This => (self.named(place.of, name), format!("$this.{name}")),
                Origin::Batch => (self.named(place.of, name), format!("$batch.{name}")),
            };
            if named.is_some_and(|named| &*named == PERSONAL) {
                self.in_url(&format!("`{{{variable}}}` of `{}`", place.on()), &variable, at);
            }
        }
    }

    /// A POST that is asked by keys carries them somewhere.
    pub(crate) fn bodiless(
        &mut self,
        target: &HttpTarget,
        endpoint: &Endpoint,
        place: Place<'_>,
        at: &Location,
    ) {
        let mut in_url = endpoint
            .path
            .variables()
            .chain(endpoint.query.iter().flat_map(|(_, template)| template.variables()));
        let by_url = in_url.any(|(origin, _)| origin != Origin::Args);
        if target.method == Method::Post && target.body.is_none() && !by_url && place.of.is_some() {
            let message = format!("the `post:` of `{}` has no `body:`", place.on());
            self.wrong("HTTP_METHOD", at, message, "add `body:`, a jq program with `$this` or `$batch`");
        }
    }

    /// A single argument carries a single code.
    pub(crate) fn codes(&mut self, place: Place<'_>, at: &Location) {
        let mapping = self.source.mapping.clone();
        let arguments = place
            .field
            .into_iter()
            .flat_map(|field| field.arguments.values())
            .filter(|argument| !argument.list);
        for (argument, of) in
            arguments.filter_map(|argument| Some((argument, mapping.enums.get(&argument.named)?)))
        {
            let several = |value: &&Name| of.codes.values().filter(|other| other == value).count() > 1;
            if let Some(value) = of.codes.values().find(several) {
                let message = format!(
                    "the argument `{}` of `{}` is a `{}`, whose `{value}` stands for several codes",
                    argument.name,
                    place.on(),
                    argument.named
                );
                self.wrong(
                    "ENUM_CODES",
                    at,
                    message,
                    "make the argument a list, with `op: IN`: its codes go joined by commas",
                );
            }
        }
    }

    pub(crate) fn in_url(&mut self, what: &str, variable: &str, at: &Location) {
        let message = format!("{what} is a codice fiscale, and would stand in a URL");
        let help = format!("use `post:` and put it into the body: `body: \"{{codiceFiscale: {variable}}}\"`");
        self.wrong("HTTP_PERSONAL_URL", at, message, help);
    }

    /// The named type at a path of a type's fields.
    pub(crate) fn named(&self, of: Option<&TypeMapping>, path: &str) -> Option<Name> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let field = of?.fields.get(first)?;
        match rest {
            None => Some(field.shape.named.clone()),
            Some(rest) => self.named(self.source.mapping.types.get(&field.shape.named), rest),
        }
    }

    pub(crate) fn order(&mut self, connect: &Connect, on: &str) {
        if !connect.order.is_empty() {
            let message = format!("kind `http` has no `order:` on `{on}`: every API orders in its own way");
            let help = "write the API's parameter under `query:`, as `{ name: \"sort\", value: \"name\" }`";
            self.wrong("ORDER", &connect.at, message, help);
        }
    }
}
