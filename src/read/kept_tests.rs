//! Secrets that the config names, as the edges find them. Each case was seen on 2026.9.6: "in" where it is held, no start else.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::config::facts::ConfigFacts;

/// What a reference leads to, by the providers and what lies in the state dir: name, text, mode.
fn kept(
    providers: &str,
    secret: &str,
    files: &[(&str, &str, u32)],
) -> Option<Result<String, String>> {
    let root = tempfile::tempdir().unwrap();
    let state = root.path().canonicalize().unwrap();
    for (name, text, mode) in files {
        std::fs::write(state.join(name), text).unwrap();
        std::fs::set_permissions(state.join(name), std::fs::Permissions::from_mode(*mode)).unwrap();
    }
    std::os::unix::fs::symlink(state.join("t.json"), state.join("link")).unwrap();
    let text = format!("{{secrets:{providers},gateway:{{auth:{{mode:'token',token:{secret}}}}}}}");
    let text = text.replace("STATE", state.to_str().unwrap());
    let located = Located {
        config: state.join("openclaw.json"),
        state_dir: state.clone().into(),
        how: String::new(),
        profile: None,
        home: Some(state.clone()),
        container: None,
    };
    let facts = ConfigFacts { path: located.config.clone(), ..ConfigFacts::default() };
    let root =
        FileState::Present { bytes: text.into_bytes().into(), meta: crate::image::Meta::default() };
    let config = ConfigState::of(root, &facts, &|path| (FileState::Absent, path.to_path_buf()));
    let mut found = read(&config, &located, &Env::default());
    Some(match found.pop()?.1 {
        Kept::Here(secret) => Ok(secret.expose().to_owned()),
        Kept::Nowhere(why) => Err(why),
    })
}

const FILE: &str = "{source:'file',provider:'f',id:'/a/t'}";
const OK: &str = r#"{"a":{"t":"the-token","n":1,"e":" "}}"#;

#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes")]
fn a_file_is_read_as_openclaw_reads_it() {
    let of = |path: &str, secret: &str, text: &str, mode| {
        let providers = format!("{{providers:{{f:{{source:'file',path:'{path}'}}}}}}");
        kept(&providers, secret, &[("t.json", text, mode)])
    };
    let held = Some(Ok("the-token".to_owned()));
    assert_eq!(of("STATE/t.json", FILE, OK, 0o600), held);
    assert_eq!(of("~/t.json", FILE, OK, 0o600), held);
    for (path, secret, text, mode) in [
        ("STATE/u.json", FILE, OK, 0o600),
        ("STATE/link", FILE, OK, 0o600),
        ("STATE", FILE, OK, 0o600),
        ("STATE/t.json", FILE, OK, 0o640),
        ("STATE/t.json", FILE, OK, 0o602),
        ("STATE/t.json", FILE, "{a:{t:'json5'}}", 0o600),
        ("STATE/t.json", FILE, "[]", 0o600),
        ("STATE/t.json", "{source:'file',provider:'f',id:'/a/n'}", OK, 0o600),
        ("STATE/t.json", "{source:'file',provider:'f',id:'/a/e'}", OK, 0o600),
        ("STATE/t.json", "{source:'file',provider:'f',id:'/t'}", OK, 0o600),
        ("STATE/t.json", "{source:'file',provider:'g',id:'/a/t'}", OK, 0o600),
        ("STATE/t.json", "{source:'exec',provider:'f',id:'t'}", OK, 0o600),
    ] {
        assert!(matches!(of(path, secret, text, mode), Some(Err(_))), "{path} {secret} {text}");
    }
    assert_eq!(of("t.json", FILE, OK, 0o600), None, "the gateway's folder is not known");
    let single = |id: &str| {
        let providers = "{providers:{f:{source:'file',path:'STATE/t',mode:'singleValue'}}}";
        kept(
            providers,
            &format!("{{source:'file',provider:'f',id:'{id}'}}"),
            &[("t", "the-token\n", 0o600)],
        )
    };
    assert_eq!(single("value"), held);
    assert!(matches!(single("/t"), Some(Err(_))));
}

#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes")]
fn what_a_program_says_only_openclaw_can_tell() {
    let of = |command: &str, mode| {
        let providers = format!("{{providers:{{f:{{source:'exec',command:'{command}'}}}}}}");
        kept(&providers, "{source:'exec',provider:'f',id:'t'}", &[("t.json", "#!/bin/sh\n", mode)])
    };
    assert_eq!(of("STATE/t.json", 0o755), None);
    for (command, mode) in [
        ("STATE/u", 0o700),
        ("STATE/link", 0o700),
        ("STATE/t.json", 0o777),
        ("STATE/t.json", 0o600),
    ] {
        assert!(matches!(of(command, mode), Some(Err(_))), "{command} {mode:o}");
    }
}

#[test]
fn a_variable_by_a_provider_wants_that_provider() {
    let of = |secrets: &str, provider: &str| {
        kept(secrets, &format!("{{source:'env',provider:'{provider}',id:'A'}}"), &[])
    };
    assert_eq!(of("{}", "default"), None);
    assert_eq!(of("{defaults:{env:'mine'}}", "mine"), None);
    assert_eq!(of("{providers:{f:{source:'env',allowlist:['A']}}}", "f"), None);
    for (secrets, provider) in [
        ("{}", "f"),
        ("{providers:{f:{source:'env',allowlist:['B']}}}", "f"),
        ("{providers:{f:{source:'file',path:'/x'}}}", "f"),
    ] {
        assert!(matches!(of(secrets, provider), Some(Err(_))), "{secrets}");
    }
}
