//! Enters: a calendar date. Leaves: the same date, shifted, compared, written as ISO 8601. Never asks what day it is.

use std::fmt;

use serde::{Serialize, Serializer};

/// A day of the Gregorian calendar, as the number of days since 1 January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Day(i32);

/// The day on which the whole district stands still: ages and open episodes are as of this day.
pub const REFERENCE: Day = Day::of(2026, 9, 30);

impl Day {
    /// The day of a year, month (1-12) and day (1-31). The civil-from-days algorithm of Howard Hinnant.
    pub const fn of(year: i32, month: i32, day: i32) -> Self {
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let of_era = y.rem_euclid(400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        Self(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
    }

    /// Year, month (1-12), day (1-31).
    pub fn parts(self) -> (i32, i32, i32) {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        (yoe + era * 400 + i32::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
    }

    /// So many days later; earlier when negative.
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// So many days earlier.
    pub fn minus(self, days: u32) -> Self {
        self.plus(-i32::try_from(days).unwrap_or(i32::MAX))
    }

    /// Whole years from this day to `on`; 0 when `on` is earlier.
    pub fn years_to(self, on: Self) -> u32 {
        let (from, to) = (self.parts(), on.parts());
        let years = to.0 - from.0 - i32::from((to.1, to.2) < (from.1, from.2));
        u32::try_from(years).unwrap_or(0)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_parts_agree_over_two_centuries() {
        assert_eq!(Day::of(1970, 1, 1), Day(0));
        assert_eq!(Day::of(2000, 3, 1), Day(11_017));
        for days in -36_500..36_500 {
            let (year, month, day) = Day(days).parts();
            assert_eq!(Day::of(year, month, day), Day(days));
        }
        assert_eq!(Day::of(2024, 2, 29).plus(1).to_string(), "2024-03-01");
    }

    #[test]
    fn a_birthday_counts_from_its_day_on() {
        let born = Day::of(1960, 10, 1);
        assert_eq!(born.years_to(REFERENCE), 65);
        assert_eq!(born.years_to(REFERENCE.plus(1)), 66);
        assert_eq!(REFERENCE.years_to(born), 0);
    }
}
