//! OpenClaw's words, each with its meaning, for a reader who meets them for the first time.

/// A word as it occurs in texts, and what it means.
static WORDS: &[(&str, &str)] = &[
    ("scope", "scope: one right of a device, such as operator.read"),
    ("paired", "paired: on the gateway's list of devices it talks to"),
    ("request", "request: a device's wish to be paired, kept until somebody says yes"),
    ("operator token", "operator token: the secret a paired device shows; kept on both sides"),
    ("cached", "cached token: this machine's copy of that secret"),
    ("identity", "identity: this machine's key pair, by which the gateway knows it"),
    ("bind", "bind: the network addresses that the gateway listens on"),
    ("loopback", "loopback: connections inside this machine (127.0.0.1)"),
    ("roxy", "proxy: a server in front of the gateway that passes connections on"),
    ("$include", "$include: a config file that is read into another"),
];

/// How many words are explained at a time.
const MOST: usize = 3;

/// The meanings of the words in a text, in one sentence; empty where there are none.
pub fn meanings(text: &str) -> String {
    let found: Vec<&str> = WORDS
        .iter()
        .filter(|(word, _)| text.contains(word))
        .map(|(_, meaning)| *meaning)
        .take(MOST)
        .collect();
    found.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_occur_are_explained_and_few_of_them() {
        assert_eq!(meanings("nothing special"), "");
        assert!(meanings("too few scopes").starts_with("scope: "));
        let all: String = WORDS.iter().map(|(word, _)| *word).collect();
        assert_eq!(meanings(&all).split("; ").count(), MOST);
    }
}
