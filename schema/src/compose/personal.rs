//! Personal categories of coordinates. In: `@personal`. Out: what the graph says of a coordinate when several sources speak: never less
//! than the strictest of them.

use std::fmt;

use apollo_compiler::ast::Directive;

/// Data-protection category, in rising strictness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Category {
    Public,
    Personal,
    Special,
    Judicial,
}

impl Category {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "PUBLIC" => Some(Self::Public),
            "PERSONAL" => Some(Self::Personal),
            "SPECIAL" => Some(Self::Special),
            "JUDICIAL" => Some(Self::Judicial),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Public => "PUBLIC",
            Self::Personal => "PERSONAL",
            Self::Special => "SPECIAL",
            Self::Judicial => "JUDICIAL",
        }
    }
}

/// `@personal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Personal {
    category: Category,
    generalise: Option<String>,
}

impl Personal {
    /// Reads one application.
    pub(crate) fn read(directive: &Directive) -> Self {
        let word = directive.specified_argument_by_name("category").and_then(|v| v.as_enum());
        // An unreadable category protects most; the vocabulary's own check says what is wrong with it.
        let category = word.and_then(|w| Category::parse(w)).unwrap_or(Category::Judicial);
        let generalise = directive.specified_argument_by_name("generalise").and_then(|v| v.as_enum());
        Self { category, generalise: generalise.map(|name| name.to_string()) }
    }
}

impl fmt::Display for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@raccordo__personal(category: {}", self.category.word())?;
        if let Some(generalise) = &self.generalise {
            write!(f, ", generalise: {generalise}")?;
        }
        f.write_str(")")
    }
}

/// The stricter of two; its coarsening, or the other's where it has none.
pub(crate) fn stricter(one: Option<Personal>, other: Option<&Personal>) -> Option<Personal> {
    match (one, other) {
        (Some(a), Some(b)) => {
            let category = a.category.max(b.category);
            let of_stricter = if a.category >= b.category { [&a, b] } else { [b, &a] };
            let generalise = of_stricter.iter().find_map(|p| p.generalise.clone());
            Some(Personal { category, generalise })
        }
        (one, other) => one.or_else(|| other.cloned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn personal(category: Category, generalise: Option<&str>) -> Personal {
        Personal { category, generalise: generalise.map(str::to_owned) }
    }

    #[test]
    fn the_strictest_category_wins_whatever_the_order() {
        let special = personal(Category::Special, None);
        let public = personal(Category::Public, Some("AGE_BAND"));
        for (one, other) in [(&special, &public), (&public, &special)] {
            let merged = stricter(Some(one.clone()), Some(other)).unwrap().to_string();
            assert_eq!(merged, "@raccordo__personal(category: SPECIAL, generalise: AGE_BAND)");
        }
    }

    #[test]
    fn saying_nothing_takes_nothing_away() {
        let judicial = personal(Category::Judicial, None);
        assert_eq!(stricter(None, Some(&judicial)), Some(judicial.clone()));
        assert_eq!(stricter(Some(judicial.clone()), None), Some(judicial));
    }
}
