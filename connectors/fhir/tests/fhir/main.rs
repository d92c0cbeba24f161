//! Kind `fhir` against servers: a small one that can misbehave, and Medplum's, which this project did not write.

#[cfg(test)]
mod checks;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod district;
#[cfg(test)]
mod entities;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod manners;
#[cfg(test)]
mod medplum;
#[cfg(test)]
mod relations;
#[cfg(test)]
mod roots;
