//! What the command line of a service says to the gateway: it counts before the variables and the config. OpenClaw's own installer
//! writes `gateway --port N` into every service (code of 2026.2.19 to 2026.9.6).

use std::borrow::Cow;
use std::path::Path;

use crate::secret::Secret;

/// The flags of `openclaw gateway [run]` that decide something for a CLI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--port`; it counts before `gateway.port`.
    pub port: Option<u16>,
    /// `--bind`; it counts before `gateway.bind`.
    pub bind: Option<String>,
    /// `--auth`; it counts before `gateway.auth.mode`.
    pub auth: Option<String>,
    /// `--token`; it counts before `gateway.auth.token`.
    pub token: Option<Secret>,
    /// Of `--password`, or in the file of `--password-file` (2026.2.26 and later).
    pub password: Option<Secret>,
    /// There is no text in the file of `--password-file`, or it cannot be read.
    pub lacks_password: bool,
    /// `--tailscale`; it counts before `gateway.tailscale.mode`.
    pub tailscale: Option<String>,
    /// `--allow-unconfigured`: it starts without `gateway.mode`.
    pub allow_unconfigured: bool,
    /// They stand behind `gateway run`: up to 2026.2.12 they are lost (seen there; code of 2026.2.17).
    pub is_behind_run: bool,
}

impl Flags {
    /// The flags in a command line, given as its words; one after `sh -c` is a command line of its own.
    /// `variable`: what the service's manager or shell puts in the place of `$NAME` and `${NAME}`; `file`: the text of a file.
    pub fn of(
        words: &[String],
        variable: impl Fn(&str) -> Option<String>,
        file: impl Fn(&Path) -> Option<String>,
    ) -> Self {
        let words = of_shell(words);
        let mut words = words.iter().map(String::as_str).skip_while(|word| *word != "gateway");
        words.next();
        let mut words = words.peekable();
        let is_behind_run = words.peek() == Some(&"run");
        let mut flags = Self { is_behind_run, ..Self::default() };
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            if name == "--allow-unconfigured" {
                flags.allow_unconfigured = true;
            }
            let counts = [
                "--port",
                "--bind",
                "--auth",
                "--token",
                "--password",
                "--password-file",
                "--tailscale",
            ];
            if !counts.contains(&name) {
                continue;
            }
            let Some(value) =
                value.or_else(|| words.next()).and_then(|value| filled(value, &variable))
            else {
                continue;
            };
            match name {
                "--port" => flags.port = value.parse().ok().filter(|port| *port > 0),
                "--bind" => flags.bind = Some(value),
                "--auth" => flags.auth = Some(value),
                "--token" => flags.token = Some(Secret::new(value)),
                "--tailscale" => flags.tailscale = Some(value),
                "--password" => flags.password = Some(Secret::new(value)),
                _ => {
                    // In which folder the service works is not known.
                    let path = Some(Path::new(&value)).filter(|path| path.has_root());
                    let text = path.and_then(&file).map(|text| text.trim().to_owned());
                    flags.password = text.filter(|text| !text.is_empty()).map(Secret::new);
                    flags.lacks_password = flags.password.is_none();
                }
            }
        }
        flags
    }
}

/// The words that a shell runs, where they are given to one: those of the command line otherwise.
fn of_shell(words: &[String]) -> Cow<'_, [String]> {
    let line = words.iter().skip_while(|word| !is_shell_flag(word)).nth(1);
    line.map_or(Cow::Borrowed(words), |line| Cow::Owned(split(line)))
}

/// `-c`, `-lc` of a shell.
fn is_shell_flag(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|letters| {
        letters.ends_with('c') && letters.bytes().all(|letter| letter.is_ascii_lowercase())
    })
}

/// The words of a command line: blanks separate, quotes join.
pub fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Whether a command line is that of an OpenClaw's gateway, by whichever of its names, and the profile that it names.
pub fn of_gateway(words: &[String]) -> (bool, Option<String>) {
    let words = of_shell(words);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut parts = words.splitn(2, |word| *word == "gateway");
    let (before, after) = (parts.next().unwrap_or_default(), parts.next());
    let is_openclaw = |word: &&str| {
        let word = word.to_lowercase();
        ["openclaw", "clawdbot", "moltbot"].iter().any(|name| word.contains(name))
    };
    // `gateway start` and the like only speak with a service.
    let starts = |word: &&str| *word == "run" || !word.starts_with(|c: char| c.is_alphabetic());
    let runs = before.iter().any(is_openclaw)
        && match after {
            Some(after) => after.first().is_none_or(starts),
            None => before.first().is_some_and(|word| word.ends_with("-gateway")),
        };
    let profile = before.iter().enumerate().find_map(|(at, word)| match *word {
        "--profile" => before.get(at + 1).copied(),
        "--dev" => Some("dev"),
        word => word.strip_prefix("--profile="),
    });
    (runs, profile.map(str::to_owned))
}

/// A value, where it is known and there is one.
fn filled(value: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let name = value.strip_prefix('$').map(|name| name.trim_matches(['{', '}']));
    let value = match name {
        Some(name) => variable(name)?,
        None => value.to_owned(),
    };
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(line: &str) -> Flags {
        Flags::of(
            &split(line),
            |name| (name == "PORT").then(|| "7".to_owned()),
            |path| path.ends_with("p").then(|| "word\n".to_owned()),
        )
    }

    #[test]
    fn a_password_may_be_in_a_file() {
        let password = |line| flags(line).password.map(|password| password.expose().to_owned());
        assert_eq!(password("openclaw gateway --password-file /p").as_deref(), Some("word"));
        for path in ["/none", "p"] {
            assert!(flags(&format!("openclaw gateway --password-file={path}")).lacks_password);
        }
        assert_eq!(flags("openclaw gateway --tailscale serve").tailscale.as_deref(), Some("serve"));
    }

    #[test]
    fn the_command_line_of_a_gateway_is_told_from_others() {
        let of = |line: &str| of_gateway(&split(line));
        for gateway in [
            "/usr/bin/openclaw gateway",
            "-/usr/bin/node /usr/lib/node_modules/openclaw/dist/index.js gateway --port 1",
            "/bin/sh -c 'exec openclaw gateway run >> /x'",
            "/home/claw/clawdbot/entry.js gateway >> /x",
            "/usr/local/bin/openclaw-gateway",
        ] {
            assert_eq!(of(gateway), (true, None), "{gateway}");
        }
        for other in [
            "",
            "gateway",
            "/usr/bin/kong gateway",
            "/usr/bin/openclaw node run",
            "/usr/bin/openclaw gateway restart",
            "/usr/bin/backup /home/ann/.openclaw",
        ] {
            assert_eq!(of(other), (false, None), "{other}");
        }
        let work = Some("work".to_owned());
        assert_eq!(of("openclaw --profile work gateway"), (true, work.clone()));
        assert_eq!(of("openclaw --profile=work gateway run"), (true, work));
        assert_eq!(of("openclaw --dev gateway"), (true, Some("dev".to_owned())));
    }

    #[test]
    fn the_flags_of_a_gateway_are_read() {
        let all = flags(
            "/usr/bin/node /x/openclaw.mjs gateway run --force --port 19000 --bind=lan --auth token --token=a --password b --allow-unconfigured",
        );
        let secret = |text: &str| Some(Secret::new(text));
        assert_eq!((all.port, all.allow_unconfigured), (Some(19000), true));
        assert_eq!((all.bind.as_deref(), all.auth.as_deref()), (Some("lan"), Some("token")));
        assert_eq!((all.token, all.password), (secret("a"), secret("b")));
        assert_eq!(
            flags("openclaw gateway --port 1 --port=2").port,
            Some(2),
            "the last one counts"
        );
        assert_eq!(flags("sh -c 'exec openclaw gateway --port 3'").port, Some(3));
        assert_eq!(flags("\"C:\\x\\node.exe\" x.mjs gateway --port \"4\"").port, Some(4));
        assert_eq!(flags("openclaw gateway --port ${PORT}").port, Some(7));
        let given = |words: &[&str]| {
            Flags::of(
                &words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(),
                |_| None,
                |_| None,
            )
        };
        let quoted =
            given(&["openclaw", "gateway", "--token", "x --token b", "--password", "'c d'"]);
        assert_eq!((quoted.token, quoted.password), (secret("x --token b"), secret("'c d'")));
        assert_eq!(given(&["bash", "-lc", "openclaw gateway --port '5'"]).port, Some(5));
        for nothing in [
            "",
            "openclaw node run --port 5",
            "gateway --port",
            "gateway --port 0",
            "gateway --port $X",
        ] {
            assert_eq!(flags(nothing), Flags::default(), "{nothing}");
        }
    }
}
