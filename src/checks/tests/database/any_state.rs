//! Any state of the database is opened by one plan.

use proptest::prelude::*;

use super::*;

fn scope_cell() -> impl Strategy<Value = Cell> {
    let some = proptest::sample::subsequence(
        vec![
            "operator.admin",
            "operator.read",
            "operator.write",
            "operator.pairing",
            "operator.talk",
        ],
        0..5,
    );
    prop_oneof![
        3 => some.prop_map(|scopes| words(&json!(scopes).to_string())),
        1 => Just(Cell::Null),
        1 => prop_oneof![Just("null"), Just("\"operator.read\""), Just("[1, \"operator.read\"]"), Just("[\"operator"), Just("")].prop_map(words),
    ]
}

proptest! {
    #[test]
    fn every_state_of_the_database_is_opened_by_one_plan(
        scopes in scope_cell(), approved in scope_cell(), token_scopes in scope_cell(), cached_scopes in scope_cell(),
        tokens in 0u8..8, cached in 0u8..4, role in prop_oneof![Just(None), Just(Some("operator")), Just(Some("node"))],
        roles in prop_oneof![Just("[\"operator\"]"), Just("[]"), Just("[\"node\"]"), Just("{"), Just("7")],
        identity in 0u8..6, auth_file in 0u8..4, identity_left in 0u8..4, paired_file in 0u8..5, other in 0u8..4,
        request in any::<bool>(), platform in prop_oneof![Just("linux"), Just("win32"), Just("")], row in 0u8..8,
    ) {
        let mut images = captured();
        let token = cell(&images, Part::DeviceAuth, 0, "token");
        let file_of_identity = identity_file(&images);
        set(&mut images, Part::Paired, "scopes_json", scopes);
        set(&mut images, Part::Paired, "approved_scopes_json", approved);
        set(&mut images, Part::Paired, "roles_json", words(roles));
        set(&mut images, Part::Paired, "role", role.map_or(Cell::Null, words));
        set(&mut images, Part::Paired, "platform", words(platform));
        let entry = |revoked: bool| {
            let scopes = token_scopes.text().map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or(Value::Null));
            let mut entry = json!({"token": token.text(), "role": "operator", "scopes": scopes, "x-unknown": [1.50]});
            if revoked { entry["revokedAtMs"] = json!(5); }
            json!({"operator": entry}).to_string()
        };
        let map = match tokens {
            0 => Cell::Null,
            1 => words("[]"),
            2 => words("{\"operator\": null}"),
            3 => words("{\"operator\": {\"token\""),
            4 => words(&entry(true)),
            _ => words(&entry(false)),
        };
        set(&mut images, Part::Paired, "tokens_json", map);
        set(&mut images, Part::DeviceAuth, "scopes_json", cached_scopes);
        match cached {
            0 => table(&mut images, Part::DeviceAuth).rows.clear(),
            1 => set(&mut images, Part::DeviceAuth, "token", words("another")),
            _ => {}
        }
        match identity {
            0 => set(&mut images, Part::Identity, "device_id", words(OTHER)),
            1 => set(&mut images, Part::Identity, "created_at_ms", Cell::Integer(-1)),
            2 => {
                table(&mut images, Part::Identity).rows.clear();
                file(&mut images, Part::Identity, Some(&file_of_identity));
            }
            _ => match identity_left {
                0 => file(&mut images, Part::Identity, Some(&file_of_identity)),
                1 => file(&mut images, Part::Identity, Some("{}")),
                _ => {}
            },
        }
        match auth_file {
            0 => file(&mut images, Part::DeviceAuth, Some("{}")),
            1 => file(&mut images, Part::DeviceAuth, Some(&json!({"version": 1, "deviceId": ID, "tokens": {"operator": {"token": "old", "role": "operator", "scopes": []}}}).to_string())),
            _ => {}
        }
        match paired_file {
            0 => file(&mut images, Part::Paired, Some("")),
            1 => file(&mut images, Part::Paired, Some(&json!({"x": {"deviceId": "x"}, "y": 1, ID: {"deviceId": ID}}).to_string())),
            2 => file(&mut images, Part::Paired, Some("{\"a\": {}, ")),
            _ => {}
        }
        match other {
            0 => add_other(&mut images, "tokens_json", "{"),
            1 => add_other(&mut images, "display_name", "somebody"),
            _ => {}
        }
        if request {
            let cells = [("request_id", words("r")), ("device_id", words(ID)), ("public_key", words("RQ48M69QPzfSIJ6XC3voszpka8Cs440c8j5qKF22430")), ("ts", Cell::Integer(NOW))];
            add(&mut images, Part::Pending, &cells);
        }
        if row == 0 {
            table(&mut images, Part::Paired).rows.remove(0);
        }
        let (after, changes) = repaired(&images);
        prop_assert!(after.local.is_some() && after.tokens_agree());
        if other == 1 {
            prop_assert!(changes.rows.iter().all(|change| change.key.iter().all(|(_, key)| key.text() != Some(OTHER))));
        }
    }
}
