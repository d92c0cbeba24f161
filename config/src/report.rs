//! Diagnostics in; the text that a command prints out: each with its place and its help, then a count.

use raccordo_schema::Diagnostic;

/// What `raccordo check` says: every diagnostic, a blank line after each, and the verdict. Ends in a line feed.
pub fn report(found: &[Diagnostic]) -> String {
    let mut text: String = found.iter().map(|diagnostic| format!("{diagnostic}\n\n")).collect();
    let mistakes = found.iter().filter(|diagnostic| diagnostic.is_error()).count();
    text.push_str(&match (mistakes, found.len() - mistakes) {
        (0, 0) => "good\n".to_owned(),
        (0, warnings) => format!("good, with {}\n", counted(warnings, "warning")),
        (mistakes, 0) => format!("{}\n", counted(mistakes, "mistake")),
        (mistakes, warnings) => {
            format!("{}, {}\n", counted(mistakes, "mistake"), counted(warnings, "warning"))
        }
    });
    text
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use raccordo_schema::Location;

    use super::*;

    #[test]
    fn a_report_ends_in_a_verdict() {
        let at = || Location { file: "a.graphql".into(), line: 3, column: 7 };
        let wrong = || Diagnostic::error("RULE", at(), "it is wrong").help("mend it");
        let odd = || Diagnostic::warning("ODD", at(), "it is odd");
        assert_eq!(report(&[]), "good\n");
        assert_eq!(
            report(&[odd()]),
            "warning[ODD]: it is odd\n  --> a.graphql:3:7\n\ngood, with 1 warning\n"
        );
        assert!(report(&[wrong(), wrong()]).ends_with("  help: mend it\n\n2 mistakes\n"));
        assert!(report(&[wrong(), odd()]).ends_with("\n1 mistake, 1 warning\n"));
    }
}
