//! Bytes as they come in; the events of an event stream that mean something here out. It keeps no more than one event's bytes.
//!
//! HTML, "Parsing an event stream": lines end by LF, CR or both; an empty line ends an event; `data` of several lines is joined by LF.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use memchr::memchr2;
use raccordo_connector_api::Failure;

/// The longest name of an event that means something.
const LONGEST_NAME: usize = 8;

/// What an event says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// A response.
    Next(Bytes),
    /// Nothing follows.
    Complete,
}

/// An event stream on its way.
pub(super) struct Lines {
    /// What came after the last whole line.
    rest: BytesMut,
    /// How much of it is known to hold no end of a line.
    searched: usize,
    /// The last line ended by CR: an LF that follows belongs to it.
    after_return: bool,
    /// It began, so a byte order mark would be none any more.
    begun: bool,
    name: Vec<u8>,
    data: BytesMut,
    has_data: bool,
    told: VecDeque<Told>,
    most: usize,
}

impl Lines {
    /// `most` bounds the bytes of one event's data.
    pub(super) fn new(most: usize) -> Self {
        Self {
            rest: BytesMut::new(),
            searched: 0,
            after_return: false,
            begun: false,
            name: Vec::new(),
            data: BytesMut::new(),
            has_data: false,
            told: VecDeque::new(),
            most,
        }
    }

    /// Takes what came.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.rest.extend_from_slice(chunk);
    }

    /// The next event; none until more comes.
    ///
    /// # Errors
    /// `OverLimit`.
    pub(super) fn next(&mut self) -> Result<Option<Told>, Failure> {
        while self.told.is_empty() {
            let Some(line) = self.line() else {
                let waiting = self.rest.len() + self.data.len();
                return if waiting > self.most.saturating_add(FIELD) { Err(self.over()) } else { Ok(None) };
            };
            self.take(&line)?;
        }
        Ok(self.told.pop_front())
    }

    /// The next whole line, without its end.
    fn line(&mut self) -> Option<BytesMut> {
        if self.after_return && self.rest.first() == Some(&b'\n') {
            drop(self.rest.split_to(1));
        }
        if !self.rest.is_empty() {
            self.after_return = false;
        }
        let unread = self.rest.get(self.searched..).unwrap_or_default();
        let Some(end) = memchr2(b'\n', b'\r', unread).map(|at| at + self.searched) else {
            self.searched = self.rest.len();
            return None;
        };
        self.searched = 0;
        let mut line = self.rest.split_to(end + 1);
        self.after_return = line.last() == Some(&b'\r');
        line.truncate(end);
        if !std::mem::replace(&mut self.begun, true) && line.starts_with(b"\xef\xbb\xbf") {
            drop(line.split_to(3));
        }
        Some(line)
    }

    fn take(&mut self, line: &[u8]) -> Result<(), Failure> {
        if line.is_empty() {
            self.dispatch();
            return Ok(());
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            // A comment.
            Some(0) => return Ok(()),
            Some(at) => (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default()),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => {
                self.name.clear();
                self.name.extend(value.iter().take(LONGEST_NAME + 1));
            }
            b"data" => {
                if self.has_data {
                    self.data.extend_from_slice(b"\n");
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
                if self.data.len() > self.most {
                    return Err(self.over());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn dispatch(&mut self) {
        let data = self.data.split().freeze();
        let has_data = std::mem::take(&mut self.has_data);
        match self.name.as_slice() {
            b"next" if has_data => self.told.push_back(Told::Next(data)),
            // HTML would want data here too; subgraphs leave it out.
            b"complete" => self.told.push_back(Told::Complete),
            _ => {}
        }
        self.name.clear();
    }

    fn over(&self) -> Failure {
        Failure::over_limit(format!("an event has more than {} bytes", self.most))
    }
}

/// What stands around an event's data in its line.
const FIELD: usize = "data: ".len();

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &mut Lines, text: &[u8], piece: usize) -> Result<Vec<Told>, Failure> {
        let mut told = Vec::new();
        for piece in text.chunks(piece) {
            lines.push(piece);
            while let Some(one) = lines.next()? {
                told.push(one);
            }
        }
        Ok(told)
    }

    fn next(text: &'static str) -> Told {
        Told::Next(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn events_are_the_same_however_they_are_cut_and_however_lines_end() {
        let text = "\u{feff}:\n\nevent: next\ndata: {\"a\":1}\n\nevent:next\ndata:{\ndata: }\nid: 7\nretry\n\n\
                    event: ping\ndata: x\n\ndata: unnamed\n\nevent: next\n\nevent: complete\ndata:\n\nevent: complete\n\n";
        for ending in ["\n", "\r\n", "\r"] {
            let text = text.replace('\n', ending);
            for piece in [1, 2, 3, 7, 1000] {
                let told = read(&mut Lines::new(100), text.as_bytes(), piece).unwrap();
                let expected = [next("{\"a\":1}"), next("{\n}"), Told::Complete, Told::Complete];
                assert_eq!(told, expected, "{ending:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn an_event_of_the_most_bytes_is_read_and_one_byte_more_is_not() {
        for piece in [1, 3, 1000] {
            let of = |length: usize| format!("event: next\ndata: {}\n\n", "x".repeat(length));
            assert!(read(&mut Lines::new(20), of(20).as_bytes(), piece).is_ok(), "{piece}");
            assert!(read(&mut Lines::new(20), of(21).as_bytes(), piece).is_err(), "{piece}");
        }
        let endless = vec![b'x'; 10_000];
        assert!(read(&mut Lines::new(20), &endless, 100).is_err(), "a line that never ends");
        let split = "data: 1234567890\n".repeat(3);
        assert!(read(&mut Lines::new(20), split.as_bytes(), 5).is_err(), "data of many lines");
    }
}
