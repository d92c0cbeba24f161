//! Raw configuration in; checked configuration, or every mistake at once, out.
