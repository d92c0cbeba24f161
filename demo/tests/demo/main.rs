//! The district's data and its partners, asked as a stranger would ask them.

mod asl;
mod cooperative;
mod data;
mod databases;
mod graph;
mod kit;
mod third_sector;
mod trouble;
