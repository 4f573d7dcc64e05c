use super::*;

fn records(text: &str, limit: usize) -> Records {
    let image = TextImage {
        path: "devices/paired.json".into(),
        state: FileState::Present {
            bytes: text.as_bytes().to_vec().into(),
            meta: crate::image::Meta::default(),
        },
    };
    Records::of_file_up_to(Part::Paired, Some(&image), limit)
}

#[test]
fn more_records_than_are_read_are_counted_and_not_kept() {
    let text = r#"{"a":{"deviceId":"a"},"b":{"deviceId":"b"},"c":{"deviceId":"c"}}"#;
    assert_eq!(records(text, 3).condition, Condition::Good);
    // Whole, and with the zeros of a lost write behind it: then the records that salvage finds are what is counted.
    for text in [text, &format!("{text}\0")] {
        let found = records(text, 2);
        let Condition::Unusable(why) = &found.condition else {
            panic!("{:?}", found.condition);
        };
        let expected = Unusable::TooMany { place: "devices/paired.json", count: 3, limit: 2 };
        assert_eq!(*why, expected);
        assert!(found.entries.is_empty());
    }
}
