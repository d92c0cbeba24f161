//! The contract between the gateway and what speaks to a source.
//!
//! A [`Fetch`] enters: what is wanted of one source, plain: fields, bound arguments, representations as columns, a deadline, limits.
//! A [`Reply`] leaves: rows written, or lent, straight into the slots of the operation's shape; or a [`Failure`] that says whose fault it is.
//! Nothing here opens a socket or a file. A kind of source implements [`Kind`] and [`Connector`], and passes the [`conformance`] suite.

pub mod asked;
pub mod conformance;
pub mod cursor;
pub mod document;
pub mod events;
pub mod failure;
pub mod fetch;
pub mod graft;
pub mod inspect;
pub mod kind;
pub mod leaf;
pub mod limits;
pub mod page;
pub mod read;
pub mod records;
pub mod reply;
pub mod representations;
pub mod settings;
pub mod types;
pub mod value;

pub use asked::{Argument, Asked, Field, Operation, Output, Selection, What};
pub use cursor::Cursors;
pub use events::Events;
pub use failure::{Failure, FailureKind};
pub use fetch::{Fetch, MemberCost, Meter, Origin};
pub use kind::{Checked, Connector, Kind, Source, Standing};
pub use leaf::Leaf;
pub use limits::Limits;
pub use reply::{Cell, ObjectAt, Problem, Reply, Settled};
pub use representations::{RepresentationType, Representations};
pub use settings::{Key, KeyKind, SettingValue, Settings};
pub use types::TypeNames;
pub use value::Value;
