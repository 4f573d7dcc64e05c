//! Settings that switch a lock off, and what no file can repair.

use super::{gateway, place};
use crate::checks::Check;
use crate::finding::{Code, Severity};
use crate::format::json5::path_text;

pub static BYPASS: Check = Check {
    code: Code("auth-bypass-flag"),
    modes: &["F28"],
    severity: Severity::Info,
    title: "a flag switches off a check of the web page",
    why: "These flags switch off checks of the web page (Control UI) only. They do not let the CLI in. People set them when they are locked out, and then forget them; not every release knows each of them.",
    repair: "Nothing: the CLI does not need the flag, but you may.",
    by_hand: "Remove the flag once your browser is approved in the normal way.",
    messages: &["dangerouslyDisableDeviceAuth", "allowInsecureAuth", "requires https or localhost"],
    find: |model, check| {
        let Some(gateway) = gateway(model) else { return vec![] };
        let flags = [
            &gateway.control_ui_dangerously_disable_device_auth,
            &gateway.control_ui_allow_insecure_auth,
            &gateway.control_ui_dangerously_allow_host_header_origin_fallback,
        ];
        let set = flags.into_iter().filter(|flag| flag.value() == Some(&true));
        let found = set.map(|flag| {
            let says = format!("{} is on; it does not let the CLI in", path_text(&flag.path));
            check.finding(place(model, flag), says)
        });
        found.collect()
    },
    ..Check::BASE
};

pub static NOT_A_FILE: Check = Check {
    code: Code("not-a-file-problem"),
    modes: &["F11"],
    severity: Severity::Info,
    title: "no file is wrong: the clock is wrong, or there were too many failed tries",
    why: "The gateway refuses a signature that is more than two minutes old by its own clock (ten minutes on \
          2026.2.19). After ten failed tries within a minute it refuses everything from that address for five minutes. \
          Neither is in a file, so there is nothing to repair. clawmend never reports this finding; it is here for \
          `explain`.",
    repair: "Nothing: no file is wrong.",
    by_hand: "Set the clocks of both machines (timedatectl, or the host's clock for a container); wait five minutes, or restart the \
              gateway, which forgets the failed tries.",
    messages: &[
        "device signature expired",
        "device nonce mismatch",
        "too many failed authentication attempts",
        "connect ECONNREFUSED",
        "Gateway not reachable at",
        "gateway timeout after",
        "database is locked",
        "signature expired",
        "wrong clock",
        "clock skew",
    ],
    ..Check::BASE
};
