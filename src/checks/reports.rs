//! The failure modes of users' reports, `F01` to `F40`: what each is called and where it was reported.

use std::sync::LazyLock;

/// A way to be locked out that users reported.
pub struct FailureMode {
    /// `F01` to `F40`.
    pub mode: &'static str,
    /// Its short name, as `explain` lists it.
    pub name: &'static str,
    /// The threads that report it: a number of OpenClaw's own tracker, or `owner/repository#number`.
    threads: &'static str,
}

impl FailureMode {
    /// The threads that report it, as `owner/repository#number`.
    pub fn refs(&self) -> Vec<String> {
        let full = |thread: &str| match thread.contains('#') {
            true => thread.to_owned(),
            false => format!("openclaw/openclaw#{thread}"),
        };
        self.threads.split(' ').map(full).collect()
    }
}

/// Every failure mode, in order of how many users reported it, most first.
pub static FAILURE_MODES: LazyLock<Vec<FailureMode>> = LazyLock::new(|| {
    let lines = include_str!("reports.txt").lines();
    let mode = |line: &'static str| {
        let (mode, rest) = line.split_once(" | ")?;
        let (name, threads) = rest.split_once(" | ")?;
        Some(FailureMode { mode, name, threads })
    };
    lines.filter_map(mode).collect()
});

/// A failure mode by its name, whatever its case.
pub fn failure_mode(mode: &str) -> Option<&'static FailureMode> {
    FAILURE_MODES.iter().find(|report| report.mode.eq_ignore_ascii_case(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forty_are_here_with_a_thread_each() {
        assert_eq!(FAILURE_MODES.len(), 40);
        for (at, report) in FAILURE_MODES.iter().enumerate() {
            assert_eq!(report.mode, format!("F{:02}", at + 1));
            assert!(!report.name.is_empty() && !report.refs().is_empty());
            assert!(
                report.refs().iter().all(|thread| thread.contains('/') && thread.contains('#'))
            );
        }
    }
}
