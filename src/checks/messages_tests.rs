use super::*;

fn codes(text: &str) -> Vec<&'static str> {
    let checks = find(text).into_iter().next().map(|found| found.checks).unwrap_or_default();
    checks.iter().map(|check| check.code.0).collect()
}

#[test]
fn every_message_leads_to_a_finding_or_to_advice_and_no_fragment_stands_twice() {
    let mut seen: Vec<String> = Vec::new();
    for message in MESSAGES {
        assert!(!message.means.is_empty() && !message.texts.is_empty());
        for text in message.texts {
            let bare: String =
                text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
            assert!(!seen.contains(&bare), "twice: {text}");
            assert!(
                find(text)
                    .iter()
                    .any(|found| found.message.is_some_and(|one| std::ptr::eq(one, message)))
            );
            seen.push(bare);
        }
    }
    for known in ALL.iter() {
        let has_advice = known.message.is_some_and(|message| !message.advice.is_empty());
        assert!(has_advice || !known.checks.is_empty(), "{:?}", known.texts);
        // A short word that only a check knows would outdo what is general.
        let is_short = |(_, fragment): &&(&str, Fragment)| fragment.size() < A_PIECE;
        let short: Vec<_> = known.texts.iter().filter(is_short).map(|(text, _)| text).collect();
        assert!(known.message.is_some() || short.is_empty(), "{short:?}");
    }
}

#[test]
fn what_is_no_message_finds_nothing() {
    for text in ["hello there", "", "…", "\u{1b}[31m", "10083", "request 10083 of a1008-1008x"] {
        assert!(find(text).is_empty(), "{text}");
    }
}

#[test]
fn the_line_that_names_its_cause_says_more_than_those_that_always_come() {
    let page = "Jul 15 10:11:12 host node[812]: Gateway failed to start: Error: Invalid config at /home/ann/.openclaw/openclaw.json\n\
                gateway: Unrecognized key: \"localExec\"\n\
                openclaw-gateway.service: Main process exited, code=exited, status=78/CONFIG";
    assert_eq!(codes(page).first(), Some(&"config-unknown-key"));
    let page = "gateway connect failed: GatewayClientRequestError: pairing required: device is asking for more scopes than currently approved\n\
                [openclaw] Failed to start CLI: Error: gateway closed (1008): pairing required";
    assert!(find(page).first().unwrap().text.contains("asking for more scopes"));
}

#[test]
fn short_and_general_words_have_an_answer_too() {
    assert!(codes("1008").contains(&"cli-scopes-missing"));
    assert!(codes("Unauthorized").contains(&"shared-token-drift"));
    // It comes with each code: which one was meant is not guessed.
    assert!(find("gateway closed").is_empty());
    for text in ["signature expired", "wrong clock", "clock skew"] {
        assert_eq!(codes(text), ["not-a-file-problem"], "{text}");
    }
    for text in [
        "listen EADDRINUSE: address already in use 127.0.0.1:18789",
        "another gateway instance is already listening on ws://127.0.0.1:18789",
        "Port 18789 is already in use.",
    ] {
        assert!(codes(text).is_empty(), "{text}");
        let advice = find(text).first().unwrap().message.unwrap().advice;
        assert!(advice.contains("openclaw gateway status"), "{text}");
    }
}
