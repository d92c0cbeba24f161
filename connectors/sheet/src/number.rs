//! A number as people write it in; its value out, once it is known what its comma means.

use crate::limits::Decimal;
use crate::trouble::Rule;

/// The parts of a number that was written as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    negative: bool,
    /// Digits, points and commas.
    body: String,
}

/// Reads what is around the digits: a sign, blanks and apostrophes between thousands, the sign of the euro.
pub(crate) fn written(text: &str) -> Option<Written> {
    let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '€');
    let (negative, text) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let text = text.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '€');
    let mut body = String::with_capacity(text.len());
    let letters: Vec<char> = text.chars().collect();
    for (index, letter) in letters.iter().enumerate() {
        match letter {
            '0'..='9' | '.' | ',' => body.push(*letter),
            // Between thousands, where three digits follow and no more.
            ' ' | '\u{a0}' | '\u{202f}' | '\'' | '\u{2019}' if thousands(&letters, index) => {}
            _ => return None,
        }
    }
    body.starts_with(|letter: char| letter.is_ascii_digit() || letter == ',' || letter == '.')
        .then_some(())?;
    body.bytes().any(|byte| byte.is_ascii_digit()).then_some(Written { negative, body })
}

fn thousands(letters: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| letters.get(at)).is_some_and(char::is_ascii_digit);
    let after = letters.iter().skip(at + 1).take_while(|letter| letter.is_ascii_digit()).count();
    before && after == 3
}

/// What a number tells of the decimal sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// It can't be otherwise.
    Is(Decimal),
    /// `1.234` or `1,234`.
    Either,
    /// No comma, no point.
    Nothing,
}

impl Written {
    /// What it tells.
    pub(crate) fn evidence(&self) -> Evidence {
        let (points, commas) = (self.body.matches('.').count(), self.body.matches(',').count());
        match (points, commas) {
            (0, 0) => Evidence::Nothing,
            (0, 1) | (1, 0) => match grouped(&self.body, if points == 1 { '.' } else { ',' }) {
                true => Evidence::Either,
                false if points == 1 => Evidence::Is(Decimal::Point),
                false => Evidence::Is(Decimal::Comma),
            },
            (_, 0) => Evidence::Is(Decimal::Comma),
            (0, _) => Evidence::Is(Decimal::Point),
            _ => match self.body.rfind(',') > self.body.rfind('.') {
                true => Evidence::Is(Decimal::Comma),
                false => Evidence::Is(Decimal::Point),
            },
        }
    }

    /// Its value, with this decimal sign.
    ///
    /// # Errors
    /// `Number`, when it isn't one so.
    pub(crate) fn value(&self, decimal: Decimal) -> Result<f64, Rule> {
        let (point, group) = match decimal {
            Decimal::Comma => (',', '.'),
            Decimal::Point => ('.', ','),
        };
        let (whole, fraction) = self.body.split_once(point).unwrap_or((&self.body, ""));
        let fits = fraction.bytes().all(|byte| byte.is_ascii_digit())
            && (!whole.contains(group) || grouped(whole, group));
        let digits = format!("{}.{}", whole.replace(group, ""), fraction);
        let number = digits.trim_end_matches('.').parse::<f64>().ok().filter(|_| fits && digits.len() > 1);
        number.map(|number| if self.negative { -number } else { number }).ok_or(Rule::Number)
    }

    /// Its value as a whole number: a comma or point can only stand between thousands, or before zeros.
    ///
    /// # Errors
    /// `Whole`.
    pub(crate) fn whole(&self) -> Result<i32, Rule> {
        let decimal = match self.evidence() {
            Evidence::Is(decimal) => decimal,
            Evidence::Either if self.body.contains('.') => Decimal::Comma,
            Evidence::Either | Evidence::Nothing => Decimal::Point,
        };
        let value = self.value(decimal).map_err(|_| Rule::Whole)?;
        integer(value).ok_or(Rule::Whole)
    }
}

/// Groups of three digits after the first, of one to three.
fn grouped(text: &str, group: char) -> bool {
    let mut parts = text.split(group);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let first =
        parts.next().is_some_and(|first| digits(first) && first.len() <= 3 && !first.starts_with('0'));
    first && parts.all(|part| part.len() == 3 && digits(part))
}

/// A whole number of 32 bits.
pub(crate) fn integer(value: f64) -> Option<i32> {
    let fits = value.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value);
    fits.then_some(value as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_points_are_told_apart() {
        for (text, evidence, value) in [
            ("1.234,56", Evidence::Is(Decimal::Comma), 1234.56),
            ("1,234.56", Evidence::Is(Decimal::Point), 1234.56),
            ("1.234.567", Evidence::Is(Decimal::Comma), 1_234_567.0),
            ("12,5", Evidence::Is(Decimal::Comma), 12.5),
            ("-0,125", Evidence::Is(Decimal::Comma), -0.125),
            ("0.125", Evidence::Is(Decimal::Point), 0.125),
            ("€ 1 234,50", Evidence::Is(Decimal::Comma), 1234.5),
            ("1'234.5", Evidence::Is(Decimal::Point), 1234.5),
            (",5", Evidence::Is(Decimal::Comma), 0.5),
        ] {
            let written = written(text).unwrap();
            assert_eq!(written.evidence(), evidence, "{text}");
            let Evidence::Is(decimal) = evidence else { continue };
            assert_eq!(written.value(decimal), Ok(value), "{text}");
        }
        let either = written("1.234").unwrap();
        assert_eq!(either.evidence(), Evidence::Either);
        assert_eq!((either.value(Decimal::Comma), either.value(Decimal::Point)), (Ok(1234.0), Ok(1.234)));
        assert_eq!(written("1234").unwrap().evidence(), Evidence::Nothing);
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", "1a", "12 34", "1 2345", "12%", ".", "--1", "1e5", "NaN"] {
            assert_eq!(written(text), None, "{text}");
        }
        for (text, decimal) in
            [("1.23.456", Decimal::Comma), ("1,2,3", Decimal::Point), ("1.234,5", Decimal::Point)]
        {
            assert_eq!(written(text).unwrap().value(decimal), Err(Rule::Number), "{text}");
        }
    }

    #[test]
    fn whole_numbers_have_32_bits() {
        for (text, value) in
            [("1.234", Ok(1234)), ("1,234", Ok(1234)), ("7,00", Ok(7)), ("2147483647", Ok(i32::MAX))]
        {
            assert_eq!(written(text).unwrap().whole(), value, "{text}");
        }
        for text in ["2147483648", "7,5", "1.23"] {
            assert_eq!(written(text).unwrap().whole(), Err(Rule::Whole), "{text}");
        }
    }
}
