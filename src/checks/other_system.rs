//! A state dir on the other side of Windows and WSL, each of which has an OpenClaw of its own.

use super::Check;
use crate::finding::{Code, Severity};
use crate::model::Model;
use crate::model::facts::Side;
use crate::step::Step;

pub static OTHER_SYSTEM: Check = Check {
    code: Code("state-of-other-system"),
    modes: &["F22"],
    severity: Severity::Warning,
    title: "the state dir belongs to an OpenClaw on the other side of WSL",
    why: "OpenClaw in Windows and OpenClaw in WSL are two installations: each has its own home folder, state dir and identity. A repair of one \
          does not open the other.",
    repair: "Nothing: clawmend changes only the state dir that it shows.",
    by_hand: "Run clawmend on the side where you type `openclaw`: in PowerShell for Windows, in the Linux shell for WSL.",
    find_one: |model, check| {
        let (side, evidence) = side(model)?;
        let (says, shell) = match side {
            Side::Windows => {
                ("this state dir belongs to an OpenClaw in Windows", "PowerShell or cmd")
            }
            Side::Linux => (
                "this state dir was written by an OpenClaw in WSL or another Linux",
                "the Linux shell",
            ),
        };
        let step = format!("if you type `openclaw` in {shell}, run clawmend there too, not here");
        Some(check.finding("", says).by_hand([Step::text(step)]).note(evidence))
    },
    ..Check::BASE
};

/// The other side that the state comes from, and what shows it.
fn side(model: &Model) -> Option<(Side, String)> {
    if let Some(homes) = &model.facts.in_windows {
        return Some((
            Side::Windows,
            format!("it is in the home folders of Windows, {}", crate::platform::shown(homes)),
        ));
    }
    let dir = &model.facts.state_dir;
    if model.facts.platform == "win32" && leads_into_wsl(&dir.to_string_lossy()) {
        return Some((
            Side::Linux,
            format!("it lies in the files of WSL, {}", crate::platform::shown(dir)),
        ));
    }
    let workspace =
        model.config.whole()?.resolved.value.pointer("/agents/defaults/workspace")?.as_str()?;
    let side = Side::of_path(workspace)
        .filter(|side| *side != Side::of_platform(&model.facts.platform))?;
    let looks = match side {
        Side::Windows => "a path of Windows",
        Side::Linux => "a path of Linux",
    };
    Some((side, format!("`agents.defaults.workspace` in its config is {looks}")))
}

/// Whether a path of Windows is one of the names under which it shows the files of WSL.
fn leads_into_wsl(path: &str) -> bool {
    let path = path.replace('/', r"\").to_ascii_lowercase();
    let share = path.strip_prefix(r"\\?\unc\").or_else(|| path.strip_prefix(r"\\"));
    share.is_some_and(|share| share.starts_with(r"wsl.localhost\") || share.starts_with(r"wsl$\"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::checks::tests::facts;
    use crate::image::{Bytes, FileState, Images, Meta, Slot, TextImage};

    fn found(platform: &str, workspace: &str, in_windows: Option<&str>) -> Vec<String> {
        let mut facts = facts();
        facts.platform = platform.into();
        facts.in_windows = in_windows.map(Into::into);
        facts.config.path = "/s/openclaw.json".into();
        let text = json!({"agents": {"defaults": {"workspace": workspace}}}).to_string();
        let state =
            FileState::Present { bytes: Bytes::new(text.into_bytes()), meta: Meta::default() };
        let path = facts.config.path.clone();
        let mut images = Images::default();
        images.texts.insert(Slot::Config(path.clone()), TextImage { path, state });
        OTHER_SYSTEM
            .found(&Model::of(images, facts))
            .into_iter()
            .map(|finding| finding.says)
            .collect()
    }

    #[test]
    fn a_state_dir_of_the_other_side_is_told() {
        let windows = ["this state dir belongs to an OpenClaw in Windows"];
        let linux = ["this state dir was written by an OpenClaw in WSL or another Linux"];
        assert_eq!(found("linux", "/home/ann/w", Some("/mnt/c/Users")), windows);
        assert_eq!(found("linux", r"C:\Users\ann\w", None), windows);
        assert_eq!(found("linux", r"\\wsl.localhost\Debian\home", None), windows);
        assert_eq!(found("win32", "/home/ann/w", None), linux);
        for (platform, own) in [
            ("linux", "/home/ann/w"),
            ("darwin", "/Users/ann"),
            ("win32", r"D:\w"),
            ("win32", "~/w"),
            ("linux", "w"),
            ("win32", "//server/w"),
        ] {
            assert_eq!(found(platform, own, None), Vec::<String>::new(), "{platform} {own}");
        }
    }

    #[test]
    fn the_files_of_wsl_as_windows_shows_them_are_the_other_side() {
        let found = |platform: &str, dir: &str| {
            let mut facts = facts();
            facts.platform = platform.into();
            facts.state_dir = dir.into();
            OTHER_SYSTEM.found(&Model::of(Images::default(), facts)).len()
        };
        for dir in [
            r"\\wsl.localhost\Debian\home\ann\.openclaw",
            r"\\WSL$\Ubuntu\home\ann\.openclaw",
            r"\\?\UNC\wsl.localhost\Debian\home\ann\.openclaw",
            "//wsl.localhost/Debian/home/ann/.openclaw",
        ] {
            assert_eq!(found("win32", dir), 1, "{dir}");
        }
        for dir in [r"\\nas\wsl$\x", r"\\wsl.localhost.example\x", r"C:\wsl.localhost\x"] {
            assert_eq!(found("win32", dir), 0, "{dir}");
        }
        assert_eq!(found("linux", "//wsl.localhost/x"), 0);
    }
}
