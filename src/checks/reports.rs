//! The failure modes of users' reports, `F01` to `F40`: what each is called and where it was reported.

pub struct FailureMode {
    /// `F01` to `F40`.
    pub mode: &'static str,
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

const fn mode(mode: &'static str, name: &'static str, threads: &'static str) -> FailureMode {
    FailureMode { mode, name, threads }
}

/// Every failure mode, in order of how many users reported it, most first.
pub static FAILURE_MODES: &[FailureMode] = &[
    mode("F01", "The local CLI has too few scopes and cannot approve itself", "21470 16305 74484"),
    mode("F02", "First pairing impossible (container, LAN bind, empty store)", "19352 55067 4531"),
    mode("F03", "Request id changes before it can be approved", "97957 83234 81442"),
    mode("F04", "Device token mismatch that survives re-pairing", "20679 18175 18659"),
    mode("F05", "Shared gateway token drift", "17223 24419 114440"),
    mode(
        "F06",
        "Behind a proxy the local CLI does not count as local",
        "8552 71103 ID-Robots/clawbox#565",
    ),
    mode("F07", "Pinned platform/device family differs (`metadata-upgrade`)", "36973 87524 127176"),
    mode("F08", "`gateway.mode` missing", "126920 10767 54200"),
    mode("F09", "Config silently replaced by an older copy", "90546 126806 65105"),
    mode(
        "F10",
        "Database newer than the installed build (downgrade)",
        "122587 115008 ValueCell-ai/ClawX#1285",
    ),
    mode("F11", "Not a file problem: clock skew, or auth rate limit", "24455 155384 71609"),
    mode(
        "F12",
        "Native app makes a new device id",
        "76815 99522 openclaw/openclaw-windows-node#1031",
    ),
    mode(
        "F13",
        "Files owned by root or another uid",
        "NVIDIA/NemoClaw#692 truenas/apps#4589 NVIDIA/NemoClaw#9015",
    ),
    mode(
        "F14",
        "`doctor --fix` stops before the pairing/identity migration",
        "135775 135297 129337",
    ),
    mode("F15", "`gateway.bind` not an allowed word", "21504 15708 9275"),
    mode("F16", "`$include` config flattened, or writes refused", "70087 11696 116107"),
    mode("F17", "Token is a reference or a placeholder", "118733 139494 88022"),
    mode("F18", "CLI refuses its own LAN URL", "21142 21637 22301"),
    mode("F19", "Database locked", "155927 119016 117262"),
    mode(
        "F20",
        "Retired `device.json` came back with another key",
        "117270 120608 Clawdi-AI/clawdi#1358",
    ),
    mode("F21", "Device store and node store disagree", "6836 24998 128446"),
    mode("F22", "CLI and gateway use different state dirs", "9866 134403 124637"),
    mode(
        "F23",
        "Rotate, revoke or remove left the only CLI device unusable",
        "21688 112475 143263",
    ),
    mode("F24", "Stores grow without bound", "81169 100974 102810"),
    mode(
        "F25",
        "Leftovers of the clawdbot/moltbot generation, or a second service",
        "3533 54200 ID-Robots/clawbox#843",
    ),
    mode("F26", "Upgrade needs scopes old rows do not have", "23006 24189 70687"),
    mode("F27", "State database corrupt", "101290 126356 114269"),
    mode(
        "F28",
        "Auth/bind combination refused, or a bypass flag that does nothing",
        "97970 truenas/apps#4748 paperclipinc/openclaw-operator#600",
    ),
    mode("F29", "Retired `device-auth.json` blocks the CLI", "134509 127973 115533"),
    mode(
        "F30",
        "Stale repair request blocks a healthy device",
        "22193 60754 MCERQUA/OpenVoiceUI#152",
    ),
    mode("F31", "Store is a JSON array", "23498 63081 63072"),
    mode("F32", "Config key unknown to this version", "35957 78236 129337"),
    mode("F33", "Config cannot be parsed", "70643 NVIDIA/NemoClaw#3160 100289"),
    mode(
        "F34",
        "`doctor --fix` changed or dropped the gateway token",
        "87517 17185 10000ge10000/luci-app-openclaw#2",
    ),
    mode("F35", "Client unpairs itself on a mismatch", "23498 20679 22071"),
    mode("F36", "Races on the stores", "84751 52093 132857"),
    mode("F37", "Admin token may not approve another device", "76956 76349 79775"),
    mode("F38", "Restored or moved state does not fit together", "18936 2381 NVIDIA/NemoClaw#5202"),
    mode("F39", "Store empty or truncated", "122822 71873"),
    mode("F40", "Polluted `paired.json` stops the SQLite import", "134340 134483"),
];

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
