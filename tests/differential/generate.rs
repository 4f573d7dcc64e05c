//! Configs and stores as people, editors and crashes leave them, from a seed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// splitmix64: the same seed makes the same case on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// A file of the state and what must hold of it.
#[derive(Default)]
pub struct Case {
    pub text: Vec<u8>,
    /// Texts that no edit of clawmend's reaches: kept to the byte.
    pub kept: Vec<String>,
    /// Secrets: in no output.
    pub canaries: Vec<String>,
    /// Ids that no repair may pair.
    pub never: Vec<String>,
    /// A byte was changed, lost or added at random.
    pub mangled: bool,
}

impl Case {
    pub fn canary(&mut self, random: &mut Random) -> String {
        let canary = format!("q{:016x}z{:08x}", random.next(), random.next() as u32);
        self.canaries.push(canary.clone());
        canary
    }

    fn mangle(&mut self, random: &mut Random) {
        if !random.one_in(3) || self.text.is_empty() {
            return;
        }
        self.mangled = true;
        let at = random.below(self.text.len());
        match random.below(4) {
            0 => self.text.truncate(at),
            1 => drop(self.text.remove(at)),
            2 => self.text[at] = *b"{}[]\":,'\\/*\n\0\xff".get(random.below(14)).unwrap_or(&b'}'),
            _ => self.text.insert(at, b"{}[]\":,'\\/*x"[random.below(12)]),
        }
    }
}

fn space(case: &mut Case, random: &mut Random) -> String {
    match random.below(24) {
        0 => "\u{a0}".to_owned(),
        1 => "\u{feff}".to_owned(),
        2 => "\u{2028}".to_owned(),
        3 => "\r".to_owned(),
        4 => "\r\n\t".to_owned(),
        5 => format!("// {}\n", case.canary(random)),
        6 => format!("// {}\r", case.canary(random)),
        7 => format!("// {}\u{2029}", case.canary(random)),
        8 => format!("/* {} **/", case.canary(random)),
        9..=14 => "\n  ".to_owned(),
        15..=18 => " ".to_owned(),
        _ => String::new(),
    }
}

fn escaped(letter: char) -> String {
    format!("\\u{:04x}", letter as u32)
}

fn key(name: &str, random: &mut Random) -> String {
    let mut text: String = name.to_owned();
    if random.one_in(8)
        && let Some(letter) = name.chars().nth(random.below(name.len()))
    {
        text = name.replacen(letter, &escaped(letter), 1);
    }
    match random.below(4) {
        0 => text,
        1 => format!("'{text}'"),
        _ => format!("\"{text}\""),
    }
}

fn string(case: &mut Case, random: &mut Random) -> String {
    let secret = case.canary(random);
    match random.below(8) {
        0 => format!("'{secret}'"),
        1 => format!("'\\x41{secret}\\u0022'"),
        2 => format!("\"{secret}\\\r\n{secret}\""),
        3 => format!("\"{secret}\u{2028}\""),
        4 => format!("\"\\\"{secret}\\n\\0\""),
        5 => "\"\"".to_owned(),
        _ => format!("\"{secret}\""),
    }
}

fn value(case: &mut Case, random: &mut Random, deep: usize) -> String {
    match random.below(if deep == 0 { 5 } else { 7 }) {
        0 => random
            .pick(&[
                "1e400",
                "-0",
                "0x1F",
                ".5",
                "5.",
                "+1",
                "NaN",
                "-Infinity",
                "12345678901234567890",
                "1e-7",
            ])
            .to_owned(),
        1 => random.pick(&["true", "false", "null"]).to_owned(),
        2..=4 => string(case, random),
        5 => {
            let items: Vec<_> =
                (0..random.below(3)).map(|_| value(case, random, deep - 1)).collect();
            format!("[{}{}]", items.join(","), if items.is_empty() { "" } else { "," })
        }
        _ => {
            let names = ["a", "token", "__proto__", "password", "a", "nodes"];
            let count = random.below(4);
            let mut text = String::from("{");
            for _ in 0..count {
                let name = random.pick(&names);
                let pieces = [space(case, random), key(name, random), space(case, random)];
                text.push_str(&pieces.concat());
                text.push(':');
                text.push_str(&space(case, random));
                text.push_str(&value(case, random, deep - 1));
                text.push(',');
            }
            text + "}"
        }
    }
}

fn gateway(case: &mut Case, random: &mut Random) -> String {
    let mut text = String::from("{");
    for _ in 0..random.below(5) {
        let name =
            random.pick(&["mode", "mode", "bind", "port", "auth", "remote", "controlUi", "tls"]);
        let what = match name {
            "mode" => random.pick(&["'local'", "\"remote\"", "\"Local\"", "1", "null"]).to_owned(),
            "bind" => random
                .pick(&["\"loopback\"", "'lan'", "\"0.0.0.0\"", "\"127.0.0.1\"", "\"x\""])
                .to_owned(),
            "port" => random.pick(&["18789", "'18789'", "0x10", "1e400", "70000", "-1"]).to_owned(),
            "auth" => {
                let token = string(case, random);
                let mode = random.pick(&["'token'", "\"none\"", "'password'", "'x'"]);
                format!("{{mode: {mode}, \"token\": {token}}}")
            }
            "remote" => {
                let token = string(case, random);
                format!("{{ url: \"ws://127.0.0.1:18789\", token: {token} }}")
            }
            _ => "{}".to_owned(),
        };
        let pieces =
            [space(case, random), key(name, random), ":".to_owned(), space(case, random), what];
        text.push_str(&pieces.concat());
        text.push_str(&space(case, random));
        text.push(',');
    }
    text + "}"
}

/// `openclaw.json`.
pub fn config(random: &mut Random) -> Case {
    let mut case = Case::default();
    let mut members = Vec::new();
    for name in ["agents", "channels", "hooks", "__proto__", "models"] {
        if random.one_in(2) {
            let name = key(name, random);
            let between = space(&mut case, random);
            let value = value(&mut case, random, 3);
            let text = format!("{name}{between}:{value}");
            case.kept.push(text.clone());
            members.push(text);
        }
    }
    for _ in 0..1 + usize::from(random.one_in(8)) {
        let text = format!("{}: {}", key("gateway", random), gateway(&mut case, random));
        members.insert(random.below(members.len() + 1), text);
    }
    let mut text = String::from(if random.one_in(8) { "\u{feff}" } else { "" });
    text.push_str(&space(&mut case, random));
    text.push('{');
    let last = members.len() - 1;
    for (at, member) in members.iter().enumerate() {
        text.push_str(&space(&mut case, random));
        text.push_str(member);
        text.push_str(&space(&mut case, random));
        if at < last || random.one_in(2) {
            text.push(',');
        }
    }
    text.push_str(&space(&mut case, random));
    text.push('}');
    text.push_str(&space(&mut case, random));
    case.text = text.into_bytes();
    case.mangle(random);
    case
}

/// A device that OpenClaw would take, and its id.
pub fn device(case: &mut Case, random: &mut Random) -> (String, Value) {
    let raw: Vec<u8> = (0..4).flat_map(|_| random.next().to_le_bytes()).collect();
    let id = clawmend::files::hash::of(&raw);
    let token = case.canary(random);
    let scopes = match random.below(3) {
        0 => json!(["operator.admin", "operator.read"]),
        1 => json!(["operator.read"]),
        _ => json!([]),
    };
    let mut record = json!({
        "deviceId": id, "publicKey": URL_SAFE_NO_PAD.encode(&raw), "displayName": "phone", "platform": "ios",
        "clientId": "openclaw-ios", "clientMode": "ui", "role": "operator", "roles": ["operator"],
        "scopes": scopes, "approvedScopes": scopes,
        "tokens": {"operator": {"token": token, "role": "operator", "scopes": scopes, "createdAtMs": 1_795_535_944_822_u64}},
        "createdAtMs": 1_795_535_944_822_u64, "approvedAtMs": 1_795_535_944_822_u64,
    });
    if random.one_in(3) {
        let decoy = clawmend::files::hash::of(&random.next().to_le_bytes());
        record["nodeSurface"] = json!({ decoy.clone(): {
            "deviceId": decoy, "publicKey": URL_SAFE_NO_PAD.encode(&raw), "role": "operator",
            "scopes": ["operator.admin"], "approvedScopes": ["operator.admin"],
            "tokens": {"operator": {"token": case.canary(random), "role": "operator", "scopes": ["operator.admin"]}},
        }});
        case.never.push(decoy);
    }
    (id, record)
}

/// `devices/paired.json`, with `own` among others.
pub fn store(random: &mut Random, own: (&str, &Value)) -> Case {
    let mut case = Case::default();
    let mut records = vec![(own.0.to_owned(), own.1.clone())];
    for _ in 0..random.below(5) {
        let one = device(&mut case, random);
        records.insert(random.below(records.len() + 1), one);
    }
    let pretty = random.one_in(2);
    let mut members = Vec::new();
    for (id, record) in &records {
        let mut text = match pretty {
            true => serde_json::to_string_pretty(record).unwrap().replace('\n', "\n  "),
            false => record.to_string(),
        };
        if random.one_in(6) {
            text = text.replace("\"displayName\"", "\"display\\u004eame\"");
        }
        if random.one_in(6) {
            text = text.replace("\"platform\":", "\"odd\": 1e400, \"platform\":");
        }
        if random.one_in(8) {
            let mark = case.canary(random);
            text = text
                .replace("\"role\":", &format!("\"__proto__\": {{\"x\": \"{mark}\"}}, \"role\":"));
        }
        if id != own.0 {
            case.kept.push(text.clone());
        }
        let id = if random.one_in(8) { id.replacen('a', "\\u0061", 1) } else { id.clone() };
        members.push(format!("\"{id}\": {text}"));
    }
    if random.one_in(8) {
        // The earlier of two with one id: the later counts.
        let again = members[random.below(members.len())].clone();
        members.insert(0, again);
    }
    let between = *[",\n  ", ",", ",\r\n", " ,\t"].get(random.below(4)).unwrap_or(&",");
    let bom = if random.one_in(16) { "\u{feff}" } else { "" };
    case.text = format!("{bom}{{\n  {}\n}}\n", members.join(between)).into_bytes();
    case.mangle(random);
    case
}
