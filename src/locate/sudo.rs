//! Who called `sudo`: the state dir is most likely in that user's home, not in root's.

use std::path::{Path, PathBuf};

use super::{Env, LEGACY_DIRS, looks_like_state};

/// The accounts of this machine.
const PASSWD: &str = "/etc/passwd";
/// Where homes lie on systems whose accounts are not in that file.
const HOMES: [&str; 2] = ["/home", "/Users"];

/// The home folder of the user that called `sudo`.
pub(super) fn home() -> Option<PathBuf> {
    let user = std::env::var("SUDO_USER").ok()?;
    if user.is_empty() || user == "root" || user.contains('/') || user.starts_with('.') {
        return None;
    }
    let listed =
        std::fs::read(PASSWD).ok().and_then(|text| home_in(&String::from_utf8_lossy(&text), &user));
    let usual = || {
        let mut homes = HOMES.iter().map(|homes| Path::new(homes).join(&user));
        homes.find(|home| home.is_dir())
    };
    listed.or_else(usual)
}

/// A user's home folder, from the text of a passwd file.
fn home_in(passwd: &str, user: &str) -> Option<PathBuf> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(user))?;
    let home = line.split(':').nth(5)?;
    home.starts_with('/').then(|| PathBuf::from(home))
}

/// What to type where the state is in the home of the user that called `sudo`, and not in `dir`.
pub(super) fn hints(env: &Env, dir: &Path) -> Vec<String> {
    let theirs = state_dirs(env).into_iter().filter(|theirs| theirs != dir);
    let hint = |theirs: PathBuf| {
        format!(
            "with sudo the home is root's; your own state dir is there: clawmend --state-dir {}",
            crate::platform::quoted(&crate::platform::shown(&theirs))
        )
    };
    theirs.map(hint).collect()
}

/// The state dirs of the user that called `sudo`.
fn state_dirs(env: &Env) -> Vec<PathBuf> {
    let Some(home) = &env.sudo_home else {
        return Vec::new();
    };
    std::iter::once(".openclaw")
        .chain(LEGACY_DIRS)
        .map(|name| home.join(name))
        .filter(|dir| looks_like_state(dir))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_are_read_from_the_accounts() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000:Ann,,,:/srv/homes/ann:/bin/sh\nodd:x\nrel:x:1:1::home:/bin/sh\n";
        let home = |user| home_in(passwd, user);
        assert_eq!(home("ann"), Some(PathBuf::from("/srv/homes/ann")));
        assert_eq!(home("an"), None);
        assert_eq!(home("odd"), None);
        assert_eq!(home("rel"), None);
    }

    #[test]
    fn with_sudo_the_error_names_the_users_own_state_dir() {
        let root = tempfile::tempdir().unwrap();
        let ann = root.path().join("ann");
        std::fs::create_dir_all(ann.join(".openclaw/devices")).unwrap();
        std::fs::write(ann.join(".openclaw/devices/paired.json"), "{}").unwrap();
        let env = Env {
            home: Some(root.path().join("root")),
            sudo_home: Some(ann.clone()),
            ..Env::default()
        };
        let error = super::super::locate(&Default::default(), &env).unwrap_err();
        let hints = error.hints().join("\n");
        let wanted = crate::platform::quoted(&crate::platform::shown(&ann.join(".openclaw")));
        assert!(hints.contains(&format!("clawmend --state-dir {wanted}")), "{hints}");
        assert!(!hints.contains(".clawdbot"), "{hints}");
    }
}
