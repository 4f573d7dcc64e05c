//! The core on a store of 20,000 devices, in memory: each stage against parsing the same text with
//! serde_json, so that a ratio can be read off.

use std::hint::black_box;

use clawmend::checks;
use clawmend::image::{Bytes, FileState, Images, Meta, Slot, TextImage};
use clawmend::model::Model;
use clawmend::model::facts::Facts;
use clawmend::model::layout::Part;
use clawmend::checks::Options;
use clawmend::simulate::simulate;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Map, Value, json};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/2026.5.28-scope-upgrade-pending");

fn read(name: &str) -> String {
    std::fs::read_to_string(format!("{FIXTURE}/{name}")).unwrap()
}

fn store() -> String {
    let mut devices: Map<String, Value> = serde_json::from_str(&read("devices/paired.json")).unwrap();
    let own = devices.values().next().unwrap().clone();
    for number in 0..20_000 {
        let id = format!("{number:064x}");
        let mut device = own.clone();
        device["deviceId"] = json!(id);
        devices.insert(id, device);
    }
    serde_json::to_string_pretty(&Value::Object(devices)).unwrap()
}

fn images(paired: &str) -> Images {
    let mut images = Images::default();
    for part in Part::ALL {
        let Some(name) = part.file() else { continue };
        let text = if part == Part::Paired { Some(paired.to_owned()) } else { std::fs::read_to_string(format!("{FIXTURE}/{name}")).ok() };
        let state = match text {
            Some(text) => FileState::Present { bytes: Bytes::new(text.into_bytes()), meta: Meta::default() },
            None => FileState::Absent,
        };
        images.texts.insert(Slot::File(part), TextImage { path: format!("/s/{name}").into(), state });
    }
    images
}

fn core(criterion: &mut Criterion) {
    let paired = store();
    let images = images(&paired);
    let facts = || Facts { now_ms: 1_795_544_000_000, platform: "linux".into(), state_dir: "/s".into(), ..Facts::default() };
    let model = Model::of(images.clone(), facts());
    let options = Options { pairing: true, random: [7; 32], ..Options::default() };
    let plan = checks::plan(&model, &options);
    let mut group = criterion.benchmark_group("core");
    group.sample_size(10).throughput(Throughput::Bytes(paired.len() as u64));
    group.bench_function("serde_json parse, for comparison", |bench| {
        bench.iter(|| serde_json::from_str::<Value>(black_box(&paired)).unwrap());
    });
    group.bench_function("model", |bench| bench.iter(|| Model::of(black_box(images.clone()), facts())));
    group.bench_function("checks", |bench| bench.iter(|| checks::diagnose(black_box(&model))));
    group.bench_function("plan", |bench| bench.iter(|| checks::plan(black_box(&model), &options)));
    group.bench_function("simulate", |bench| bench.iter(|| simulate(black_box(&model), &plan).unwrap()));
    group.finish();
}

criterion_group!(benches, core);
criterion_main!(benches);
