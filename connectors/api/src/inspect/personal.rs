//! A column's name in; whether it looks personal out. A guess that errs on the side of a decision too many: a person takes it.

/// What a column looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing personal.
    Nothing,
    /// A codice fiscale.
    TaxCode,
    /// Says who somebody is: a name, a date of birth, an address, a number of a document.
    Identity,
    /// May be about a person or about anything: free text, a contact.
    Perhaps,
    /// Health, disability, religion: GDPR article 9.
    Special,
    /// Convictions and measures of a court: article 10.
    Judicial,
}

impl Judgement {
    /// Makes its whole table one about persons.
    pub fn is_of_a_person(self) -> bool {
        matches!(self, Self::TaxCode | Self::Identity | Self::Special | Self::Judicial)
    }

    /// The category to begin with, if any.
    pub fn category(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::TaxCode | Self::Identity | Self::Perhaps => Some("PERSONAL"),
            Self::Special => Some("SPECIAL"),
            Self::Judicial => Some("JUDICIAL"),
        }
    }
}

/// Parts of names, in lower case and without signs; the strictest first.
const WORDS: &[(Judgement, &[&str])] = &[
    (
        Judgement::Judicial,
        &["giudiz", "reato", "condann", "detenut", "penale", "criminal", "convict", "carcer"],
    ),
    (
        Judgement::Special,
        &[
            "diagnos",
            "patolog",
            "malatt",
            "disabil",
            "invalid",
            "handicap",
            "allerg",
            "farmac",
            "terapi",
            "sanitar",
            "salute",
            "health",
            "medical",
            "disease",
            "gravidanz",
            "religio",
            "sindacat",
            "partito",
            "etnia",
            "ethnic",
            "sessual",
            "sexual",
            "genetic",
            "biometr",
            "gruppo_sanguigno",
            "grupposanguigno",
            "bloodtype",
            "vaccin",
            "dipendenza_da",
            "icd9",
            "icd10",
        ],
    ),
    (Judgement::TaxCode, &["codicefiscale", "codfiscale", "codfisc", "cfiscale", "fiscalcode", "taxcode"]),
    (
        Judgement::Identity,
        &[
            "cognome",
            "surname",
            "lastname",
            "firstname",
            "givenname",
            "familyname",
            "nominativo",
            "realname",
            "nascita",
            "birth",
            "natoil",
            "natail",
            "sesso",
            "gender",
            "cittadinanza",
            "nationality",
            "nazionalita",
            "statocivile",
            "marital",
            "indirizzo",
            "address",
            "residenz",
            "domicil",
            "telefono",
            "cellulare",
            "phone",
            "mobile",
            "email",
            "mail",
            "pec",
            "iban",
            "passaporto",
            "passport",
            "cartaidentita",
            "documento",
            "tessera",
            "matricola",
            "password",
            "passwd",
            "token",
            "secret",
            "username",
            "login",
            "isee",
            "reddito",
            "stipendio",
            "salary",
            "wage",
            "fotografia",
            "photo",
            "ssn",
            "tutore",
            "patente",
            "madre",
            "padre",
            "coniuge",
            "figli",
            "street",
            "latitud",
            "longitud",
            "useragent",
            "ipaddress",
            "lastip",
        ],
    ),
    (
        Judgement::Perhaps,
        &[
            "nome", "name", "note", "nota", "descri", "comment", "testo", "text", "messag", "contatt",
            "contact", "fax", "city", "citta", "cap", "zip", "postal", "via", "civico",
        ],
    ),
];

/// Judges a column by its name.
pub fn judge(name: &str) -> Judgement {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if plain == "cf"
        || plain.starts_with("cf_")
        || name.to_ascii_lowercase().split('_').any(|word| word == "cf")
    {
        return Judgement::TaxCode;
    }
    let whole = |word: &str| plain == word;
    let short = [
        "nome", "name", "cap", "via", "city", "zip", "fax", "pec", "note", "nota", "sesso", "isee", "ssn",
        "mail",
    ];
    let has = |word: &&&str| match short.contains(*word) {
        true => {
            whole(word)
                || name
                    .to_ascii_lowercase()
                    .split(|letter: char| !letter.is_ascii_alphanumeric())
                    .any(|part| part == **word)
        }
        false => plain.contains(**word),
    };
    WORDS
        .iter()
        .find(|(_, words)| words.iter().any(|word| has(&word)))
        .map_or(Judgement::Nothing, |(judgement, _)| *judgement)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_personal_is_found() {
        for (name, expected) in [
            ("COD_FISCALE", Judgement::TaxCode),
            ("cf", Judgement::TaxCode),
            ("cf_assistito", Judgement::TaxCode),
            ("Data di nascita", Judgement::Identity),
            ("firstname", Judgement::Identity),
            ("email", Judgement::Identity),
            ("diagnosi_icd10", Judgement::Special),
            ("provvedimento_giudiziario", Judgement::Judicial),
            ("nome", Judgement::Perhaps),
            ("note", Judgement::Perhaps),
            ("cod_quartiere", Judgement::Nothing),
            ("capienza", Judgement::Nothing),
            ("quantita", Judgement::Nothing),
        ] {
            assert_eq!(judge(name), expected, "{name}");
        }
    }
}
