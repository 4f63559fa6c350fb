//! Values made ready for expressions once, for several that read them.

use jaq_json::Val;
use serde_json::Value;

use crate::runbook::native::into_val;

/// A value as expressions see it. A copy costs nothing.
#[derive(Clone, Debug, Default)]
pub struct Ready(pub(crate) Val);

impl Ready {
    /// A list.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self(items.into_iter().map(|item| item.0).collect())
    }

    /// An object; of two entries of one key the later counts, in the place of the first.
    pub fn object(entries: impl IntoIterator<Item = (Self, Self)>) -> Self {
        Self(Val::obj(entries.into_iter().map(|(key, value)| (key.0, value.0)).collect()))
    }

    /// A text of the program.
    pub fn word(text: &'static str) -> Self {
        Self(Val::utf8_str(text))
    }

    /// A number.
    pub fn number(number: f64) -> Self {
        Self(Val::from(number))
    }
}

impl From<String> for Ready {
    fn from(text: String) -> Self {
        Self(Val::from(text))
    }
}

impl From<&Value> for Ready {
    fn from(value: &Value) -> Self {
        Self(into_val(value))
    }
}
