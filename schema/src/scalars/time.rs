//! Dates and instants: text in, canonical text out. No time zone's rules are known here, only offsets that are written.

use std::fmt;

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
}
