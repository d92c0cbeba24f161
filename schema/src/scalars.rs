//! The domain's scalars: text in, canonical text out, or what was expected. Two texts of one value have one canonical form,
//! so that keys compare by it. Nothing here prints a personal value.

use std::fmt;

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

/// A calendar date in canonical form, `YYYY-MM-DD`; blanks around it are not part of it.
pub fn date(text: &str) -> Option<String> {
    let text = text.trim_ascii();
    let date = Date::parse(text.as_bytes())?;
    Some(date.to_string())
}

/// An instant in canonical form: RFC 3339 in UTC with `Z`, seconds always, fractions without trailing zeros.
/// A text without an offset is refused: it doesn't say which instant it means. So is a leap second.
pub fn date_time(text: &str) -> Option<String> {
    let bytes = text.trim_ascii().as_bytes();
    let (day, rest) = bytes.split_at_checked(10)?;
    let (separator, rest) = rest.split_first()?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *clock else { return None };
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[m1, m2])?, number(&[s1, s2])?);
    if !matches!(separator, b'T' | b't' | b' ') || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, offset) = fraction(rest)?;
    let seconds =
        Date::parse(day)?.days() * 86_400 + (hour * 60 + minute - offset_minutes(offset)?) * 60 + second;
    let (date, clock) = (Date::of_days(seconds.div_euclid(86_400)), seconds.rem_euclid(86_400));
    let canonical = format!("{date}T{:02}:{:02}:{:02}{fraction}Z", clock / 3600, clock / 60 % 60, clock % 60);
    (0..=9999).contains(&date.year).then_some(canonical)
}

/// `.120` gives `.12`; the rest is the offset. More than nine digits are refused.
fn fraction(rest: &[u8]) -> Option<(String, &[u8])> {
    let Some(digits) = rest.strip_prefix(b".") else { return Some((String::new(), rest)) };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, offset) = digits.split_at_checked(count)?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| (1..=9).contains(&digits.len()))?;
    match digits.trim_end_matches('0') {
        "" => Some((String::new(), offset)),
        digits => Some((format!(".{digits}"), offset)),
    }
}

fn offset_minutes(offset: &[u8]) -> Option<i64> {
    match *offset {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[h1, h2])?, number(&[m1, m2])?);
            let total = hours * 60 + minutes;
            (hours < 24 && minutes < 60).then_some(if sign == b'-' { -total } else { total })
        }
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    let add = |sum: i64, byte: &u8| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0'));
    digits.iter().try_fold(0, add)
}

/// A day of the proleptic Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl Date {
    fn parse(text: &[u8]) -> Option<Self> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
        let date =
            Self { year: number(&[y1, y2, y3, y4])?, month: number(&[m1, m2])?, day: number(&[d1, d2])? };
        let leap = (date.year % 4 == 0 && date.year % 100 != 0) || date.year % 400 == 0;
        let last = match date.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            _ => return None,
        };
        (1..=last).contains(&date.day).then_some(date)
    }

    /// Days since 1970-01-01. The year is counted from March, so that the leap day is its last.
    fn days(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
    }

    fn of_days(days: i64) -> Self {
        let (era, of_era) = ((days + 719_468).div_euclid(146_097), (days + 719_468).rem_euclid(146_097));
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let day_of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * day_of_year + 2) / 153;
        let calendar_month = if month < 10 { month + 3 } else { month - 9 };
        let calendar_year = era * 400 + year + i64::from(calendar_month <= 2);
        Self { year: calendar_year, month: calendar_month, day: day_of_year - (153 * month + 2) / 5 + 1 }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
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

    #[test]
    fn dates_exist_or_are_refused() {
        assert_eq!(date(" 2024-02-29 ").as_deref(), Some("2024-02-29"));
        assert_eq!(date("2000-02-29").as_deref(), Some("2000-02-29"));
        for wrong in [
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-04-31",
            "2024-1-1",
            "24-01-01",
            "2024-01",
            "20240101",
            "2024-01-01T",
        ] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn instants_are_brought_to_utc() {
        for (text, canonical) in [
            ("2026-11-22T15:00:00Z", "2026-11-22T15:00:00Z"),
            ("2026-11-22t15:00:00.500z", "2026-11-22T15:00:00.5Z"),
            ("2026-11-22 15:00:00.000+01:00", "2026-11-22T14:00:00Z"),
            ("2026-01-01T00:30:00+02:00", "2025-12-31T22:30:00Z"),
            ("2024-02-28T23:30:00-01:00", "2024-02-29T00:30:00Z"),
            ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
            ("0000-03-01T00:00:00Z", "0000-03-01T00:00:00Z"),
        ] {
            assert_eq!(date_time(text).as_deref(), Some(canonical), "{text}");
        }
        for wrong in [
            "2026-11-22T15:00:00",
            "2026-11-22",
            "2026-11-22T24:00:00Z",
            "2026-11-22T15:60:00Z",
            "2026-11-22T15:00:60Z",
            "2026-11-22T15:00:00.Z",
            "2026-11-22T15:00:00.1234567890Z",
            "2026-11-22T15:00:00+1:00",
            "2026-11-22T15:00:00+01:00x",
            "2026-02-30T15:00:00Z",
            "0000-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "é026-11-22T15:00:00Z",
        ] {
            assert_eq!(date_time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_go_there_and_back() {
        for days in (-719_528..2_932_896).step_by(97) {
            let date = Date::of_days(days);
            assert_eq!((date.days(), Date::parse(date.to_string().as_bytes())), (days, Some(date)));
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
