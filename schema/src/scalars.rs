//! The domain's scalars: text in, canonical text out, or what was expected. (API fixed by connectors/api/src/reply.rs.)

use std::fmt;

/// An Italian codice fiscale in canonical form. A personal value: neither `Debug` nor `Display` prints it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CodiceFiscale(String);

impl CodiceFiscale {
    /// Reads a codice fiscale.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let canonical = text.trim().to_ascii_uppercase();
        match canonical.len() == 16 && canonical.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            true => Ok(Self(canonical)),
            false => Err("16 letters and digits"),
        }
    }

    /// The canonical form.
    pub fn canonical(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CodiceFiscale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[withheld]")
    }
}

/// A calendar date in canonical form, `YYYY-MM-DD`.
pub fn date(text: &str) -> Option<String> {
    (text.len() == 10).then(|| text.to_owned())
}

/// An instant in canonical form, RFC 3339.
pub fn date_time(text: &str) -> Option<String> {
    (text.len() >= 20).then(|| text.to_owned())
}
