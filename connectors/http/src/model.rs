//! A checked source: every place where it is asked, with its templates and programs ready.

use std::collections::HashMap;
use std::sync::Arc;

use raccordo_connector_web::Program;
use raccordo_schema::mapping::{Method, Name, Page, SourceMapping};

use crate::template::Template;

/// Records of a page when the mapping doesn't say, where its size can be asked at all.
pub(crate) const DEFAULT_PAGE: usize = 100;
/// Keys of a batch when the mapping doesn't say.
pub(crate) const DEFAULT_BATCH: usize = 50;

/// Everything a source is asked, by coordinate.
pub(crate) struct Model {
    pub(crate) mapping: Arc<SourceMapping>,
    /// Of root fields and relations, by type and field.
    pub(crate) endpoints: HashMap<Name, HashMap<Name, Arc<Endpoint>>>,
    /// Of entities, by type.
    pub(crate) entities: HashMap<Name, Arc<Endpoint>>,
    /// The programs of `@from(jq:)`, by type and field.
    pub(crate) programs: HashMap<Name, HashMap<Name, Program>>,
}

/// One place where the source is asked.
pub(crate) struct Endpoint {
    /// Type and field, for errors; of an entity its key's field.
    pub(crate) coordinate: (Name, Name),
    pub(crate) method: Method,
    pub(crate) path: Template,
    pub(crate) query: Vec<(Name, Template)>,
    pub(crate) body: Option<Program>,
    pub(crate) select: Option<Program>,
    pub(crate) join_by: Option<Program>,
    /// Argument and parameter.
    pub(crate) filters: Vec<(Name, Name)>,
    pub(crate) paging: Option<Paging>,
    /// So many keys in one call; `None`: one call for each.
    pub(crate) batch: Option<usize>,
    pub(crate) form: Form,
    /// The paths of `$this` and `$batch` that calls need.
    pub(crate) keys: Vec<Name>,
    /// Which of them a record carries itself, as indexes: what it is joined by.
    pub(crate) join: Vec<usize>,
}

/// How many records a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Single,
    List,
    Connection,
}

/// How a list is paged.
pub(crate) struct Paging {
    /// The field's arguments.
    pub(crate) arguments: Page,
    /// The page number's parameter; `None`: everything comes in one call.
    pub(crate) number_param: Option<Name>,
    pub(crate) size_param: Option<Name>,
    pub(crate) size: usize,
    pub(crate) total_pages: Option<Program>,
}

impl Model {
    /// Where a field's records come from, when they don't come with its parent's.
    pub(crate) fn endpoint(&self, type_name: &Name, field: &Name) -> Option<&Arc<Endpoint>> {
        self.endpoints.get(type_name)?.get(field)
    }

    /// The program of a field.
    pub(crate) fn program(&self, type_name: &Name, field: &Name) -> Option<&Program> {
        self.programs.get(type_name)?.get(field)
    }
}
