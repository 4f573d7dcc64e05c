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
    let lines: Vec<String> =
        (1..=30).map(|n| format!("\"k{n}AtMs\": {},", 1_795_535_924_000_u64 + n)).collect();
    let text = format!("{{\n{}\n}}", lines.join("\n"));
    let at = |n: usize| text.find(&format!(": 17955359240{n:02},")).unwrap() + 2;
    let splices = vec![
        Splice { start: at(2), end: at(2) + 13, text: b"0,\n\"ts\": 0".to_vec() },
        Splice { start: at(25), end: at(25) + 13, text: b"0".to_vec() },
    ];
    let mut change = change(&text, After::Spliced(splices));
    change.slot = Slot::File(Part::DeviceAuth);
    let diff = file(&change, "p.json", &|_| false, Paint::default());
    insta::assert_snapshot!(diff, @r#"
        --- p.json
        +++ p.json
        @@ -1,6 +1,7 @@
         {
         "k1AtMs": 1795535924001,
        -"k2AtMs": 1795535924002,
        +"k2AtMs": 0,
        +"ts": 0,
         "k3AtMs": 1795535924003,
         "k4AtMs": 1795535924004,
         "k5AtMs": 1795535924005,
        @@ -23,7 +24,7 @@
         "k22AtMs": 1795535924022,
         "k23AtMs": 1795535924023,
         "k24AtMs": 1795535924024,
        -"k25AtMs": 1795535924025,
        +"k25AtMs": 0,
         "k26AtMs": 1795535924026,
         "k27AtMs": 1795535924027,
         "k28AtMs": 1795535924028,
        "#);
}

#[test]
fn a_file_that_is_written_anew_is_shown_where_it_differs() {
    let lines: Vec<String> =
        (1..=40).map(|n| format!("\"k{n}AtMs\": {},\n", 1_795_535_924_000_u64 + n)).collect();
    let text = lines.concat();
    let after = text
        .replace(&lines[4], "")
        .replace(&lines[19], &format!("{}\"ts\": 0,\n", lines[19]))
        .replace(&lines[34], "\"ts\": 1,\n");
    let after = After::Whole { bytes: Bytes::new(after.into_bytes()), meta: None };
    let mut change = change(&text, after);
    change.slot = Slot::File(Part::DeviceAuth);
    let diff = file(&change, "p.json", &|_| false, Paint::default());
    let headers: Vec<&str> = diff.lines().filter(|line| line.starts_with("@@")).collect();
    assert_eq!(headers, ["@@ -2,7 +2,6 @@", "@@ -18,6 +17,7 @@", "@@ -32,7 +32,7 @@"], "{diff}");
    let changed: Vec<&str> =
        diff.lines().skip(2).filter(|line| line.starts_with(['-', '+'])).collect();
    let signs: Vec<&str> = changed.iter().map(|line| &line[..1]).collect();
    assert_eq!(signs, ["-", "+", "-", "+"], "{diff}");
}

#[test]
fn a_row_reads_like_a_person_would_write_it() {
    let id = "e4e8f6e8993a591f0f30069937aa51998f54cc5b0310f53c8979a0e125e0e8d5";
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
        key: vec![("device_id".into(), Cell::Text(id.into()))],
        op: RowOp::Update(cells),
    };
    insta::assert_snapshot!(row(&change, &|proved| proved == id, Paint::default()), @r#"
        --- state/openclaw.sqlite: device_pairing_paired device_id e4e8f6e8993a591f0f30069937aa51998f54cc5b0310f53c8979a0e125e0e8d5
        +++ state/openclaw.sqlite: device_pairing_paired device_id e4e8f6e8993a591f0f30069937aa51998f54cc5b0310f53c8979a0e125e0e8d5
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
    let diff = file(&config, "openclaw.json", &|_| false, Paint::default());
    assert!(diff.contains("+a: ****") && !diff.contains("482913"), "{diff}");
}
