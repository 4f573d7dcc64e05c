//! The gateway as a process of pm2, told from what `pm2 save` wrote.

use std::path::Path;

use serde_json::Value;

use super::disk::{real, text};
use super::trees::speaks_of_openclaw;

/// The name of the process that runs a gateway on this state.
pub(super) fn of(dir: &Path, home: Option<&Path>) -> Option<String> {
    let home = home?;
    let saved: Value = serde_json::from_str(&text(&home.join(".pm2/dump.pm2"))?).ok()?;
    saved.as_array()?.iter().find_map(|process| {
        let field = |name: &str| process.get(name);
        let name = field("name")?.as_str().filter(|name| !name.starts_with('-'))?;
        let command = [field("pm_exec_path"), field("args")].map(|it| it.map(Value::to_string));
        let command = command.map(Option::unwrap_or_default).join(" ");
        let set = field("OPENCLAW_STATE_DIR")
            .or_else(|| field("env")?.get("OPENCLAW_STATE_DIR"))
            .and_then(Value::as_str);
        let state = set.map_or_else(|| home.join(".openclaw"), |set| home.join(set));
        let is_gateway = speaks_of_openclaw(&command) || name.to_lowercase().contains("openclaw");
        (is_gateway && real(&state) == real(dir)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_of_this_state_is_named() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        std::fs::create_dir_all(home.join(".pm2")).unwrap();
        std::fs::create_dir_all(home.join(".openclaw")).unwrap();
        let found = |saved: &str, dir: &str| {
            std::fs::write(home.join(".pm2/dump.pm2"), saved).unwrap();
            of(&home.join(dir), Some(home))
        };
        let gateway = r#"[{"name":"web","pm_exec_path":"/x"},
            {"name":"claw","pm_exec_path":"/usr/bin/openclaw","args":["gateway","run"]}]"#;
        assert_eq!(found(gateway, ".openclaw").as_deref(), Some("claw"));
        assert_eq!(found(gateway, ".openclaw-work"), None);
        let other = r#"[{"name":"openclaw","env":{"OPENCLAW_STATE_DIR":".openclaw-work"}}]"#;
        assert_eq!(found(other, ".openclaw-work").as_deref(), Some("openclaw"));
        assert_eq!(found(other, ".openclaw"), None);
        for saved in ["", "{}", "[1]", r#"[{"name":"--openclaw"}]"#] {
            assert_eq!(found(saved, ".openclaw"), None, "{saved}");
        }
    }
}
