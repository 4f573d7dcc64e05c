//! What reads bytes that others wrote: one function for each kind of file, run by the fuzz targets beside
//! this and by `tests/entry_points.rs`. Each panics where a promise is broken.

use std::sync::Arc;

use clawmend::checks;
use clawmend::checks::{Options, Scopes};
use clawmend::format::json5;
use clawmend::format::salvage;
use clawmend::image::{FileState, Images, Meta, Slot, TextImage};
use clawmend::model::Model;
use clawmend::model::facts::Facts;
use clawmend::model::layout::Part;
use clawmend::plan::Changes;
use clawmend::render::{Paint, diff, mask};
use clawmend::simulate::{images_after, simulate};
use serde_json::Value;

const IDENTITY: &[u8] =
    include_bytes!("../tests/fixtures/2026.5.28-scope-upgrade-pending/identity/device.json");
const AUTH: &[u8] =
    include_bytes!("../tests/fixtures/2026.5.28-scope-upgrade-pending/identity/device-auth.json");
const PAIRED: &[u8] =
    include_bytes!("../tests/fixtures/2026.5.28-scope-upgrade-pending/devices/paired.json");
const PENDING: &[u8] =
    include_bytes!("../tests/fixtures/2026.5.28-scope-upgrade-pending/devices/pending.json");

/// paired.json, a zero byte, pending.json, a zero byte, device-auth.json: read, diagnosed, repaired.
pub fn store(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == 0);
    let paired = parts.next().unwrap_or_default();
    let pending = parts.next().unwrap_or(PENDING);
    let auth = parts.next().unwrap_or(AUTH);
    let after = repaired(
        &[
            (Part::Paired, paired),
            (Part::Pending, pending),
            (Part::Identity, IDENTITY),
            (Part::DeviceAuth, auth),
        ],
        None,
    );
    // What clawmend writes is JSON, whatever was there.
    for (slot, image) in &after.0.texts {
        let written = after.1.files.iter().any(|change| change.slot == *slot);
        if let (true, Some(bytes)) = (written, image.bytes()) {
            // As OpenClaw reads: broken UTF-8 becomes a mark, a number may be too large for a double.
            let text = String::from_utf8_lossy(bytes);
            let parsed = serde_json::from_str::<&serde_json::value::RawValue>(&text);
            assert!(parsed.is_ok(), "{slot:?} is not JSON after the change: {text}");
        }
    }
}

/// openclaw.json: parsed, masked, diagnosed, repaired.
pub fn config(data: &[u8]) {
    let _ = json5::parse(data);
    let _ = json5::duplicates(data);
    let text = String::from_utf8_lossy(data);
    assert_eq!(mask::config(&text).matches('\n').count(), text.matches('\n').count());
    let (after, changes) = repaired(
        &[
            (Part::Paired, PAIRED),
            (Part::Pending, PENDING),
            (Part::Identity, IDENTITY),
            (Part::DeviceAuth, AUTH),
        ],
        Some(data),
    );
    for change in changes.files.iter().filter(|change| matches!(change.slot, Slot::Config(_))) {
        let bytes = after.text(&change.slot).and_then(TextImage::bytes);
        let parsed = bytes.map(|bytes| json5::parse(bytes).is_ok());
        assert_eq!(parsed, Some(true), "an edit broke the config");
    }
}

/// identity/device.json and the PEMs in it.
pub fn identity(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = clawmend::model::identity::public_key_of_pem(&text);
    if let Ok(Value::Object(record)) = serde_json::from_slice(data) {
        let _ = clawmend::model::identity::Identity::of(&record);
    }
    repaired(&[(Part::Paired, PAIRED), (Part::Pending, PENDING), (Part::Identity, data)], None);
}

/// A snapshot's manifest: no name in it leads out of the snapshot.
pub fn manifest(data: &[u8]) {
    let Ok(manifest) = clawmend::snapshot::Manifest::parse(data, None) else {
        return;
    };
    for name in manifest.entries.iter().filter_map(|entry| entry.name.as_ref()) {
        let path = std::path::Path::new(name);
        let plain = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        assert!(plain, "a piece is called {name:?}");
    }
}

/// A journal: what does not parse is said without quoting it.
pub fn journal(data: &[u8]) {
    if let Err(why) = clawmend::journal::parse(data) {
        assert!(why.len() < 200, "{why}");
    }
}

/// A broken store: what is read out of it is JSON, and each record is in it to the byte.
pub fn salvage(data: &[u8]) {
    for id_field in ["deviceId", "requestId"] {
        let records = salvage::records(data, id_field).whole;
        let rebuilt = salvage::rebuilt(data, &records);
        let text = String::from_utf8_lossy(&rebuilt);
        let parsed: std::collections::BTreeMap<String, &serde_json::value::RawValue> =
            serde_json::from_str(&text).expect("salvaged JSON");
        assert_eq!(parsed.len(), records.len());
    }
}

fn repaired(files: &[(Part, &[u8])], config: Option<&[u8]>) -> (Images, Changes) {
    let mut images = Images::default();
    let image = |path: String, bytes: Option<&[u8]>| TextImage {
        path: path.into(),
        state: match bytes {
            Some(bytes) => {
                FileState::Present { bytes: Arc::new(bytes.to_vec()), meta: Meta::default() }
            }
            None => FileState::Absent,
        },
    };
    for part in Part::ALL {
        let Some(name) = part.file() else { continue };
        let bytes = files.iter().find(|(of, _)| *of == part).map(|(_, bytes)| *bytes);
        images.texts.insert(Slot::File(part), image(format!("/s/{name}"), bytes));
    }
    let mut facts = Facts {
        now_ms: 1_795_544_000_000,
        platform: "linux".into(),
        state_dir: "/s".into(),
        ..Facts::default()
    };
    if config.is_some() {
        let path = std::path::PathBuf::from("/s/openclaw.json");
        images.texts.insert(Slot::Config(path.clone()), image("/s/openclaw.json".into(), config));
        facts.config.path = path;
    }
    let model = Model::of(images, facts);
    let _ = checks::diagnose(&model);
    let options = Options {
        scopes: Scopes::Full,
        pairing: true,
        config: true,
        bind: Some("lan"),
        new_token: Some([9; 32]),
        random: [7; 32],
        ..Options::default()
    };
    let plan = checks::plan(&model, &options);
    let Ok(changes) = simulate(&model, &plan) else {
        return (model.images, Changes::default());
    };
    let shown =
        diff::changes(&changes, &|path| path.display().to_string(), &|_| true, Paint::default());
    assert!(!shown.contains('\u{1b}'), "an escape in the diff");
    let after = images_after(model.images.clone(), changes.clone());
    let again = Model::of(after.clone(), model.facts);
    let _ = checks::diagnose(&again);
    (after, changes)
}
