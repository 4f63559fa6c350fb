//! What is looked through of a record: its texts and numbers, gathered from its line without making anything else of it, so that
//! a record of many MiB takes little more than itself.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// What is looked through of the record in that line, a part a line: what sort of event it is, and its texts and numbers. Keys do
/// not count, nor does the text of a runbook. `None`: the line holds no JSON object.
pub(super) fn text_of(line: &str) -> Option<String> {
    let mut text = String::new();
    let mut json = serde_json::Deserializer::from_slice(line.as_bytes());
    Part { text: &mut text, place: Place::Record }.deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(text)
}

/// Where in a record somebody reads.
#[derive(Clone, Copy)]
enum Place {
    /// The record itself: only its event counts.
    Record,
    /// The event: named by its only key.
    Event,
    /// The head of a run, of which not all counts.
    Opening,
    /// The site in it: two texts.
    Site,
    /// All counts.
    Within,
}

/// A part that is read.
struct Part<'t> {
    text: &'t mut String,
    place: Place,
}

impl Place {
    /// Where the value of that key is; `None`: it does not count.
    fn of(self, key: &str) -> Option<Self> {
        match (self, key) {
            (Self::Record, "event") => Some(Self::Event),
            (Self::Event, "run_opened") => Some(Self::Opening),
            (Self::Opening, "run" | "runbook" | "title" | "revision" | "operator" | "inputs") => Some(Self::Within),
            (Self::Opening, "site") => Some(Self::Site),
            (Self::Site, "environment" | "name") | (Self::Event | Self::Within, _) => Some(Self::Within),
            _ => None,
        }
    }
}

impl Part<'_> {
    fn put(&mut self, part: &str) {
        self.text.push_str(part);
        self.text.push('\n');
    }

    fn number(&mut self, number: impl Into<Number>) {
        self.put(&number.into().to_string());
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let Some(place) = self.place.of(&key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if matches!(self.place, Place::Event) && !matches!(place, Place::Opening) {
                self.put(&key.replace('_', " "));
                self.put(&key);
            }
            map.next_value_seed(Part { text: self.text, place })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Part { text: self.text, place: self.place })?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(mut self, value: &str) -> Result<(), E> {
        self.put(value);
        Ok(())
    }

    fn visit_u64<E>(mut self, value: u64) -> Result<(), E> {
        self.number(value);
        Ok(())
    }

    fn visit_i64<E>(mut self, value: i64) -> Result<(), E> {
        self.number(value);
        Ok(())
    }

    fn visit_f64<E>(mut self, value: f64) -> Result<(), E> {
        if let Some(number) = Number::from_f64(value) {
            self.number(number);
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
