//! Files of the older generation beside the database.

use super::*;
use crate::plan::StoreKind;

#[test]
fn the_identity_of_a_file_becomes_the_row_that_is_missing() {
    let mut images = captured();
    let text = identity_file(&images).replace(ID, OTHER);
    file(&mut images, Part::Identity, Some(&text));
    table(&mut images, Part::Identity).rows.clear();
    let seen = model(&images);
    assert!(codes(&seen).contains(&"identity-import-waits"));
    assert!(found(&seen, "identity-missing").is_none());
    let (after, changes) = repaired(&images);
    assert_eq!(changes.files.len(), 1);
    let whole = captured();
    for column in ["identity_key", "device_id", "public_key_pem", "private_key_pem"] {
        assert_eq!(
            cell(&after.images, Part::Identity, 0, column),
            cell(&whole, Part::Identity, 0, column)
        );
    }
    assert_eq!(cell(&after.images, Part::Identity, 0, "created_at_ms"), Cell::Integer(7));
    assert_eq!(cell(&after.images, Part::Identity, 0, "identity_key"), words(PRIMARY_IDENTITY));

    // Not whole, or claimed with another key by an import that was interrupted: a person decides.
    let mut claimed = images.clone();
    file(&mut claimed, Part::DoctorClaim, Some(OTHER_IDENTITY));
    let claimed = model(&claimed);
    file(&mut images, Part::Identity, Some("{\"version\": 1}"));
    let broken = model(&images);
    for seen in [&claimed, &broken] {
        let finding = found(seen, "identity-import-waits").unwrap();
        assert!(matches!(finding.remedy, Remedy::ByHand(_) | Remedy::Choice(_)));
        assert!(plan(seen, &options()).edits.is_empty());
    }
    // A new one is made only where no import has one in hand, and the broken file goes.
    let renew = Options { new_identity: Some([7; 32]), ..options() };
    assert!(plan(&claimed, &renew).edits.is_empty());
    let changes = simulate(&broken, &plan(&broken, &renew)).unwrap();
    let after = Model::of(crate::simulate::images_after(images, changes), facts());
    assert!(after.usable_identity().is_some() && codes(&after).is_empty(), "{:?}", codes(&after));
}

const OTHER_IDENTITY: &str =
    include_str!("../../../../tests/fixtures/2026.5.28-scope-upgrade-pending/identity/device.json");

/// An identity as the macOS app writes it.
fn of_the_app(identity: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let record: Value = serde_json::from_str(identity).unwrap();
    let raw = crate::model::identity::public_key_of_pem(record["publicKeyPem"].as_str().unwrap());
    let seed = crate::model::identity::seed_in(identity).unwrap();
    json!({"deviceId": OTHER, "publicKey": STANDARD.encode(raw.unwrap()), "privateKey": STANDARD.encode(seed)}).to_string()
}

#[test]
fn what_the_app_claimed_goes_with_the_file_whatever_its_id() {
    let same = identity_file(&captured());
    for claim in [same.clone(), same.replace(ID, OTHER), of_the_app(&same)] {
        for beside in [None, Some(same.as_str())] {
            let mut images = captured();
            file(&mut images, Part::Identity, beside);
            file(&mut images, Part::NativeClaim, Some(&claim));
            let finding = found(&model(&images), "identity-file-left").unwrap();
            assert_eq!(finding.severity, Severity::Unchecked);
            let (after, changes) = repaired(&images);
            assert_eq!(changes.files.len(), 1 + usize::from(beside.is_some()));
            assert!(after.legacy.unwrap().identities.is_empty());
            // Without a row it is this machine's identity.
            table(&mut images, Part::Identity).rows.clear();
            let (after, _) = repaired(&images);
            assert_eq!(after.local_id(), Some(ID));
            assert!(after.legacy.unwrap().identities.is_empty());
        }
    }
}

#[test]
fn an_identity_row_that_is_no_identity_is_left_to_openclaw() {
    let mut images = captured();
    set(&mut images, Part::Identity, "private_key_pem", words("none"));
    let text = identity_file(&captured());
    file(&mut images, Part::Identity, Some(&text));
    let seen = model(&images);
    assert!(matches!(seen.identity, IdentityState::Faulty(..)));
    assert_eq!(codes(&seen), ["identity-malformed"]);
    assert!(plan(&seen, &options()).edits.is_empty());
}

#[test]
fn leftover_files_are_set_aside() {
    let whole = captured();
    let other = OTHER_IDENTITY;
    let same = identity_file(&whole);
    for (text, severity) in [
        (same.as_str(), Severity::Info),
        (other, Severity::Unchecked),
        ("rubbish", Severity::Unchecked),
    ] {
        let mut images = captured();
        file(&mut images, Part::Identity, Some(text));
        let finding = found(&model(&images), "identity-file-left").unwrap();
        assert_eq!(finding.severity, severity);
        repaired(&images);
    }
    let mut images = captured();
    file(&mut images, Part::DeviceAuth, Some("{}"));
    assert!(codes(&model(&images)).contains(&"device-auth-file-left"));
    repaired(&images);
    let with = with_token(images.clone());
    assert!(!checks::fails(&checks::diagnose(&with)));
}

#[test]
fn records_that_stop_the_import_go_and_the_others_wait_for_it() {
    let mut images = captured();
    let record = |times: bool, token: bool| {
        let mut record = json!({"deviceId": OTHER, "publicKey": OTHER_KEY, "ts": 5});
        if times {
            record["createdAtMs"] = json!(1);
            record["approvedAtMs"] = json!(1);
        }
        if token {
            record["tokens"] = json!({"operator": {"token": "t", "role": "operator"}});
        }
        record
    };
    let cases = [
        (json!({OTHER: record(true, false)}), Severity::Warning, Some(OTHER)),
        (json!({OTHER: record(false, true)}), Severity::Warning, Some(OTHER)),
        (json!({OTHER: record(false, false)}), Severity::Warning, None),
        (json!([]), Severity::Info, None),
    ];
    for (paired, severity, stays) in cases {
        file(&mut images, Part::Paired, Some(&paired.to_string()));
        let finding = found(&model(&images), "import-waits").unwrap();
        assert_eq!(finding.severity, severity, "{paired}");
        let (after, _) = repaired(&images);
        let left = after.legacy.unwrap().paired;
        assert_eq!(left.entries.first().map(|entry| entry.key.as_str()), stays);
    }
    for broken in ["", "{\"a\": {"] {
        file(&mut images, Part::Paired, Some(broken));
        for (release, severity) in [
            (Some("2026.8.2"), Severity::Warning),
            (Some("2026.9.5"), Severity::Warning),
            (Some("2026.9.6"), Severity::Blocks),
            (None, Severity::Unchecked),
        ] {
            database(&mut images).app_version = release.map(str::to_owned);
            assert_eq!(found(&model(&images), "import-waits").unwrap().severity, severity);
        }
        repaired(&images);
    }
    table(&mut images, Part::Paired).rows.clear();
    file(&mut images, Part::Paired, Some(&json!({OTHER: record(false, false)}).to_string()));
    assert!(codes(&model(&images)).contains(&"import-waits"));
    repaired(&images);
}

#[test]
fn what_only_the_file_knows_of_this_machine_goes_into_its_row() {
    let mut images = captured();
    table(&mut images, Part::Paired).rows.clear();
    let filed = json!({ID: {"deviceId": ID, "publicKey": "RQ48M69QPzfSIJ6XC3voszpka8Cs440c8j5qKF22430",
        "displayName": "box", "platform": "darwin", "roles": ["node"], "createdAtMs": 3, "approvedAtMs": 4,
        "tokens": {"node": {"token": "n", "role": "node"}, "operator": {"token": "old"}}}});
    file(&mut images, Part::Paired, Some(&filed.to_string()));
    let (after, _) = repaired(&images);
    let row = after.paired.record(after.local_entry().unwrap()).unwrap();
    assert_eq!(row["roles"], json!(["node", "operator"]));
    assert_eq!(row["tokens"]["node"], json!({"token": "n", "role": "node"}));
    assert_eq!(row["displayName"], "box");
    assert_eq!(row["createdAtMs"], 3);
    assert!(!row.contains_key("platform"));
    assert!(after.tokens_agree());
}

#[test]
fn releases_that_do_not_fit_the_database_are_told() {
    let mut images = captured();
    let severity = |images: &Images| Some(found(&model(images), "database-newer")?.severity);
    assert_eq!(severity(&images), None);
    // 2026.9.6 was seen not to start on these.
    for number in [99, 17, 2] {
        database(&mut images).user_version = number;
        assert_eq!(severity(&images), Some(Severity::Blocks), "{number}");
    }
    database(&mut images).app_version = Some("2026.12.1".to_owned());
    database(&mut images).user_version = 99;
    assert_eq!(severity(&images), Some(Severity::Info));
    repaired(&images);
    let mut facts = facts();
    facts.migrated = vec!["devices/paired.json.migrated".into()];
    facts.blockers = vec!["exec-approvals.json".into()];
    facts.broken_files = vec!["cron/jobs.json".into(), "agents/main/sessions/sessions.json".into()];
    let seen = Model::of(images.clone(), facts.clone());
    assert!(found(&seen, "database-downgraded").is_none());
    assert_eq!(found(&seen, "files-migrated").unwrap().severity, Severity::Info);
    assert_eq!(found(&seen, "exec-approvals-left").unwrap().severity, Severity::Unchecked);
    let says = |seen: &Model| found(seen, "state-file-broken").unwrap().says.to_string();
    assert!(says(&seen).contains("conversations"), "{}", says(&seen));
    file(&mut images, Part::Paired, Some("{}"));
    let seen = Model::of(images.clone(), facts.clone());
    assert_eq!(found(&seen, "database-downgraded").unwrap().severity, Severity::Warning);
    file(&mut images, Part::Paired, None);
    images.database = None;
    let seen = Model::of(images, facts);
    assert_eq!(found(&seen, "database-downgraded").unwrap().severity, Severity::Blocks);
    assert!(found(&seen, "exec-approvals-left").is_none());
    assert!(says(&seen).contains("jobs"), "{}", says(&seen));
}

/// Without the table of the pairing, as a CLI or the macOS app makes the database before any gateway's start.
#[test]
fn an_identity_in_a_database_of_few_tables_goes_with_the_files() {
    let mut images = captured();
    let paired = json!({ID: device_of_row(&images)}).to_string();
    let database = database(&mut images);
    database.user_version = 0;
    database.tables.retain(|part, _| *part == Part::Identity);
    file(&mut images, Part::Paired, Some(&paired));
    let seen = model(&images);
    assert_eq!(seen.store, StoreKind::Files);
    assert_eq!(seen.local_id(), Some(ID));
    assert!(seen.local.is_some());
    assert!(found(&seen, "identity-missing").is_none());
    let waits = found(&seen, "import-waits").unwrap();
    assert!(!waits.severity.fails() && matches!(waits.remedy, Remedy::ByHand(_)), "{waits:?}");

    // With the file there it is the file's, and nothing is half-way.
    let text = identity_file(&captured());
    file(&mut images, Part::Identity, Some(&text));
    assert!(found(&model(&images), "import-waits").is_none());
}

/// The CLI's row as a record of the files.
fn device_of_row(images: &Images) -> Value {
    let text = |column| cell(images, Part::Paired, 0, column).text().unwrap().to_owned();
    let json = |column| serde_json::from_str::<Value>(&text(column)).unwrap();
    json!({
        "deviceId": ID,
        "publicKey": text("public_key"),
        "role": "operator",
        "roles": json("roles_json"),
        "scopes": json("scopes_json"),
        "approvedScopes": json("approved_scopes_json"),
        "tokens": json("tokens_json"),
        "createdAtMs": 1,
        "approvedAtMs": 1,
    })
}
