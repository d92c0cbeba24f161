//! The domain's scalars: text in, canonical text out, or what was expected. Two texts of one value have one canonical form,
//! so that keys compare by it. Nothing here prints a personal value.

mod time;

use std::fmt;

pub use self::time::{date, date_time};

/// An Italian codice fiscale in canonical form: sixteen upper-case characters, as its holder writes it, omocodia included.
/// A personal value: neither `Debug` nor `Display` prints it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodiceFiscale(String);

/// What a codice fiscale has at each place: `L` a letter, `D` a digit or the letter that replaces it in omocodia.
const PATTERN: &[u8; 16] = b"LLLLLLDDLDDLDDDL";

/// The letters of the months, January first.
const MONTHS: &[u8; 12] = b"ABCDEHLMPRST";

/// The letters that replace the digits 0 to 9 when two persons would have the same code (omocodia).
const OMOCODIA: &[u8; 10] = b"LMNPQRSTUV";

/// The values at odd places (counted from 1) of `0`-`9`, then of `A`-`Z`. Decreto ministeriale 23 dicembre 1976, articolo 7.
const ODD_DIGITS: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
const ODD_LETTERS: [u32; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

impl CodiceFiscale {
    /// Reads a codice fiscale in upper or lower case, with blanks around it.
    /// The birthplace is not looked up: which codes are in use changes with the comuni.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let canonical = text.trim_ascii().to_ascii_uppercase();
        let bytes = <&[u8; 16]>::try_from(canonical.as_bytes()).map_err(|_| "16 letters and digits")?;
        let fits = bytes.iter().zip(PATTERN).all(|(byte, kind)| match kind {
            b'L' => byte.is_ascii_uppercase(),
            _ => digit(*byte).is_some(),
        });
        if !fits {
            return Err("letters and digits in the places of a codice fiscale");
        }
        let [.., y1, y2, month, d1, d2, _, _, _, _, check] = *bytes;
        let day = two(d1, d2).map(|day| if day > 40 { day - 40 } else { day });
        let month = MONTHS.iter().position(|letter| *letter == month);
        if !month.zip(day).zip(two(y1, y2)).is_some_and(|((month, day), year)| is_day(year, month, day)) {
            return Err("a date of birth in a codice fiscale");
        }
        if check_character(bytes) != Some(check) {
            return Err("a codice fiscale with its own check character");
        }
        Ok(Self(canonical))
    }

    /// The canonical form: what may be sent to a source that is asked by it, and nowhere else.
    pub fn canonical(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CodiceFiscale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[withheld]")
    }
}

impl fmt::Display for CodiceFiscale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[withheld]")
    }
}

/// A digit or the letter that replaces it.
fn digit(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        _ => OMOCODIA.iter().position(|letter| *letter == byte).and_then(|at| u32::try_from(at).ok()),
    }
}

fn two(tens: u8, units: u8) -> Option<u32> {
    Some(digit(tens)? * 10 + digit(units)?)
}

/// Whether the month (from 0) has such a day. The century isn't written, so 29 February stands in `00` too: 2000 had it.
fn is_day(year: u32, month: usize, day: u32) -> bool {
    let last = match month {
        1 if year.is_multiple_of(4) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    };
    (1..=last).contains(&day)
}

fn check_character(bytes: &[u8; 16]) -> Option<u8> {
    let value = |(index, byte): (usize, &u8)| -> Option<u32> {
        let own = match byte {
            b'0'..=b'9' => usize::from(byte - b'0'),
            _ => usize::from(byte.checked_sub(b'A')?),
        };
        match (index % 2, byte.is_ascii_digit()) {
            (0, true) => ODD_DIGITS.get(own).copied(),
            (0, false) => ODD_LETTERS.get(own).copied(),
            _ => u32::try_from(own).ok(),
        }
    };
    let sum: u32 = bytes.iter().take(15).enumerate().map(value).sum::<Option<u32>>()?;
    u8::try_from(sum % 26).ok().map(|rest| b'A' + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `tests/codice_fiscale.py` from PyPI `python-codicefiscale`: a code and whether it is one.
    const TABLE: &str = include_str!("../tests/codice_fiscale.tsv");

    #[test]
    fn every_code_of_the_oracle_is_judged_alike() {
        let mut counts = [0, 0];
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let (code, verdict) = line.split_once('\t').unwrap();
            assert_eq!(CodiceFiscale::parse(code).is_ok(), verdict == "yes", "{code}");
            counts[usize::from(verdict == "yes")] += 1;
        }
        assert!(counts.iter().all(|count| *count >= 200), "{counts:?}");
    }

    #[test]
    fn the_canonical_form_is_one() {
        let code = CodiceFiscale::parse(" rssmra80a01z999y ");
        assert_eq!(
            code.as_ref().map(CodiceFiscale::canonical),
            CodiceFiscale::parse("RSSMRA80A01Z999Y").as_ref().map(CodiceFiscale::canonical)
        );
        assert!(code.is_ok());
    }

    #[test]
    fn nothing_prints_it() {
        let code = CodiceFiscale::parse("RSSMRA80A01Z999Y").unwrap();
        assert_eq!(
            (format!("{code}"), format!("{code:?}")),
            ("[withheld]".to_owned(), "[withheld]".to_owned())
        );
    }

    #[test]
    fn hostile_text_is_refused() {
        for wrong in [
            "",
            "è",
            "RSSMRA80A01Z99",
            "RSSMRA80A01Z999Sx",
            "RSSMRA80A01Z99É",
            "123",
            "RSSMRA80F01Z999S",
            "RSSMRA80A00Z999S",
        ] {
            assert!(CodiceFiscale::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// Every text of up to sixteen places made of what could trip the arithmetic is judged, and nothing else happens.
    #[test]
    fn any_text_is_judged() {
        let letters = ['A', 'z', '0', '9', 'L', 'V', '-', ':', 'T', '.', '+', 'è', '\u{feff}', ' '];
        let mut state: u32 = 1;
        for length in (0..40).cycle().take(40_000) {
            let text: String = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    letters[(state >> 16) as usize % letters.len()]
                })
                .collect();
            for canonical in [date(&text), date_time(&text)].into_iter().flatten() {
                assert!(date(&canonical).or_else(|| date_time(&canonical)) == Some(canonical));
            }
            if let Ok(code) = CodiceFiscale::parse(&text) {
                assert_eq!(CodiceFiscale::parse(code.canonical()), Ok(code));
            }
        }
    }
}
