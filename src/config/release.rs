//! Releases of OpenClaw by their numbers: `2026.9.6`, `2026.7.2-beta.5`, `2026.2.19-2`.

use std::cmp::Ordering;
use std::fmt;

/// A release of OpenClaw, betas and repeated ones too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Release {
    number: [u16; 3],
    /// Beta and repeated releases: below 0 before the release itself, above it after.
    step: i32,
}

/// The first patch number of npm's `extended-stable` line (2026.6.33, 2026.7.33): a line of its own beside
/// later-made releases with lower numbers.
const EXTENDED: u16 = 33;
/// So that `beta.1` is before the release and after `alpha.1`.
const BETA: i32 = -10_000;

impl Release {
    /// The release that a text names, and nothing else stands in it.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, suffix) = match text.split_once('-') {
            Some((number, suffix)) => (number, Some(suffix)),
            None => (text, None),
        };
        let mut parts = number.split('.');
        let mut part = || parts.next().and_then(digits);
        let number = [part()?, part()?, part()?];
        if parts.next().is_some() || !(2026..=2099).contains(&number[0]) {
            return None;
        }
        let step = match suffix.map(|suffix| (suffix, suffix.split_once('.'))) {
            None => 0,
            Some((repeated, None)) => i32::from(digits(repeated)?),
            Some((_, Some(("beta", count)))) => BETA + i32::from(digits(count)?),
            Some((_, Some(("alpha", count)))) => 2 * BETA + i32::from(digits(count)?),
            Some(_) => return None,
        };
        Some(Self { number, step })
    }

    /// Whether it belongs to the maintenance line (2026.6.33 to 35, 2026.7.33 to 35).
    pub fn is_extended_stable(self) -> bool {
        self.number[2] >= EXTENDED
    }

    /// Whether it came later than another, by number. Lines are not compared: see [`Self::nearest`].
    fn order(self, other: Self) -> Ordering {
        (self.number, self.step).cmp(&(other.number, other.step))
    }

    /// Whether this release is later than `other`, of the same line or not.
    pub fn is_after(self, other: Self) -> bool {
        self.order(other).is_gt()
    }

    /// Whether it is the release `since` or a later one.
    pub fn is_from(self, since: &str) -> bool {
        Self::parse(since).is_some_and(|since| !since.is_after(self))
    }

    /// Of known releases, in order, the one whose rules hold for this one: itself, else the last before it in
    /// its line, else the first. With it, whether this one is later than all that are known.
    pub fn nearest(self, known: &[Release]) -> Option<(usize, bool)> {
        let line = || {
            known
                .iter()
                .enumerate()
                .filter(|(_, one)| self.is_extended_stable() == one.is_extended_stable())
        };
        let before = line().filter(|(_, one)| !one.is_after(self)).max_by(|a, b| a.1.order(*b.1));
        let newest =
            known.iter().filter(|one| !one.is_extended_stable()).max_by(|a, b| a.order(**b))?;
        let at = before.or_else(|| line().next()).or_else(|| known.iter().enumerate().next())?.0;
        Some((at, self.is_after(*newest)))
    }
}

/// What a gateway does that finds no shared token or password at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokenless {
    /// It does not start.
    Refuses,
    /// It makes a token and writes it into the config, where the CLI finds it (seen on 2026.2.19, 2026.4.15, 2026.5.7).
    Writes,
    /// It makes a token and keeps it in memory, where the CLI does not find it (code of 2026.5.12).
    Keeps,
    /// It makes none, and lets paired devices in.
    Starts,
}

impl Release {
    /// What a gateway of this release does without a shared token or password.
    pub fn tokenless(self) -> Tokenless {
        match self {
            _ if self.is_from("2026.5.13") => Tokenless::Starts,
            _ if self.is_from("2026.5.8") => Tokenless::Keeps,
            _ if self.is_from("2026.2.19") => Tokenless::Writes,
            _ => Tokenless::Refuses,
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [year, month, patch] = self.number;
        write!(f, "{year}.{month}.{patch}")?;
        match self.step {
            0 => Ok(()),
            step if step > 0 => write!(f, "-{step}"),
            step if step > BETA => write!(f, "-beta.{}", step - BETA),
            step => write!(f, "-alpha.{}", step - 2 * BETA),
        }
    }
}

/// One to four digits.
fn digits(text: &str) -> Option<u16> {
    ((1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Release {
        Release::parse(text).unwrap()
    }

    #[test]
    fn numbers_betas_and_repeats_are_read_and_written_the_same() {
        for text in ["2026.9.6", "2026.7.2-beta.5", "2026.2.19-2", "2026.8.1-alpha.1", "2026.6.35"]
        {
            assert_eq!(of(text).to_string(), text);
        }
        for text in [
            "",
            "2026.9",
            "v2026.9.6",
            "2026.9.6 ",
            "2026.9.6-",
            "2026.9.6-rc.1",
            "2026.9.6.1",
            "2026.00000.1",
            "1.2.3",
        ] {
            assert_eq!(Release::parse(text), None, "{text}");
        }
        let order = [
            "2026.8.1-alpha.1",
            "2026.8.1-beta.2",
            "2026.8.1",
            "2026.8.1-2",
            "2026.8.2",
            "2026.10.1",
        ];
        for pair in order.windows(2) {
            assert!(of(pair[1]).is_after(of(pair[0])), "{pair:?}");
        }
    }

    #[test]
    fn the_maintenance_line_goes_by_its_own_releases() {
        let known: Vec<Release> =
            ["2026.6.11", "2026.6.35", "2026.7.1", "2026.7.2-beta.5", "2026.7.35", "2026.8.1"]
                .map(of)
                .into();
        let nearest = |text: &str| {
            of(text).nearest(&known).map(|(at, newer)| (known[at].to_string(), newer)).unwrap()
        };
        assert_eq!(nearest("2026.7.2-beta.7"), ("2026.7.2-beta.5".into(), false));
        assert_eq!(nearest("2026.7.33"), ("2026.6.35".into(), false));
        assert_eq!(nearest("2026.7.36"), ("2026.7.35".into(), false));
        assert_eq!(nearest("2026.7.1-2"), ("2026.7.1".into(), false));
        assert_eq!(nearest("2026.1.1"), ("2026.6.11".into(), false));
        assert_eq!(nearest("2026.9.9"), ("2026.8.1".into(), true));
    }
}
