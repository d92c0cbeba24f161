//! A path or query template of kind `http` in; the variables it uses out. The connector that fills them parses it anew.

/// Where a variable's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `{$args.x}`: an argument of the field.
    Args,
    /// `{$this.x}`: a field of the parent's or entity's key.
    This,
    /// `{$batch.x}`: that key field of all entities in one call.
    Batch,
}

/// One variable of a template or of a jq program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) origin: Origin,
    /// The first name after the origin: `x` in `{$args.x}`. Empty when a jq program uses the whole.
    pub(crate) name: String,
}

/// The variables of a template, in order.
///
/// # Errors
/// A sentence that says what can't be read.
pub(crate) fn template_variables(text: &str) -> Result<Vec<Variable>, String> {
    let mut variables = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('{') {
        let (inner, tail) = after.split_once('}').ok_or("a `{` isn't closed")?;
        variables.push(variable(inner).ok_or_else(|| {
            format!("`{{{inner}}}` is not a variable: `{{$args.x}}`, `{{$this.x}}` or `{{$batch.x}}`")
        })?);
        rest = tail;
    }
    Ok(variables)
}

fn variable(inner: &str) -> Option<Variable> {
    let (origin, name) = inner.trim().strip_prefix('$')?.split_once('.')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
    Some(Variable { origin: origin_of(origin)?, name: name.to_owned() }).filter(|_| is_name)
}

fn origin_of(word: &str) -> Option<Origin> {
    match word {
        "args" => Some(Origin::Args),
        "this" => Some(Origin::This),
        "batch" => Some(Origin::Batch),
        _ => None,
    }
}

/// The variables that a jq program names. A whole `$args` has an empty name.
pub(crate) fn jq_variables(program: &str) -> Vec<Variable> {
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    program
        .split('$')
        .skip(1)
        .filter_map(|after| {
            let origin = word(after);
            let member = after.get(origin.len()..).and_then(|rest| rest.strip_prefix('.'));
            Some(Variable { origin: origin_of(&origin)?, name: member.map(word).unwrap_or_default() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(variables: &[Variable]) -> Vec<(Origin, &str)> {
        variables.iter().map(|v| (v.origin, v.name.as_str())).collect()
    }

    #[test]
    fn templates_give_their_variables() {
        let found = template_variables("/servizi/{$this.id}?q={$args.testo}&ids={ $batch.id }").unwrap();
        assert_eq!(names(&found), [(Origin::This, "id"), (Origin::Args, "testo"), (Origin::Batch, "id")]);
        assert!(template_variables("/servizi").unwrap().is_empty());
        for wrong in ["/{$this.id", "/{id}", "/{$arg.id}", "/{$this.}", "/{$this}", "/{$this.i d}"] {
            assert!(template_variables(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn jq_programs_give_theirs() {
        let found = jq_variables("{ids: $batch, q: $args.testo, s: $source, x: $args}");
        assert_eq!(names(&found), [(Origin::Batch, ""), (Origin::Args, "testo"), (Origin::Args, "")]);
    }
}
