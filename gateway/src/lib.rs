//! A request's whole story, from HTTP to the trail and back: library and binary.
