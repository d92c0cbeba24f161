//! One search as FHIR writes it: a resource type and parameters in, a form body out. FHIR R4 §3.1.1.
//!
//! Everything goes into a body, nothing into a URL. Values may be personal: there is no `Debug`.

use raccordo_schema::mapping::Name;
use url::form_urlencoded::Serializer;

/// Parameters that shape the result and select nothing (FHIR R4 §3.1.1.5).
const RESULT_PARAMETERS: &[&str] = &[
    "_contained",
    "_containedType",
    "_count",
    "_elements",
    "_format",
    "_include",
    "_pretty",
    "_revinclude",
    "_sort",
    "_summary",
    "_total",
];

/// A search to be sent by `POST {resource}/_search`.
#[derive(Clone)]
pub(crate) struct Search {
    /// The resource type.
    pub(crate) resource: Name,
    params: Vec<(String, String)>,
    /// A parameter whose effect every match shows by itself.
    proven: Option<Name>,
}

impl Search {
    /// All resources of a type.
    pub(crate) fn new(resource: &Name) -> Self {
        Self { resource: resource.clone(), params: Vec::new(), proven: None }
    }

    /// With one more parameter. The value is already as FHIR wants it: see [`escaped`].
    #[must_use]
    pub(crate) fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// With the parameter that every match must prove: by the key it carries, or the reference.
    #[must_use]
    pub(crate) fn with_proven(self, name: &Name, value: impl Into<String>) -> Self {
        Self { proven: Some(name.clone()), ..self.with(&**name, value) }
    }

    /// With one more parameter, when there is a value.
    #[must_use]
    pub(crate) fn with_some(self, name: &str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The form body.
    pub(crate) fn body(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.params).finish()
    }

    /// The names of the parameters that select and can't be seen in the matches, modifiers and chains left off: what a server that heeded
    /// them has in its `self` link. The proven one may be missing there: servers do well not to repeat a codice fiscale in a link.
    pub(crate) fn to_be_told(&self) -> impl Iterator<Item = &str> {
        let selecting = self.params.iter().filter(|(name, _)| !is_result_parameter(name));
        let unproven = selecting.filter(|(name, _)| self.proven.as_deref() != Some(name.as_str()));
        unproven.map(|(name, _)| bare(name))
    }

    /// A number that two searches share only when they select the same. It says nothing of the values, and never leaves unsealed.
    pub(crate) fn digest(&self) -> u64 {
        use std::hash::{Hash, Hasher};
        let mut hasher = std::hash::DefaultHasher::new();
        self.resource.hash(&mut hasher);
        for (name, value) in &self.params {
            if !is_result_parameter(name) {
                (name, value).hash(&mut hasher);
            }
        }
        hasher.finish()
    }
}

/// Whether a parameter shapes the result and selects nothing.
pub(crate) fn is_result_parameter(name: &str) -> bool {
    RESULT_PARAMETERS.contains(&bare(name))
}

/// A parameter's name without modifier and chain: `status:not` is `status`, `patient.identifier` is `patient`.
pub(crate) fn bare(name: &str) -> &str {
    name.split([':', '.']).next().unwrap_or(name)
}

/// A value as FHIR wants it: `\`, `,`, `|` and `$` are escaped, so that a value never becomes two (FHIR R4 §3.1.1.4.1).
pub(crate) fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for letter in value.chars() {
        if matches!(letter, '\\' | ',' | '|' | '$') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// Token values: every value under every system, or as it is when there is no system. Values are never empty: `system|` would match everyone.
pub(crate) fn tokens<'a>(systems: &[Name], values: impl Iterator<Item = &'a str>) -> String {
    let mut all = Vec::new();
    for value in values.filter(|value| !value.is_empty()) {
        match systems {
            [] => all.push(escaped(value)),
            systems => {
                all.extend(systems.iter().map(|system| format!("{}|{}", escaped(system), escaped(value))))
            }
        }
    }
    all.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_never_become_two() {
        assert_eq!(escaped(r"a,b|c$d\e"), r"a\,b\|c\$d\\e");
        assert_eq!(escaped("à b&c=d"), "à b&c=d");
    }

    #[test]
    fn every_value_is_sought_under_every_system() {
        let systems: [Name; 2] = ["http://a".into(), "urn:b".into()];
        assert_eq!(
            tokens(&systems, ["X", "", "Y|1"].into_iter()),
            r"http://a|X,urn:b|X,http://a|Y\|1,urn:b|Y\|1"
        );
        assert_eq!(tokens(&[], ["1", "2"].into_iter()), "1,2");
    }

    #[test]
    fn the_body_is_a_form() {
        let search = Search::new(&"Patient".into()).with("identifier", "s|A&B").with("_count", "2");
        assert_eq!(search.body(), "identifier=s%7CA%26B&_count=2");
        assert_eq!(search.to_be_told().collect::<Vec<_>>(), ["identifier"]);
    }

    #[test]
    fn what_the_matches_prove_need_not_be_told() {
        let search = Search::new(&"CarePlan".into())
            .with("status:not", "revoked")
            .with_proven(&"patient".into(), "Patient/p1");
        assert_eq!(search.to_be_told().collect::<Vec<_>>(), ["status"]);
        assert!(search.body().ends_with("&patient=Patient%2Fp1"));
    }

    #[test]
    fn the_digest_is_of_what_is_selected_not_of_the_page() {
        let search = || Search::new(&"Patient".into()).with("gender", "female");
        assert_eq!(search().with("_count", "2").digest(), search().with("_count", "3").digest());
        assert_ne!(search().with("birthdate", "x").digest(), search().digest());
        assert_ne!(search().digest(), Search::new(&"Patient".into()).with("gender", "male").digest());
    }
}
