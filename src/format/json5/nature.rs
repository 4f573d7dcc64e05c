//! What a file is that is no config at all.

/// What it is, in words; `None`: it may be a config.
pub(super) fn foreign(text: &str) -> Option<&'static str> {
    let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let head: String = start.chars().take(16).collect::<String>().to_ascii_lowercase();
    if !text.is_empty() && text.bytes().all(|byte| byte == 0) {
        Some("the file holds nothing but zeros, as after a loss of power: it is no config")
    } else if is_whole_before_zeros(text) {
        None
    } else if text.get(..512).unwrap_or(text).matches('\0').count() > 8 {
        Some("the file is binary, and no config")
    } else if ["<!doctype", "<html", "<head", "<body"].iter().any(|tag| head.starts_with(tag)) {
        Some("the file is a web page (HTML), and no config")
    } else if head.starts_with("<?xml") {
        Some("the file is XML, and no config")
    } else if !start.is_empty() && !text.contains(['{', '}', '[', ']', '"', ':', '=', '#', '/']) {
        Some("the file holds none of the marks of a config")
    } else if !text.contains('{') && is_lines(text, is_yaml) {
        Some("the file looks like YAML: OpenClaw's config is JSON5, { \"key\": value, ... }")
    } else if !text.contains('{') && is_lines(text, is_ini) {
        Some("the file looks like TOML or INI: OpenClaw's config is JSON5, { \"key\": value, ... }")
    } else {
        None
    }
}

/// A config that is whole, and zeros behind it, as after a loss of power.
fn is_whole_before_zeros(text: &str) -> bool {
    let whole = text.trim_end_matches('\0');
    whole.len() < text.len() && super::walk(whole, &mut |_, _| {}).is_ok()
}

/// Whether each line that says something is of a kind.
fn is_lines(text: &str, is: fn(&str) -> bool) -> bool {
    let mut lines = text.lines().map(str::trim);
    let said = |line: &&str| !line.is_empty() && !line.starts_with(['#', ';']) && *line != "---";
    lines.clone().any(|line| said(&line)) && lines.all(|line| !said(&line) || is(line))
}

fn is_word(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    !text.is_empty() && text.chars().all(is_part)
}

fn is_yaml(line: &str) -> bool {
    let item = line.strip_prefix("- ");
    let line = item.unwrap_or(line);
    item.is_some()
        || line.split_once(':').is_some_and(|(key, rest)| {
            is_word(key) && (rest.is_empty() || rest.starts_with(' ')) && !rest.ends_with(',')
        })
}

fn is_ini(line: &str) -> bool {
    let section = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
    section.is_some_and(|name| is_word(name.trim_matches(['[', ']'])))
        || line.split_once('=').is_some_and(|(key, _)| is_word(key.trim()))
}

#[cfg(test)]
mod tests {
    use super::foreign;

    #[test]
    fn what_is_no_config_is_named() {
        for (text, words) in [
            ("\0\0\0\0", "zeros"),
            ("\u{feff}\n<!DOCTYPE html><html></html>", "HTML"),
            ("<html>502</html>", "HTML"),
            ("gateway:\n  mode: local\n  list:\n    - a\n", "YAML"),
            ("[gateway]\nmode = \"local\"\n", "TOML"),
            ("mode=local", "INI"),
            ("a b c", "none of the marks"),
        ] {
            assert!(foreign(text).is_some_and(|said| said.contains(words)), "{text}");
        }
        for text in
            ["", "{ a: 1 ", "\"gateway\": 1 }", "gateway: { mode: 'local' }", "[1, 2", "mode: 1,"]
        {
            assert_eq!(foreign(text), None, "{text}");
        }
    }
}
