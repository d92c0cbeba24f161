//! Names of tables and columns in, names of types and fields out: valid, idiomatic, each once.

use std::collections::BTreeSet;

/// Names that are taken already.
#[derive(Debug)]
pub struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// Names of types: GraphQL's own and those that the SDL defines are taken.
    pub fn types() -> Self {
        let own = [
            "Query",
            "Mutation",
            "Subscription",
            "PageInfo",
            "Int",
            "Float",
            "String",
            "Boolean",
            "ID",
            "Date",
            "DateTime",
            "CodiceFiscale",
            "InteroLungo",
            "Json",
        ];
        Self { taken: own.map(str::to_owned).into() }
    }

    /// Names of fields.
    pub fn fields() -> Self {
        Self { taken: BTreeSet::new() }
    }

    /// Nobody has the name, nor those of its connection.
    pub fn is_free(&self, name: &str) -> bool {
        ["", "Connection", "Edge"].iter().all(|end| !self.taken.contains(&format!("{name}{end}")))
    }

    /// This name, or the first free one with a number behind it. A type's connection and edge are taken with it.
    pub fn take(&mut self, name: &str) -> String {
        let is_free = |name: &str| {
            ["", "Connection", "Edge"].iter().all(|end| !self.taken.contains(&format!("{name}{end}")))
        };
        let free = (1..)
            .map(|n| if n == 1 { name.to_owned() } else { format!("{name}{n}") })
            .find(|name| is_free(name));
        let free = free.unwrap_or_else(|| name.to_owned());
        self.taken.extend([free.clone(), format!("{free}Connection"), format!("{free}Edge")]);
        free
    }
}

/// `COD_FISCALE`, `Data di nascita`, `idAnagrafica`, `città` as `codFiscale`, `dataDiNascita`, `idAnagrafica`, `citta`.
pub fn field_name(name: &str) -> String {
    let words = words(name);
    let mut joined = String::new();
    for (index, word) in words.iter().enumerate() {
        joined.push_str(&if index == 0 { word.clone() } else { capital(word) });
    }
    begun(joined)
}

/// The same with a capital.
pub fn type_name(name: &str) -> String {
    let joined: String = words(name).iter().map(|word| capital(word)).collect();
    capital(&begun(joined))
}

/// A name can't begin with a digit, nor be empty.
fn begun(name: String) -> String {
    match name.chars().next() {
        None => "senzaNome".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("n{name}"),
        Some(_) => name,
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// The words of a name, in lower case: what stands between other signs, and in mixed case each capital that begins one.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().flat_map(plain).collect();
    let (mut words, mut word) = (Vec::new(), String::new());
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|at| letters.get(at)).copied().unwrap_or(' ');
        let after = letters.get(index + 1).copied().unwrap_or(' ');
        let begins =
            letter.is_ascii_uppercase() && (!before.is_ascii_uppercase() || after.is_ascii_lowercase());
        if (!letter.is_ascii_alphanumeric() || begins) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_ascii_alphanumeric() {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

/// A letter without its accent.
fn plain(letter: char) -> impl Iterator<Item = char> {
    let plain = match letter {
        'à' | 'á' | 'â' | 'ä' | 'ã' | 'å' => "a",
        'À' | 'Á' | 'Â' | 'Ä' | 'Ã' | 'Å' => "A",
        'è' | 'é' | 'ê' | 'ë' => "e",
        'È' | 'É' | 'Ê' | 'Ë' => "E",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'Ì' | 'Í' | 'Î' | 'Ï' => "I",
        'ò' | 'ó' | 'ô' | 'ö' | 'õ' => "o",
        'Ò' | 'Ó' | 'Ô' | 'Ö' | 'Õ' => "O",
        'ù' | 'ú' | 'û' | 'ü' => "u",
        'Ù' | 'Ú' | 'Û' | 'Ü' => "U",
        'ç' => "c",
        'ñ' => "n",
        'ß' => "ss",
        _ => return Plain::One(Some(letter)),
    };
    Plain::Several(plain.chars())
}

enum Plain {
    One(Option<char>),
    Several(std::str::Chars<'static>),
}

impl Iterator for Plain {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::One(letter) => letter.take(),
            Self::Several(letters) => letters.next(),
        }
    }
}

/// What three tables or more all begin with, up to a `_`: `glpi_`, `mdl_`.
pub fn common_prefix<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    let first = names.first().copied().unwrap_or_default();
    let prefix = first.find('_').and_then(|end| first.get(..=end)).unwrap_or_default();
    let shared =
        names.len() > 2 && names.iter().all(|name| name.starts_with(prefix) && name.len() > prefix.len());
    if shared { prefix.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_graphql() {
        for (name, field, of) in [
            ("COD_FISCALE", "codFiscale", "CodFiscale"),
            ("Data di nascita", "dataDiNascita", "DataDiNascita"),
            ("idAnagrafica", "idAnagrafica", "IdAnagrafica"),
            ("IDAnagrafica", "idAnagrafica", "IdAnagrafica"),
            ("città", "citta", "Citta"),
            ("ta\"ble; --", "taBle", "TaBle"),
            ("2024_dati", "n2024Dati", "N2024Dati"),
            ("__typename", "typename", "Typename"),
            ("日本", "senzaNome", "SenzaNome"),
            ("order", "order", "Order"),
        ] {
            assert_eq!((field_name(name).as_str(), type_name(name).as_str()), (field, of), "{name}");
        }
    }

    #[test]
    fn each_name_is_taken_once() {
        let mut names = Names::types();
        let took = ["Query", "Voce", "Voce", "VoceConnection"].map(|name| names.take(name));
        assert_eq!(took, ["Query2", "Voce", "Voce2", "VoceConnection2"]);
    }

    #[test]
    fn what_all_tables_begin_with_is_left_out() {
        assert_eq!(common_prefix(["mdl_user", "mdl_course", "mdl_role"].into_iter()), "mdl_");
        assert_eq!(common_prefix(["mdl_user", "mdl_course", "altro"].into_iter()), "");
        assert_eq!(common_prefix(["mdl_user", "mdl_course"].into_iter()), "");
    }
}
