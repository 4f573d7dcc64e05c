//! The fuzz targets' entry points on the corpus and on mutations of it, in every `cargo test`.

use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[path = "../fuzz/entry.rs"]
mod entry;

type Entry = (&'static str, fn(&[u8]));

const ENTRIES: [Entry; 6] = [
    ("store", entry::store),
    ("config", entry::config),
    ("manifest", entry::manifest),
    ("journal", entry::journal),
    ("identity", entry::identity),
    ("salvage", entry::salvage),
];

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn every_seed_and_its_mutations_keep_the_promises() {
    for (name, run) in ENTRIES {
        let seeds = corpus(name);
        assert!(!seeds.is_empty(), "{name} has no corpus");
        seeds.iter().for_each(|seed| run(seed));
        let splices = prop::collection::vec(
            (any::<prop::sample::Index>(), 0usize..40, prop::collection::vec(any::<u8>(), 0..8)),
            1..5,
        );
        let json = prop::sample::select(vec![
            &b"{"[..],
            b"}",
            b"\"",
            b",",
            b"null",
            b"[]",
            b"1e999",
            b"\\u0000",
            b"\xff",
            b"//",
            b"/*",
        ]);
        let mut runner =
            TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
        let plan = (
            any::<prop::sample::Index>(),
            splices,
            prop::collection::vec((any::<prop::sample::Index>(), json), 0..3),
        );
        runner
            .run(&plan, |(seed, splices, words)| {
                let mut bytes = seed.get(&seeds).clone();
                for (at, cut, with) in splices {
                    let at = at.index(bytes.len() + 1);
                    let end = (at + cut).min(bytes.len());
                    bytes.splice(at..end, with);
                }
                for (at, word) in words {
                    let at = at.index(bytes.len() + 1);
                    bytes.splice(at..at, word.iter().copied());
                }
                run(&bytes);
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
