//! A text as people write it in, the form in which headers and words are compared out: no case, accents, blanks, line breaks or punctuation.

/// The form of a header: `Cod.\nFiscale`, `codice_fiscale` and `codiceFiscale` differ in nothing but their letters and digits. The signs `%`, `€`,
/// `$`, `#` and `+` count, since `Ore` and `Ore %` are two columns.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match plain(letter) {
            Some(plain) => folded.push_str(plain),
            None if letter.is_alphanumeric() || matches!(letter, '%' | '€' | '$' | '#' | '+') => {
                folded.push(letter)
            }
            None => {}
        }
    }
    folded
}

/// A Latin letter without its accent. Combining accents aren't alphanumeric and fall away by themselves.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ª' => "a",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'ł' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' | 'º' => "o",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ž' | 'ż' => "z",
        'æ' => "ae",
        'œ' => "oe",
        _ => return None,
    })
}

/// A cell's text without the blanks around it, no-break and zero-width ones among them.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(|letter: char| {
        letter.is_whitespace() || matches!(letter, '\u{200b}' | '\u{feff}' | '\0')
    })
}

/// A column's letters: `A` for 0, `AA` for 26.
pub(crate) fn letters(column: usize) -> String {
    let (mut left, mut letters) = (column + 1, Vec::new());
    while left > 0 {
        letters.push(char::from(b'A' + ((left - 1) % 26) as u8));
        left = (left - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_one_meaning_have_one_form() {
        for header in [
            "Codice Fiscale",
            "codice_fiscale",
            "CODICE\r\nFISCALE",
            "codiceFiscale",
            " Códice\u{a0}fiscàle: ",
        ] {
            assert_eq!(fold(header), "codicefiscale", "{header}");
        }
        assert_eq!(fold("Perche\u{301}"), fold("Perché"));
        assert_ne!(fold("Ore"), fold("Ore %"));
        assert_eq!(fold(" - "), "");
    }

    #[test]
    fn columns_have_letters() {
        for (column, expected) in
            [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")]
        {
            assert_eq!(letters(column), expected);
        }
    }
}
