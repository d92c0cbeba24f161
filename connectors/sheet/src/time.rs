//! Days and instants as people write them in; canonical ones out: `YYYY-MM-DD`, and RFC 3339 in UTC. What can be read in two ways is not guessed.

use raccordo_schema::scalars;

use crate::cell::Moment;
use crate::trouble::Rule;

/// Year, month and day of `YYYY-MM-DD`.
pub(crate) fn iso(text: &str) -> Option<(i32, u32, u32)> {
    scalars::date(text).filter(|canonical| canonical.len() == 10)?;
    let mut parts = text.trim().split('-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Milliseconds of `hh:mm`, `hh.mm`, `hh:mm:ss` with or without a fraction.
pub(crate) fn clock(text: &str) -> Option<u32> {
    let text = text.trim();
    let separator = if text.contains(':') { ':' } else { '.' };
    let parts: Vec<&str> = text.splitn(3, separator).collect();
    let whole = |text: &str, most: u32| {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|number| digits && *number <= most)
    };
    let (hours, minutes) = (whole(parts.first()?, 23)?, whole(parts.get(1)?, 59)?);
    let (seconds, millis) = match parts.get(2) {
        None => (0, 0),
        Some(seconds) => {
            let (seconds, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, "0"));
            let digits =
                (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
            let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
            (whole(seconds, 59)?, millis.parse::<u32>().ok().filter(|_| digits)?)
        }
    };
    Some(((hours * 60 + minutes) * 60 + seconds) * 1000 + millis)
}

/// A day: `YYYY-MM-DD`, `d/m/yyyy`, `dd-mm-yyyy`, `dd.mm.yyyy`; the month first where the source says so.
///
/// # Errors
/// The rule that it breaks.
pub(crate) fn date(text: &str, day_first: bool) -> Result<String, Rule> {
    if let Some(date) = scalars::date(text) {
        return Ok(date);
    }
    // A midnight stands for its day.
    if let Some((day, time)) = text.split_once([' ', 'T'])
        && clock(time.trim_end_matches('Z')) == Some(0)
    {
        return date(day, day_first);
    }
    let separator =
        ['/', '-', '.'].into_iter().find(|separator| text.contains(*separator)).ok_or(Rule::Date)?;
    let parts: Vec<&str> = text.split(separator).map(str::trim).collect();
    let digits = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let [first, second, year] = parts.as_slice() else { return Err(Rule::Date) };
    if !digits || first.len() > 2 || second.len() > 2 {
        return Err(Rule::Date);
    }
    match year.len() {
        4 => {
            let (day, month) = if day_first { (first, second) } else { (second, first) };
            scalars::date(&format!("{year}-{month:0>2}-{day:0>2}")).ok_or(Rule::Date)
        }
        2 => Err(Rule::ShortYear),
        _ => Err(Rule::Date),
    }
}

/// An instant: RFC 3339, or a day and a time of day where people live.
///
/// # Errors
/// The rule that it breaks.
pub(crate) fn instant(text: &str, day_first: bool, italian: bool) -> Result<String, Rule> {
    if let Some(instant) = scalars::date_time(text) {
        return Ok(instant);
    }
    let (day, clock_text) = text.split_once([' ', 'T']).unwrap_or((text, "00:00"));
    let day =
        date(day, day_first).map_err(|rule| if rule == Rule::ShortYear { rule } else { Rule::Instant })?;
    let clock_text = clock_text.trim_start_matches("ore ").trim_start_matches("h ");
    let (millis, (year, month, day)) = clock(clock_text).zip(iso(&day)).ok_or(Rule::Instant)?;
    zoned(Moment { year, month, day, millis }, italian).ok_or(Rule::Instant)
}

/// The instant of a moment: of Italy's time, or of UTC.
pub(crate) fn zoned(moment: Moment, italian: bool) -> Option<String> {
    let offset = match italian && is_summer(moment) {
        true => "+02:00",
        false if italian => "+01:00",
        false => "Z",
    };
    scalars::date_time(&format!("{}T{}{offset}", moment.date(), moment.clock()))
}

/// Directive 2000/84/EC: summer time is from the last Sunday of March, 02:00, to the last of October, 03:00. Earlier years had the same months from
/// 1996 on, and are taken as if they always had. The hour that comes twice is the first one.
fn is_summer(moment: Moment) -> bool {
    let hour = moment.millis / 3_600_000;
    match moment.month {
        4..=9 => true,
        3 => {
            moment.day > last_sunday(moment.year, 3)
                || (moment.day == last_sunday(moment.year, 3) && hour >= 2)
        }
        10 => {
            moment.day < last_sunday(moment.year, 10)
                || (moment.day == last_sunday(moment.year, 10) && hour < 3)
        }
        _ => false,
    }
}

/// The last Sunday of a month of 31 days. Sakamoto's day of the week.
fn last_sunday(year: i32, month: u32) -> u32 {
    let offset = if month == 3 { 2 } else { 6 };
    let weekday = (year + year / 4 - year / 100 + year / 400 + offset + 31).rem_euclid(7) as u32;
    31 - weekday
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_italians_write_them() {
        for text in [
            "2024-02-01",
            "01/02/2024",
            "1/2/2024",
            "01-02-2024",
            "1.2.2024",
            "01/02/2024 00:00:00",
            " 1 / 2 / 2024",
        ] {
            assert_eq!(date(text, true).as_deref(), Ok("2024-02-01"), "{text}");
        }
        assert_eq!(date("1/2/2024", false).as_deref(), Ok("2024-01-02"));
        for (text, rule) in [
            ("1/2/24", Rule::ShortYear),
            ("30/02/2024", Rule::Date),
            ("12/31/2024", Rule::Date),
            ("2024", Rule::Date),
            ("1/2", Rule::Date),
            ("1/2/2024 10:00", Rule::Date),
            ("gennaio", Rule::Date),
            ("1/2/02024", Rule::Date),
        ] {
            assert_eq!(date(text, true), Err(rule), "{text}");
        }
    }

    #[test]
    fn instants_without_a_zone_are_italian() {
        for (text, expected) in [
            ("2024-01-15 10:30", "2024-01-15T09:30:00Z"),
            ("15/07/2024 10.30", "2024-07-15T08:30:00Z"),
            ("15/07/2024", "2024-07-14T22:00:00Z"),
            ("2024-07-15T10:30:00+05:00", "2024-07-15T05:30:00Z"),
            ("31/03/2024 01:59", "2024-03-31T00:59:00Z"),
            ("31/03/2024 03:00", "2024-03-31T01:00:00Z"),
            ("27/10/2024 02:30", "2024-10-27T00:30:00Z"),
            ("27/10/2024 03:00", "2024-10-27T02:00:00Z"),
        ] {
            assert_eq!(instant(text, true, true).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(instant("15/07/2024 10:30:05,25", true, false).as_deref(), Ok("2024-07-15T10:30:05.25Z"));
        assert_eq!(instant("15/07/24 10:30", true, true), Err(Rule::ShortYear));
        for wrong in ["15/07/2024 25:00", "15/07/2024 10:60", "ieri", "15/07/2024 10"] {
            assert_eq!(instant(wrong, true, true), Err(Rule::Instant), "{wrong}");
        }
    }

    #[test]
    fn last_sundays() {
        for (year, march, october) in [(2023, 26, 29), (2024, 31, 27), (2025, 30, 26), (2026, 29, 25)] {
            assert_eq!((last_sunday(year, 3), last_sunday(year, 10)), (march, october), "{year}");
        }
    }
}
