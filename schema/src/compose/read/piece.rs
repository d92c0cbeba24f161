//! One definition or extension of a type, seen the same way whatever its kind. In: an AST definition. Out: borrowed parts.

use apollo_compiler::ast::{
    Definition, DirectiveList, EnumValueDefinition, FieldDefinition, InputValueDefinition,
};
use apollo_compiler::{Name, Node};

use crate::compose::subgraph::Kind;

/// One definition or extension, seen without its kind's struct.
pub(crate) struct Piece<'a> {
    pub(crate) kind: Kind,
    pub(crate) name: &'a Name,
    pub(crate) extension: bool,
    pub(crate) description: Option<&'a Node<str>>,
    pub(crate) directives: &'a DirectiveList,
    pub(crate) implements: &'a [Name],
    pub(crate) fields: &'a [Node<FieldDefinition>],
    pub(crate) members: &'a [Name],
    pub(crate) values: &'a [Node<EnumValueDefinition>],
    pub(crate) inputs: &'a [Node<InputValueDefinition>],
}

impl<'a> Piece<'a> {
    fn new(kind: Kind, name: &'a Name, directives: &'a DirectiveList) -> Self {
        Piece {
            kind,
            name,
            directives,
            extension: false,
            description: None,
            implements: &[],
            fields: &[],
            members: &[],
            values: &[],
            inputs: &[],
        }
    }

    /// The parts of a type's definition or extension; nothing for any other definition.
    pub(crate) fn of(definition: &'a Definition) -> Option<Self> {
        use Definition as D;
        let piece = match definition {
            D::ScalarTypeDefinition(d) => Self {
                description: d.description.as_ref(),
                ..Self::new(Kind::Scalar, &d.name, &d.directives)
            },
            D::ScalarTypeExtension(d) => {
                Self { extension: true, ..Self::new(Kind::Scalar, &d.name, &d.directives) }
            }
            D::ObjectTypeDefinition(d) => Self {
                description: d.description.as_ref(),
                implements: &d.implements_interfaces,
                fields: &d.fields,
                ..Self::new(Kind::Object, &d.name, &d.directives)
            },
            D::ObjectTypeExtension(d) => Self {
                extension: true,
                implements: &d.implements_interfaces,
                fields: &d.fields,
                ..Self::new(Kind::Object, &d.name, &d.directives)
            },
            D::InterfaceTypeDefinition(d) => Self {
                description: d.description.as_ref(),
                implements: &d.implements_interfaces,
                fields: &d.fields,
                ..Self::new(Kind::Interface, &d.name, &d.directives)
            },
            D::InterfaceTypeExtension(d) => Self {
                extension: true,
                implements: &d.implements_interfaces,
                fields: &d.fields,
                ..Self::new(Kind::Interface, &d.name, &d.directives)
            },
            other => return Self::of_leaf(other),
        };
        Some(piece)
    }

    fn of_leaf(definition: &'a Definition) -> Option<Self> {
        use Definition as D;
        let piece = match definition {
            D::UnionTypeDefinition(d) => Self {
                description: d.description.as_ref(),
                members: &d.members,
                ..Self::new(Kind::Union, &d.name, &d.directives)
            },
            D::UnionTypeExtension(d) => Self {
                extension: true,
                members: &d.members,
                ..Self::new(Kind::Union, &d.name, &d.directives)
            },
            D::EnumTypeDefinition(d) => Self {
                description: d.description.as_ref(),
                values: &d.values,
                ..Self::new(Kind::Enum, &d.name, &d.directives)
            },
            D::EnumTypeExtension(d) => {
                Self { extension: true, values: &d.values, ..Self::new(Kind::Enum, &d.name, &d.directives) }
            }
            D::InputObjectTypeDefinition(d) => Self {
                description: d.description.as_ref(),
                inputs: &d.fields,
                ..Self::new(Kind::Input, &d.name, &d.directives)
            },
            D::InputObjectTypeExtension(d) => {
                Self { extension: true, inputs: &d.fields, ..Self::new(Kind::Input, &d.name, &d.directives) }
            }
            _ => return None,
        };
        Some(piece)
    }
}
