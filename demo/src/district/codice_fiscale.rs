//! Enters: a name, a birth date, a sex, a birthplace code. Leaves: a well-formed codice fiscale, with omocodia where asked.
//! Never makes a code that a living person can have: the birthplace codes given here begin with `X`, which no comune and no state has.
//! Rules: decree of the Minister of Finance of 23 December 1976.

use super::day::Day;

/// The sex as the code writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Sesso {
    /// Female.
    F,
    /// Male.
    M,
}

impl Sesso {
    /// One letter.
    pub fn letter(self) -> &'static str {
        match self {
            Self::F => "F",
            Self::M => "M",
        }
    }
}

/// The places of a code that hold a figure, right to left: the order in which omocodia changes them to letters.
const FIGURES: [usize; 7] = [14, 13, 12, 10, 9, 7, 6];
/// The letter that stands for each figure under omocodia.
const OMOCODIA: [char; 10] = ['L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'U', 'V'];
/// The letter of each month.
const MONTHS: &str = "ABCDEHLMPRST";
/// What a character at an odd place counts: figures and letters in order, `0` as `A`.
const ODD: [u32; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/// The code of a person, before omocodia. `luogo` is four characters: the birthplace code.
pub fn codice_fiscale(cognome: &str, nome: &str, nascita: Day, sesso: Sesso, luogo: &str) -> String {
    let (year, month, day) = nascita.parts();
    let month = MONTHS.chars().nth(usize::try_from(month - 1).unwrap_or(0)).unwrap_or('A');
    let day = if sesso == Sesso::F { day + 40 } else { day };
    let surname = letters(cognome, false);
    let name = letters(nome, true);
    closed(format!("{surname}{name}{:02}{month}{day:02}{luogo}", year.rem_euclid(100)))
}

/// The same code with its last `places` figures turned into letters (1 to 7): what two persons with equal data get.
pub fn with_omocodia(code: &str, places: usize) -> String {
    let changed: Vec<usize> = FIGURES.iter().copied().take(places).collect();
    let letter = |(at, c): (usize, char)| match c.to_digit(10) {
        Some(figure) if changed.contains(&at) => OMOCODIA.get(figure as usize).copied().unwrap_or(c),
        _ => c,
    };
    closed(code.chars().take(15).enumerate().map(letter).collect())
}

/// The check letter of the first fifteen characters.
pub fn check_letter(first_fifteen: &str) -> char {
    let value = |c: char| match c {
        '0'..='9' => u32::from(c) - u32::from('0'),
        'A'..='Z' => u32::from(c) - u32::from('A'),
        _ => 0,
    };
    let weight = |(at, c): (usize, char)| match at % 2 {
        0 => ODD.get(value(c) as usize).copied().unwrap_or(0),
        _ => value(c),
    };
    let sum: u32 = first_fifteen.chars().take(15).enumerate().map(weight).sum();
    char::from_u32(u32::from('A') + sum % 26).unwrap_or('A')
}

fn closed(first_fifteen: String) -> String {
    let check = check_letter(&first_fifteen);
    first_fifteen + check.encode_utf8(&mut [0; 4])
}

/// Three letters: consonants, then vowels, then `X`. A name of four consonants or more gives its first, third and fourth.
fn letters(name: &str, given: bool) -> String {
    let upper = name.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_uppercase());
    let (vowels, mut consonants): (Vec<char>, Vec<char>) = upper.partition(|c| "AEIOU".contains(*c));
    if given && consonants.len() > 3 {
        consonants.remove(1);
    }
    consonants.into_iter().chain(vowels).chain(['X'; 3]).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the decree, written as people publish it: apart from the one above.
    fn odd_by_decree(c: char) -> u32 {
        match c {
            '0' | 'A' => 1,
            '1' | 'B' => 0,
            '2' | 'C' => 5,
            '3' | 'D' => 7,
            '4' | 'E' => 9,
            '5' | 'F' => 13,
            '6' | 'G' => 15,
            '7' | 'H' => 17,
            '8' | 'I' => 19,
            '9' | 'J' => 21,
            'K' => 2,
            'L' => 4,
            'M' => 18,
            'N' => 20,
            'O' => 11,
            'P' => 3,
            'Q' => 6,
            'R' => 8,
            'S' => 12,
            'T' => 14,
            'U' => 16,
            'V' => 10,
            'W' => 22,
            'X' => 25,
            'Y' => 24,
            'Z' => 23,
            other => panic!("`{other}` is no character of a codice fiscale"),
        }
    }

    #[test]
    fn the_weights_are_the_decree_s() {
        for c in ('A'..='Z').chain('0'..='9') {
            let expected = char::from_u32('A' as u32 + odd_by_decree(c) % 26).unwrap();
            assert_eq!(check_letter(&c.to_string()), expected, "{c}");
        }
    }

    #[test]
    fn the_textbook_examples_come_out() {
        let rossi = codice_fiscale("Rossi", "Mario", Day::of(1980, 1, 1), Sesso::M, "H501");
        assert_eq!(rossi, "RSSMRA80A01H501U");
        let verdi = codice_fiscale("Verdi", "Anna", Day::of(1975, 12, 31), Sesso::F, "F205");
        assert_eq!(verdi, "VRDNNA75T71F205D");
        assert!(
            codice_fiscale("Fo", "Gianfranco", Day::of(1990, 5, 9), Sesso::M, "X001")
                .starts_with("FOXGFR90E09")
        );
    }

    #[test]
    fn omocodia_changes_figures_from_the_right_and_the_check_letter() {
        let once = "RSSMRA80A01H50M";
        assert_eq!(with_omocodia("RSSMRA80A01H501U", 1), format!("{once}{}", check(once)));
        let all = "RSSMRAULALMHRLM";
        assert_eq!(with_omocodia("RSSMRA80A01H501U", 7), format!("{all}{}", check(all)));
    }

    fn check(first_fifteen: &str) -> String {
        let sum: u32 = first_fifteen
            .chars()
            .enumerate()
            .map(|(at, c)| match (at % 2, c.to_digit(10)) {
                (0, _) => odd_by_decree(c),
                (_, Some(figure)) => figure,
                _ => c as u32 - 'A' as u32,
            })
            .sum();
        char::from_u32('A' as u32 + sum % 26).unwrap().to_string()
    }
}
