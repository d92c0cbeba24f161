//! What is wrong with a file: where, what was expected, what to do next. Made by every check, printed by the commands.

use std::fmt;
use std::sync::Arc;

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is refused.
    Warning,
    /// What was checked is refused.
    Error,
}

/// A place in a file the user wrote. Lines and columns count from 1; 0 means that the file as a whole is meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file, as the user would name it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Location {
    /// The file as a whole.
    pub fn file(file: impl Into<Arc<str>>) -> Self {
        Self { file: file.into(), line: 0, column: 0 }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{}:{}", self.file, line, self.column),
        }
    }
}

/// One mistake or warning, in the words of the user's own file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// A stable name of the rule in `SCREAMING_SNAKE_CASE`, as Federation names its composition errors: `KEY_INVALID_FIELDS`.
    pub rule: &'static str,
    /// What is wrong, lower case, no full stop, the user's words in backticks.
    pub message: String,
    /// Where.
    pub at: Location,
    /// What was expected or what to do next.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A mistake.
    pub fn error(rule: &'static str, at: Location, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, rule, message: message.into(), at, help: None }
    }

    /// A warning.
    pub fn warning(rule: &'static str, at: Location, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, rule, message: message.into(), at, help: None }
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether this refuses what was checked.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}]: {}\n  --> {}", self.rule, self.message, self.at)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}
