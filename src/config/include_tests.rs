//! Cases of following includes.
use super::*;
use crate::image::{FileState, Meta};
use serde_json::json;
use std::collections::HashMap;

/// Files by path, each with the place where it really lies.
type Files = HashMap<PathBuf, (FileState, PathBuf)>;

fn present(text: &str) -> FileState {
    FileState::Present { bytes: Bytes::new(text.into()), meta: Meta::default() }
}

fn keys(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

fn files(files: &[(&str, &str)]) -> Files {
    let load = |(path, text): &(&str, &str)| {
        let path = Path::new("/s").join(path);
        (path.clone(), (present(text), path))
    };
    files.iter().map(load).collect()
}

fn run(config: &str, source: &Files) -> Resolved {
    let path = Path::new("/s/openclaw.json");
    let root = Root::new(Path::new("/s"), Path::new("/s"));
    let found = |path: &Path| match source.get(path) {
        Some(found) => found.clone(),
        None => (FileState::Absent, path.to_path_buf()),
    };
    resolve(path, Bytes::new(config.into()), &[root], &found).unwrap()
}

/// What stands at `path` is in this file, under this key.
#[track_caller]
fn owns(resolved: &Resolved, path: &str, file: &str, key: &str) {
    let owner = resolved.place_for(&keys(path));
    let found = &resolved.file(owner.file).unwrap().path;
    assert_eq!(found.strip_prefix("/s").unwrap(), std::path::Path::new(file));
    assert_eq!(owner.path.join("."), key);
}

#[test]
fn a_config_without_includes_is_its_own() {
    let resolved = run("{gateway: {mode: 'local'}}", &files(&[]));
    assert_eq!(resolved.value.0, json!({"gateway": {"mode": "local"}}));
    owns(&resolved, "gateway.mode", "openclaw.json", "gateway.mode");
    owns(&resolved, "gateway.bind", "openclaw.json", "gateway.bind");
    assert_eq!(resolved.get(&keys("gateway.bind")), None);
    assert!(resolved.problems.is_empty());
}

#[test]
fn an_included_section_is_owned_by_its_file() {
    let source = files(&[
        ("conf/gw.json5", "{mode: 'local', auth: {$include: '../auth.json'}}"),
        ("auth.json", "{\"mode\": \"token\"}"),
    ]);
    let resolved = run("{gateway: {$include: './conf/gw.json5'}, meta: {}}", &source);
    assert_eq!(
        resolved.value.0,
        json!({"gateway": {"mode": "local", "auth": {"mode": "token"}}, "meta": {}})
    );
    owns(&resolved, "gateway.mode", "conf/gw.json5", "mode");
    owns(&resolved, "gateway.bind", "conf/gw.json5", "bind");
    owns(&resolved, "gateway.auth.mode", "auth.json", "mode");
    owns(&resolved, "gateway.auth.token", "auth.json", "token");
    owns(&resolved, "agents.x", "openclaw.json", "agents.x");
    assert_eq!(resolved.files.len(), 3);
}

#[test]
fn siblings_win_over_the_include_and_lists_are_joined() {
    let source = files(&[
        ("a.json", "{gateway: {mode: 'remote', port: 1, trustedProxies: ['x']}, a: 1}"),
        ("b.json", "{gateway: {port: 2}, b: [{c: 1}]}"),
    ]);
    let resolved = run(
        "{$include: ['a.json', './b.json'], gateway: {mode: 'local', trustedProxies: ['y']}}",
        &source,
    );
    assert_eq!(
        resolved.value.0,
        json!({
            "gateway": {"mode": "local", "port": 2, "trustedProxies": ["x", "y"]},
            "a": 1,
            "b": [{"c": 1}],
        })
    );
    owns(&resolved, "gateway.mode", "openclaw.json", "gateway.mode");
    owns(&resolved, "gateway.port", "b.json", "gateway.port");
    owns(&resolved, "gateway.bind", "openclaw.json", "gateway.bind");
    owns(&resolved, "gateway.trustedProxies.0", "a.json", "gateway.trustedProxies.0");
    owns(&resolved, "gateway.trustedProxies.1", "openclaw.json", "gateway.trustedProxies.0");
    owns(&resolved, "b.0.c", "b.json", "b.0.c");
}

#[test]
fn a_whole_config_from_one_include_is_edited_there() {
    let source = files(&[("base.json", "{gateway: {bind: 'local'}}")]);
    let resolved = run("{$include: 'base.json'}", &source);
    owns(&resolved, "gateway.bind", "base.json", "gateway.bind");
    owns(&resolved, "new", "base.json", "new");
}

#[test]
fn trouble_is_noted_and_hides_nothing_else() {
    let mut source = files(&[
        ("loop.json", "{$include: './loop.json'}"),
        ("bad.json", "{a: }"),
        ("list.json", "[1]"),
    ]);
    source.insert("/s/link.json".into(), (present("{}"), "/etc/x.json".into()));
    let config = "{gateway: {mode: 'local'},
        a: {$include: 'none.json'}, b: {$include: '../x.json'}, c: {$include: 'link.json'},
        d: {$include: 'loop.json'}, e: {$include: 'bad.json'}, f: {$include: 5},
        g: {$include: ['list.json', 1]}, h: {$include: 'list.json', x: 1}, i: {$include: '/etc/x'}}";
    let resolved = run(config, &source);
    assert_eq!(resolved.get(&keys("gateway.mode")), Some(&json!("local")));
    assert_eq!(resolved.get(&keys("g")), Some(&json!([1])));
    assert_eq!(resolved.get(&keys("h")), Some(&json!({"x": 1})));
    let said: Vec<_> = resolved.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "`a.$include` of `none.json`: `/s/none.json`: no such file",
            "`b.$include` of `../x.json`: `/x.json` is outside of the config's folder",
            "`c.$include` of `link.json`: `/etc/x.json` is outside of the config's folder",
            "`$include` of `./loop.json`: it includes itself: /s/openclaw.json -> /s/loop.json -> /s/loop.json",
            "`e.$include` of `bad.json`: `/s/bad.json` is not JSON5: line 1, column 5: expected a value, found `}`",
            "`f.$include` of `5`: it must be a path or a list of paths",
            "`g.$include` of `1`: it must be a path or a list of paths",
            "`h.$include` of `list.json`: there are keys beside it, but the file holds no object to merge them into",
            "`i.$include` of `/etc/x`: `/etc/x` is outside of the config's folder",
        ]
    );
}

#[test]
fn ten_includes_deep_is_fine_and_eleven_is_not() {
    let chain = |length: usize| {
        let texts: Vec<(String, String)> = (1..=length)
            .map(|n| {
                let text = if n == length {
                    "{end: true}".to_owned()
                } else {
                    format!("{{$include: '{}.json'}}", n + 1)
                };
                (format!("{n}.json"), text)
            })
            .collect();
        let texts: Vec<_> = texts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        run("{$include: '1.json'}", &files(&texts))
    };
    assert!(chain(10).problems.is_empty());
    assert_eq!(chain(10).value.0, json!({"end": true}));
    assert_eq!(chain(11).problems[0].kind, ProblemKind::TooDeep);
}

#[test]
fn a_bomb_of_includes_ends() {
    let texts: Vec<(String, String)> = (1..=9)
        .map(|n| {
            let next = format!("'{}.json',", n + 1).repeat(9);
            (format!("{n}.json"), format!("{{$include: [{next}]}}"))
        })
        .collect();
    let texts: Vec<_> = texts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let resolved = run("{$include: '1.json'}", &files(&texts));
    assert!(!resolved.problems.is_empty());

    let deep =
        |depth: usize, inner: &str| format!("{}{inner}{}", "{a:".repeat(depth), "}".repeat(depth));
    let texts: Vec<(String, String)> = (1..=9)
        .map(|n| {
            (
                format!("{n}.json"),
                deep(if n == 2 { 250 } else { 60 }, &format!("{{$include:'{}.json'}}", n + 1)),
            )
        })
        .collect();
    let texts: Vec<_> = texts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let resolved = run("{$include: '1.json'}", &files(&texts));
    assert_eq!(resolved.problems[0].kind, ProblemKind::TooDeep);
}
