//! Enters: everything that matches, and which page is wanted. Leaves: HSDS 3's page object.

use std::collections::HashMap;

use serde_json::{Value, json};

/// Items of a page when nobody says how many, and at most.
const PER_PAGE: usize = 25;
const MOST_PER_PAGE: usize = 100;

/// Which page: `page` from 1, `per_page` at most 100. `endless`: there is always another.
pub(super) struct Wanted {
    page: usize,
    per_page: usize,
    endless: bool,
}

impl Wanted {
    /// Reads `page` and `per_page`; the name of the parameter that is no number, or 0, otherwise.
    pub(super) fn of(parameters: &HashMap<String, String>, endless: bool) -> Result<Self, &'static str> {
        let number =
            |name: &'static str, default: usize| match parameters.get(name).map(|value| value.parse()) {
                None => Ok(default),
                Some(Ok(number)) if number > 0 => Ok(number),
                Some(_) => Err(name),
            };
        let per_page = number("per_page", PER_PAGE)?.min(MOST_PER_PAGE);
        Ok(Self { page: number("page", 1)?, per_page, endless })
    }

    /// The page of these items.
    pub(super) fn page(&self, items: Vec<Value>) -> Value {
        let total = items.len();
        let pages = if self.endless { usize::MAX >> 16 } else { total.div_ceil(self.per_page) };
        let skipped = if self.endless { 0 } else { (self.page - 1).saturating_mul(self.per_page) };
        let contents: Vec<Value> = items.into_iter().skip(skipped).take(self.per_page).collect();
        json!({
            "total_items": total,
            "total_pages": pages,
            "page_number": self.page,
            "size": contents.len(),
            "first_page": self.page == 1,
            "last_page": self.page >= pages,
            "empty": contents.is_empty(),
            "contents": contents,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(parameters: &[(&str, &str)], items: usize) -> Value {
        let parameters = parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Wanted::of(&parameters, false).unwrap().page((0..items).map(Value::from).collect())
    }

    #[test]
    fn pages_end_where_the_items_end() {
        let last = page(&[("page", "3"), ("per_page", "10")], 21);
        assert_eq!(
            (&last["size"], &last["last_page"], &last["total_pages"]),
            (&1.into(), &true.into(), &3.into())
        );
        assert_eq!(last["contents"], json!([20]));
        let after = page(&[("page", "4"), ("per_page", "10")], 21);
        assert_eq!(after["empty"], json!(true));
        assert_eq!(page(&[], 0)["total_pages"], json!(0));
        assert_eq!(page(&[("per_page", "500")], 150)["size"], json!(100));
    }

    #[test]
    fn a_page_that_is_no_number_is_refused() {
        for (name, value) in [("page", "0"), ("page", "x"), ("per_page", "-1")] {
            let parameters = HashMap::from([(name.to_owned(), value.to_owned())]);
            assert_eq!(Wanted::of(&parameters, false).err(), Some(name));
        }
    }
}
