use super::*;
use crate::image::{Bytes, Cell, FileState, Meta, TextImage};
use crate::plan::{CellChange, RowChange, RowOp};

fn change(before: &str, after: After) -> FileChange {
    let state =
        FileState::Present { bytes: Bytes::new(before.as_bytes().to_vec()), meta: Meta::default() };
    FileChange {
        slot: Slot::File(Part::Paired),
        before: TextImage { path: "/s/p.json".into(), state },
        after,
    }
}

#[test]
fn far_splices_make_two_hunks_with_right_line_numbers() {
    let lines: Vec<String> = (1..=30).map(|n| format!("\"k{n}\": {n},")).collect();
    let text = lines.join("\n");
    let at = |n: usize| text.find(&format!(": {n},")).unwrap() + 2;
    let splices = vec![
        Splice { start: at(2), end: at(2) + 1, text: b"22\n+x".to_vec() },
        Splice { start: at(25), end: at(25) + 2, text: b"0".to_vec() },
    ];
    let diff = file(&change(&text, After::Spliced(splices)), "p.json", Paint::default());
    insta::assert_snapshot!(diff, @r#"
        --- p.json
        +++ p.json
        @@ -1,5 +1,6 @@
         "k1": 1,
        -"k2": 2,
        +"k2": 22
        ++x,
         "k3": 3,
         "k4": 4,
         "k5": 5,
        @@ -22,7 +23,7 @@
         "k22": 22,
         "k23": 23,
         "k24": 24,
        -"k25": 25,
        +"k25": 0,
         "k26": 26,
         "k27": 27,
         "k28": 28,
        "#);
}

#[test]
fn a_row_reads_like_a_person_would_write_it() {
    let cells = vec![
        CellChange {
            column: "scopes_json".into(),
            old: Cell::Text("[\"operator.read\"]".into()),
            new: Cell::Text("[\"operator.admin\",\"operator.read\"]".into()),
        },
        CellChange {
            column: "tokens_json".into(),
            old: Cell::Text("{\"operator\":{\"token\":\"0123456789abcdefghij\"}}".into()),
            new: Cell::Text("{\"operator\":{\"token\":\"A123456789abcdefghiZ\"}}".into()),
        },
        CellChange { column: "platform".into(), old: Cell::Text("win32".into()), new: Cell::Null },
    ];
    let change = RowChange {
        part: Part::Paired,
        key: vec![("device_id".into(), Cell::Text("40".into()))],
        op: RowOp::Update(cells),
    };
    insta::assert_snapshot!(row(&change, Paint::default()), @r#"
        --- state/openclaw.sqlite: device_pairing_paired device_id 40
        +++ state/openclaw.sqlite: device_pairing_paired device_id 40
         scopes_json:
           [
        +    "operator.admin",
             "operator.read"
           ]
         tokens_json:
           {
             "operator": {
        -      "token": "****ghij"
        +      "token": "****ghiZ"
             }
           }
        -platform: "win32"
        +platform: NULL
        "#);
}

#[test]
fn a_long_comment_of_a_config_stays_a_comment() {
    let filler = "note\n".repeat(150);
    let text = format!("{{ /*\n{filler}pin: 482913\n*/\na: 1,\n}}");
    let at = text.find("a: 1").unwrap() + 3;
    let splice = Splice { start: at, end: at + 1, text: b"2".to_vec() };
    let config = FileChange {
        slot: Slot::Config("/s/openclaw.json".into()),
        ..change(&text, After::Spliced(vec![splice]))
    };
    let diff = file(&config, "openclaw.json", Paint::default());
    assert!(diff.contains("+a: 2") && !diff.contains("482913"), "{diff}");
}
