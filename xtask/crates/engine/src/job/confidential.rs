//! Variables whose values only the one who needs them may see: logins, and the addresses of webhooks.

use std::collections::BTreeMap;
use std::fmt;

/// Variables that no plan, event or log may hold, by name.
#[derive(Clone, Default)]
pub struct Confidential(BTreeMap<String, String>);

impl Confidential {
    /// Of all variables those of these names.
    pub fn of(vars: &BTreeMap<String, String>, names: &[&str]) -> Self {
        let named = vars.iter().filter(|(name, value)| names.contains(&name.as_str()) && !value.is_empty());
        Self(named.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Shows the names alone.
impl fmt::Debug for Confidential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Confidential").field(&self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_handed_out_by_name_and_never_shown() {
        let vars = [("A", "hunter2"), ("B", "hunter3"), ("EMPTY", "")];
        let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let kept = Confidential::of(&vars, &["A", "EMPTY", "MISSING"]);
        assert_eq!(["A", "B", "EMPTY", "MISSING"].map(|name| kept.get(name)), [Some("hunter2"), None, None, None]);
        assert_eq!(format!("{kept:?}"), "Confidential([\"A\"])");
    }
}
