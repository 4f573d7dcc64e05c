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

#[test]
fn each_record_of_a_long_file_has_its_line() {
    let all: Vec<String> = (0..9000).map(|at| format!("\"{at}\":\n{{\"x\":1}}")).collect();
    let text = format!("{{{}}}", all.join(",\n"));
    assert!(text.len() > 2 * BLOCK);
    let records = records(&text, 9000);
    for at in 0..9000 {
        assert_eq!(records.line(&at.to_string(), &[]), Some(2 * at + 1));
    }
    assert_eq!(records.line("8999", &["x".to_owned()]), Some(18_000));
}
