//! A supergraph's `@raccordo__personal` and `@raccordo__subject` in; categories and subjects by coordinate out.

use std::fmt;

use apollo_compiler::Schema;
use apollo_compiler::ast::{Directive, FieldDefinition};
use apollo_compiler::schema::ExtendedType;
use rustc_hash::FxHashMap;

use crate::mapping::Name;

/// The data-protection category of a coordinate, the laxest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Category {
    /// About nobody.
    #[default]
    Public,
    /// GDPR article 6.
    Personal,
    /// Article 9: health and the like.
    Special,
    /// Article 10: convictions and offences.
    Judicial,
}

impl Category {
    /// As the SDL writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "PUBLIC",
            Self::Personal => "PERSONAL",
            Self::Special => "SPECIAL",
            Self::Judicial => "JUDICIAL",
        }
    }

    /// An unknown word is read as the strictest: what isn't understood isn't disclosed.
    fn read(word: &str) -> Self {
        match word {
            "PUBLIC" => Self::Public,
            "PERSONAL" => Self::Personal,
            "SPECIAL" => Self::Special,
            _ => Self::Judicial,
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a value is coarsened where a purpose allows only that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Generalise {
    /// The age band of a date of birth.
    AgeBand,
    /// The year of a date.
    Year,
    /// The month of a date.
    Month,
    /// The area of a postal code.
    PostcodeArea,
}

impl Generalise {
    fn read(word: &str) -> Option<Self> {
        match word {
            "AGE_BAND" => Some(Self::AgeBand),
            "YEAR" => Some(Self::Year),
            "MONTH" => Some(Self::Month),
            "POSTCODE_AREA" => Some(Self::PostcodeArea),
            _ => None,
        }
    }
}

/// What one field carries.
#[derive(Debug, Clone, Default)]
pub(super) struct Mark {
    pub(super) category: Category,
    pub(super) generalise: Option<Generalise>,
    arguments: FxHashMap<Name, Category>,
}

/// Every mark of the graph; what isn't here is public.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    fields: FxHashMap<Name, FxHashMap<Name, Mark>>,
    pub(super) subjects: FxHashMap<Name, Name>,
}

impl Marks {
    pub(super) fn of(supergraph: &Schema) -> Self {
        let mut marks = Self::default();
        for ty in supergraph.types.values().filter(|ty| !ty.is_built_in()) {
            let name = Name::from(ty.name().as_str());
            let subject = ty.directives().get("raccordo__subject");
            if let Some(key) =
                subject.and_then(|d| d.specified_argument_by_name("key")).and_then(|v| v.as_str())
            {
                marks.subjects.insert(name.clone(), Name::from(key));
            }
            let fields = match ty {
                ExtendedType::Object(object) => &object.fields,
                ExtendedType::Interface(interface) => &interface.fields,
                _ => continue,
            };
            let marked: FxHashMap<Name, Mark> = fields
                .values()
                .filter_map(|field| mark(field).map(|mark| (Name::from(field.name.as_str()), mark)))
                .collect();
            if !marked.is_empty() {
                marks.fields.insert(name, marked);
            }
        }
        marks
    }

    pub(super) fn field(&self, ty: &str, field: &str) -> Option<&Mark> {
        self.fields.get(ty)?.get(field)
    }

    pub(super) fn argument(&self, ty: &str, field: &str, argument: &str) -> Category {
        self.field(ty, field).and_then(|mark| mark.arguments.get(argument)).copied().unwrap_or_default()
    }

    pub(super) fn has_personal(&self) -> bool {
        let mut marks = self.fields.values().flat_map(|fields| fields.values());
        marks.any(|mark| {
            mark.category > Category::Public
                || mark.arguments.values().any(|category| *category > Category::Public)
        })
    }
}

fn mark(field: &FieldDefinition) -> Option<Mark> {
    let own = field.directives.get("raccordo__personal");
    let arguments: FxHashMap<Name, Category> = field
        .arguments
        .iter()
        .filter_map(|argument| {
            let directive = argument.directives.get("raccordo__personal")?;
            Some((Name::from(argument.name.as_str()), category(directive)))
        })
        .collect();
    (own.is_some() || !arguments.is_empty()).then(|| Mark {
        category: own.map_or(Category::Public, |directive| category(directive)),
        generalise: own.and_then(|directive| word(directive, "generalise")).and_then(Generalise::read),
        arguments,
    })
}

fn category(directive: &Directive) -> Category {
    Category::read(word(directive, "category").unwrap_or_default())
}

fn word<'a>(directive: &'a Directive, argument: &str) -> Option<&'a str> {
    directive.specified_argument_by_name(argument)?.as_enum().map(|name| name.as_str())
}
