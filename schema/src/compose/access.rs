//! Who may see a coordinate: `@authenticated`, `@requiresScopes`, `@policy`. In: marks. Out: both demands together, and whether one demand
//! covers another. It never loosens a demand.

use std::collections::BTreeSet;

use super::marks::Marks;

/// Any one of the inner sets suffices, each whole.
pub(crate) type Alternatives = Vec<BTreeSet<String>>;

impl Marks {
    /// The first directive that demands something of the caller.
    pub(crate) fn demand(&self) -> Option<&'static str> {
        let all = [
            (self.authenticated, "authenticated"),
            (self.scopes.is_some(), "requiresScopes"),
            (self.policies.is_some(), "policy"),
        ];
        all.iter().find(|(on, _)| *on).map(|(_, name)| *name)
    }

    /// Adds what another coordinate demands, and nothing else it says.
    pub(crate) fn demand_too(&mut self, other: &Marks) {
        self.authenticated |= other.authenticated;
        self.scopes = conjunction(self.scopes.take(), other.scopes.as_ref());
        self.policies = conjunction(self.policies.take(), other.policies.as_ref());
    }

    /// Whether whoever satisfies these demands satisfies the other's too.
    pub(crate) fn covers(&self, other: &Marks) -> bool {
        (self.authenticated || !other.authenticated)
            && covers(self.scopes.as_ref(), other.scopes.as_ref())
            && covers(self.policies.as_ref(), other.policies.as_ref())
    }
}

fn covers(held: Option<&Alternatives>, wanted: Option<&Alternatives>) -> bool {
    let Some(wanted) = wanted else { return true };
    held.is_some_and(|held| held.iter().all(|h| wanted.iter().any(|w| w.is_subset(h))))
}

/// Both must hold: (a or b) and (c or d) is (a and c) or (a and d) or (b and c) or (b and d).
pub(crate) fn conjunction(one: Option<Alternatives>, other: Option<&Alternatives>) -> Option<Alternatives> {
    let (Some(a), Some(b)) = (&one, other) else { return one.or_else(|| other.cloned()) };
    let mut all: Alternatives = Vec::new();
    for x in a {
        for y in b {
            let both: BTreeSet<String> = x.union(y).cloned().collect();
            if !all.contains(&both) {
                all.push(both);
            }
        }
    }
    let minimal = all.iter().filter(|s| !all.iter().any(|t| t != *s && t.is_subset(s))).cloned().collect();
    Some(minimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(all: &[&[&str]]) -> Marks {
        let sets = all.iter().map(|words| words.iter().map(|w| (*w).to_owned()).collect()).collect();
        let mut marks = Marks::default();
        marks.scopes = Some(sets);
        marks
    }

    #[test]
    fn scopes_of_two_sources_must_both_be_held() {
        let printed = Marks::merge([&scopes(&[&["a"], &["b"]]), &scopes(&[&["b", "c"]])]).print();
        assert_eq!(printed, " @requiresScopes(scopes: [[\"b\", \"c\"]])");
    }

    #[test]
    fn a_demand_covers_what_it_is_at_least_as_strict_as() {
        let wanted = scopes(&[&["a"], &["b"]]);
        for (held, covered) in [
            (scopes(&[&["a", "c"]]), true),
            (scopes(&[&["a"], &["b", "d"]]), true),
            (scopes(&[&["a"], &["c"]]), false),
            (Marks::default(), false),
        ] {
            assert_eq!(held.covers(&wanted), covered, "{}", held.print());
            assert!(held.covers(&Marks::default()));
        }
        let mut known = Marks::default();
        known.authenticated = true;
        assert!(!wanted.covers(&known));
    }
}
