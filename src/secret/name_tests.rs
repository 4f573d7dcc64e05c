//! Which names are shown, and that no secret is in a name's clothing.

use super::shown;
use proptest::prelude::*;

#[test]
fn names_that_people_and_systems_give_are_shown() {
    for name in [
        // Windows.
        "DESKTOP-7F3K9QX",
        "DESKTOP-7F3K9QX2LM",
        "LAPTOP-AB12CD34",
        "LAPTOP-AB12CD34.local",
        "WIN-2K8R2",
        "WIN-A1B2C3D4E5F",
        "Chrome on Windows (LAPTOP-AB12CD34)",
        // Apple.
        "Mac14,7",
        "iPhone16,2",
        "MacBookPro18,3",
        "AnnasMacBookAir2023",
        "MacBook-Pro-von-Anna-Maria-Schmidt.local",
        "Anna’s\u{a0}iPhone",
        "アンナのiPhone15",
        // Codes of models.
        "CPH2525",
        "RMX3771",
        "LE2123",
        "KB2005",
        "XT2301-4",
        "M2101K6G",
        "M2007J20CG",
        "2201116SG",
        "23021RAAEG",
        "2312DRA50G",
        "Watch6,7",
        "AppleTV11,1",
        "NUC11TNHi5",
        "NUC8i7BEH",
        "RPi4B-8GB",
        "RPi5",
        "Anna CPH2525",
        // Others.
        "Synology DS920+",
        "Synology DS1821+",
        "Redmi Note 13 Pro+",
        "Galaxy S24 Ultra SM-S928B/DS",
        "GT-I9300",
        "HAL 9000",
        "Dell Precision 5570 (work)",
        "OptiPlex 7090",
        "Pixel_8_Pro",
        "ThinkPad X1 Carbon Gen 11",
        "Firefox / Ubuntu",
        "Safari — iPad",
        "Work laptop #2",
        // Hosts, addresses.
        "raspberrypi4b-livingroom-8gb-01",
        "the-old-server-in-the-cellar.lan",
        "kitchen-display-of-anna.local",
        "edge01.example.com",
        "192.168.1.20",
        "anna@example.org",
        "anna.schmidt@gmail.com",
        // Words.
        "Private PC",
        "Bearer of News",
        "auth server",
        "my api key",
        "Anna's token phone 2",
        "Living Room iPad Pro 12.9 of the whole family upstairs",
        "中文手机測試アンナのとても長い名前のデバイスです",
        // Pictures.
        "🦞 lobster 📱 👨\u{200d}👩\u{200d}👧\u{200d}👦 family phone 🇩🇪",
        "🇩🇪",
        "❤\u{fe0f}",
    ] {
        assert_eq!(shown(name).as_deref(), Some(name));
    }
}

/// What a name holds too much of gives way to a mask; the device stays.
#[test]
fn of_what_holds_too_much_the_device_is_shown() {
    for (name, seen) in [
        ("LAPTOP-Vh3kQ9xTzL0aWcR5bNfYp7", Some("LAPTOP-****")),
        ("LAPTOP-VH3KQ9XTZL0AWCR5BNFYP7", Some("LAPTOP-****")),
        ("WIN-VH3KQ9XTZL0A", Some("WIN-****")),
        ("DESKTOP-SECRETPWD12", Some("DESKTOP-****")),
        ("iPhone16,9e107d9d372bb6826bd81d3542a419d6", Some("iPhone16,****")),
        ("Mac14,70418263", Some("Mac14,****")),
        ("MacBookPro18,704182", None),
        ("Synology 9E107D9D372B+", Some("Synology ****")),
        ("Galaxy S24 SM-S928B/9e107d9d372bb682", Some("Galaxy ****")),
        ("Pixel_8_Pro_a1b2c3d4e5", Some("Pixel_****")),
        ("web-7d9f8b6c5-x2k4p", Some("web-****")),
        ("Ann's iPad 🔑 quixotic jackdaws vexing marmalade", Some("**** iPad ****")),
        ("my pc: correct horse battery staple", Some("**** pc: ****")),
        ("box correct horse kitchen staple", Some("box ****")),
        ("AB12CD34", None),
        ("AB2123", None),
        ("1234", None),
        ("XTREME48", None),
        ("220111661", None),
        ("M4829K6G", None),
        ("CPH2525 4829", None),
        ("PIN CPH4829", None),
        ("CPH2525 RMX3771 XT2301-4", None),
        ("PIN 4829", None),
        ("code 471", None),
        ("HAL 4829", None),
        ("my PC 4829", Some("**** PC ****")),
        ("iPhone hunter2", Some("iPhone ****")),
        ("MacBookhunter2", None),
        ("hunter2@example.org", None),
        ("admin@host", Some("****@host")),
        ("LAPTOP-48291377", Some("LAPTOP-****")),
        ("P@ssw0rd.de", None),
        ("correct-horse-battery-staple.local", None),
        ("correct.horse@battery.staple.com", None),
        ("Correct Horse Battery Staple", None),
        ("CorrectHorseBatteryStaple", None),
        ("Correct-Horse-Battery-Staple-42", None),
        ("correct horse battery staple 🐴", None),
        ("9e107d9d-372b-4682-9bd8-1d3542a419d6", None),
        ("iPhoneQk7cAnArYtOkEnVrj1", None),
        ("1.2.3.4.5", None),
        ("４８２９１３０７", None),
        ("pin ٤٨٢٩١٣", None),
        ("🔑 482 913", None),
        ("LAPTOP-AB12CD34 LAPTOP-EF56GH78", Some("LAPTOP-**** LAPTOP-****")),
        ("Anna\nphone", None),
        ("Bearer abcdef", None),
    ] {
        assert_eq!(shown(name).as_deref(), seen, "{name}");
    }
}

proptest! {
    #[test]
    fn no_token_comes_through_in_the_clothing_of_a_name(
        token in prop_oneof![
            "[A-Za-z0-9]{22,43}", "[A-Za-z0-9_-]{43}", "[0-9a-f]{32}", "[0-9a-f]{64}", "[0-9A-F]{24,40}", "[A-Z0-9]{14,40}", "[0-9]{10,20}",
            "sk-[A-Za-z0-9]{20,40}", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
        ],
        (before, after) in prop_oneof![
            Just(("", "")), Just(("LAPTOP-", "")), Just(("DESKTOP-", ".local")), Just(("WIN-", "")), Just(("iPhone16,", "")),
            Just(("Mac14,", "")), Just(("Synology ", "+")), Just(("Galaxy S24 SM-", "/DS")), Just(("GT-", "")),
            Just(("Firefox / ", "")), Just(("raspberrypi4b-", "-01")), Just(("", ".lan")), Just(("Pixel_8_", "")),
            Just(("🦞 ", " 🇩🇪")), Just(("anna@", ".org")), Just(("", "@example.org")), Just(("AnnasMacBook", "")),
            Just(("iPad of the ", " upstairs")), Just(("Bearer ", "")),
        ],
    ) {
        let seen = shown(&format!("{before}{token}{after}")).unwrap_or_default();
        // A token may begin or end with what reads like a word; nine letters of it in a row do not.
        let pieces = token.as_bytes().windows(9).filter_map(|piece| std::str::from_utf8(piece).ok());
        for piece in pieces {
            prop_assert!(!seen.contains(piece), "{seen} of {before}{token}{after}");
        }
    }

    #[test]
    fn no_passphrase_comes_through(
        words in prop::collection::vec(prop::sample::select(vec![
            "zanzibar", "quixotic", "jackdaws", "vexing", "marmalade", "correct", "horse", "battery", "staple", "Tundra",
            "Ochre", "lemming", "GIMLET", "yodel", "crux",
        ]), 4..7),
        between in prop_oneof![Just(" "), Just("-"), Just("."), Just("_"), Just(""), Just(" of "), Just(" 7 ")],
        before in prop_oneof![Just(""), Just("iPad "), Just("my pc: "), Just("LAPTOP-AB12CD34 "), Just("🦞 "), Just("home-office-")],
        after in prop_oneof![Just(""), Just(".local"), Just("@example.org"), Just(" iPhone16,2"), Just("+"), Just(" upstairs")],
    ) {
        let secret = words.join(between);
        let seen = shown(&format!("{before}{secret}{after}")).unwrap_or_default();
        for word in words {
            prop_assert!(!seen.contains(word), "{seen} of {before}{secret}{after}");
        }
    }
}
