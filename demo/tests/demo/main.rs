//! The district's data and its partners, asked as a stranger would ask them.

#[cfg(test)]
mod asl;
#[cfg(test)]
mod command;
#[cfg(test)]
mod cooperative;
#[cfg(test)]
mod data;
#[cfg(test)]
mod databases;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod third_sector;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod whole;
