//! The failure modes of users' reports, `F01` to `F40`: what each is called and where it was reported.

/// A failure mode.
pub struct FailureMode {
    /// `F01` to `F40`.
    pub mode: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Threads that report it, as `owner/repository#number`.
    pub refs: &'static [&'static str],
}

/// Every failure mode, in order of how many users reported it, most first.
pub static FAILURE_MODES: &[FailureMode] = &[
    FailureMode {
        mode: "F01",
        name: "The local CLI has too few scopes and cannot approve itself",
        refs: &["openclaw/openclaw#21470", "openclaw/openclaw#16305", "openclaw/openclaw#74484"],
    },
    FailureMode {
        mode: "F02",
        name: "First pairing impossible (container, LAN bind, empty store)",
        refs: &["openclaw/openclaw#19352", "openclaw/openclaw#55067", "openclaw/openclaw#4531"],
    },
    FailureMode {
        mode: "F03",
        name: "Request id changes before it can be approved",
        refs: &["openclaw/openclaw#97957", "openclaw/openclaw#83234", "openclaw/openclaw#81442"],
    },
    FailureMode {
        mode: "F04",
        name: "Device token mismatch that survives re-pairing",
        refs: &["openclaw/openclaw#20679", "openclaw/openclaw#18175", "openclaw/openclaw#18659"],
    },
    FailureMode {
        mode: "F05",
        name: "Shared gateway token drift",
        refs: &["openclaw/openclaw#17223", "openclaw/openclaw#24419", "openclaw/openclaw#114440"],
    },
    FailureMode {
        mode: "F06",
        name: "Behind a proxy the local CLI does not count as local",
        refs: &["openclaw/openclaw#8552", "openclaw/openclaw#71103", "ID-Robots/clawbox#565"],
    },
    FailureMode {
        mode: "F07",
        name: "Pinned platform/device family differs (`metadata-upgrade`)",
        refs: &["openclaw/openclaw#36973", "openclaw/openclaw#87524", "openclaw/openclaw#127176"],
    },
    FailureMode {
        mode: "F08",
        name: "`gateway.mode` missing",
        refs: &["openclaw/openclaw#126920", "openclaw/openclaw#10767", "openclaw/openclaw#54200"],
    },
    FailureMode {
        mode: "F09",
        name: "Config silently replaced by an older copy",
        refs: &["openclaw/openclaw#90546", "openclaw/openclaw#126806", "openclaw/openclaw#65105"],
    },
    FailureMode {
        mode: "F10",
        name: "Database newer than the installed build (downgrade)",
        refs: &["openclaw/openclaw#122587", "openclaw/openclaw#115008", "ValueCell-ai/ClawX#1285"],
    },
    FailureMode {
        mode: "F11",
        name: "Not a file problem: clock skew, or auth rate limit",
        refs: &["openclaw/openclaw#24455", "openclaw/openclaw#155384", "openclaw/openclaw#71609"],
    },
    FailureMode {
        mode: "F12",
        name: "Native app makes a new device id",
        refs: &[
            "openclaw/openclaw#76815",
            "openclaw/openclaw#99522",
            "openclaw/openclaw-windows-node#1031",
        ],
    },
    FailureMode {
        mode: "F13",
        name: "Files owned by root or another uid",
        refs: &["NVIDIA/NemoClaw#692", "truenas/apps#4589", "NVIDIA/NemoClaw#9015"],
    },
    FailureMode {
        mode: "F14",
        name: "`doctor --fix` stops before the pairing/identity migration",
        refs: &["openclaw/openclaw#135775", "openclaw/openclaw#135297", "openclaw/openclaw#129337"],
    },
    FailureMode {
        mode: "F15",
        name: "`gateway.bind` not an allowed word",
        refs: &["openclaw/openclaw#21504", "openclaw/openclaw#15708", "openclaw/openclaw#9275"],
    },
    FailureMode {
        mode: "F16",
        name: "`$include` config flattened, or writes refused",
        refs: &["openclaw/openclaw#70087", "openclaw/openclaw#11696", "openclaw/openclaw#116107"],
    },
    FailureMode {
        mode: "F17",
        name: "Token is a reference or a placeholder",
        refs: &["openclaw/openclaw#118733", "openclaw/openclaw#139494", "openclaw/openclaw#88022"],
    },
    FailureMode {
        mode: "F18",
        name: "CLI refuses its own LAN URL",
        refs: &["openclaw/openclaw#21142", "openclaw/openclaw#21637", "openclaw/openclaw#22301"],
    },
    FailureMode {
        mode: "F19",
        name: "Database locked",
        refs: &["openclaw/openclaw#155927", "openclaw/openclaw#119016", "openclaw/openclaw#117262"],
    },
    FailureMode {
        mode: "F20",
        name: "Retired `device.json` came back with another key",
        refs: &["openclaw/openclaw#117270", "openclaw/openclaw#120608", "Clawdi-AI/clawdi#1358"],
    },
    FailureMode {
        mode: "F21",
        name: "Device store and node store disagree",
        refs: &["openclaw/openclaw#6836", "openclaw/openclaw#24998", "openclaw/openclaw#128446"],
    },
    FailureMode {
        mode: "F22",
        name: "CLI and gateway use different state dirs",
        refs: &["openclaw/openclaw#9866", "openclaw/openclaw#134403", "openclaw/openclaw#124637"],
    },
    FailureMode {
        mode: "F23",
        name: "Rotate, revoke or remove left the only CLI device unusable",
        refs: &["openclaw/openclaw#21688", "openclaw/openclaw#112475", "openclaw/openclaw#143263"],
    },
    FailureMode {
        mode: "F24",
        name: "Stores grow without bound",
        refs: &["openclaw/openclaw#81169", "openclaw/openclaw#100974", "openclaw/openclaw#102810"],
    },
    FailureMode {
        mode: "F25",
        name: "Leftovers of the clawdbot/moltbot generation, or a second service",
        refs: &["openclaw/openclaw#3533", "openclaw/openclaw#54200", "ID-Robots/clawbox#843"],
    },
    FailureMode {
        mode: "F26",
        name: "Upgrade needs scopes old rows do not have",
        refs: &["openclaw/openclaw#23006", "openclaw/openclaw#24189", "openclaw/openclaw#70687"],
    },
    FailureMode {
        mode: "F27",
        name: "State database corrupt",
        refs: &["openclaw/openclaw#101290", "openclaw/openclaw#126356", "openclaw/openclaw#114269"],
    },
    FailureMode {
        mode: "F28",
        name: "Auth/bind combination refused, or a bypass flag that does nothing",
        refs: &[
            "openclaw/openclaw#97970",
            "truenas/apps#4748",
            "paperclipinc/openclaw-operator#600",
        ],
    },
    FailureMode {
        mode: "F29",
        name: "Retired `device-auth.json` blocks the CLI",
        refs: &["openclaw/openclaw#134509", "openclaw/openclaw#127973", "openclaw/openclaw#115533"],
    },
    FailureMode {
        mode: "F30",
        name: "Stale repair request blocks a healthy device",
        refs: &["openclaw/openclaw#22193", "openclaw/openclaw#60754", "MCERQUA/OpenVoiceUI#152"],
    },
    FailureMode {
        mode: "F31",
        name: "Store is a JSON array",
        refs: &["openclaw/openclaw#23498", "openclaw/openclaw#63081", "openclaw/openclaw#63072"],
    },
    FailureMode {
        mode: "F32",
        name: "Config key unknown to this version",
        refs: &["openclaw/openclaw#35957", "openclaw/openclaw#78236", "openclaw/openclaw#129337"],
    },
    FailureMode {
        mode: "F33",
        name: "Config cannot be parsed",
        refs: &["openclaw/openclaw#70643", "NVIDIA/NemoClaw#3160", "openclaw/openclaw#100289"],
    },
    FailureMode {
        mode: "F34",
        name: "`doctor --fix` changed or dropped the gateway token",
        refs: &[
            "openclaw/openclaw#87517",
            "openclaw/openclaw#17185",
            "10000ge10000/luci-app-openclaw#2",
        ],
    },
    FailureMode {
        mode: "F35",
        name: "Client unpairs itself on a mismatch",
        refs: &["openclaw/openclaw#23498", "openclaw/openclaw#20679", "openclaw/openclaw#22071"],
    },
    FailureMode {
        mode: "F36",
        name: "Races on the stores",
        refs: &["openclaw/openclaw#84751", "openclaw/openclaw#52093", "openclaw/openclaw#132857"],
    },
    FailureMode {
        mode: "F37",
        name: "Admin token may not approve another device",
        refs: &["openclaw/openclaw#76956", "openclaw/openclaw#76349", "openclaw/openclaw#79775"],
    },
    FailureMode {
        mode: "F38",
        name: "Restored or moved state does not fit together",
        refs: &["openclaw/openclaw#18936", "openclaw/openclaw#2381", "NVIDIA/NemoClaw#5202"],
    },
    FailureMode {
        mode: "F39",
        name: "Store empty or truncated",
        refs: &["openclaw/openclaw#122822", "openclaw/openclaw#71873"],
    },
    FailureMode {
        mode: "F40",
        name: "Polluted `paired.json` stops the SQLite import",
        refs: &["openclaw/openclaw#134340", "openclaw/openclaw#134483"],
    },
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
            assert!(!report.name.is_empty() && !report.refs.is_empty());
            assert!(report.refs.iter().all(|thread| thread.contains('/') && thread.contains('#')));
        }
    }
}
