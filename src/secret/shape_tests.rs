//! What each shape lets through, and that none shows a secret.

use super::*;

const KEY: &str = "cLopRPTMgn4f7TMuF2O4PzMcpMU_Y-jE9USqu4aDnco";
const ID: &str = "e4e8f6e8993a591f0f30069937aa51998f54cc5b0310f53c8979a0e125e0e8d5";

#[test]
fn an_id_and_a_key_are_shown_where_they_belong_together() {
    let proves = |id: &str| id == ID;
    assert_eq!(Shape::DeviceId.show_proved(ID, &proves), ID);
    assert_eq!(Shape::PublicKey.show_proved(KEY, &proves), KEY);
    assert_eq!(Shape::DeviceId.show(ID), "****e8d5");
    assert_eq!(Shape::PublicKey.show(KEY), "****Dnco");
    let private = "GaiN_tzPA_xixlRfZWn1oLqnZ1vX0qM3eF5s8k2hT4Y";
    assert_eq!(Shape::PublicKey.show_proved(private, &proves), "****hT4Y");
}

#[test]
fn what_belongs_there_is_shown() {
    let fits = |shape: Shape, texts: &[&str]| {
        for text in texts {
            assert_eq!(shape.show(text), *text, "{shape:?}");
        }
    };
    fits(Shape::RequestId, &["8f4bd968-1608-4627-a1e5-24149a6f44f9", "r1", "req42"]);
    fits(Shape::Name, &["Kitchen iPad 11", "MacBook-Pro", "Ännchens Telefon", "box.local", "客厅"]);
    fits(
        Shape::Name,
        &["Anna's iPhone", "Bob Smith's MacBook Pro", "Anna’s iPad (2)", "Chrome (macOS)"],
    );
    fits(
        Shape::Name,
        &["Chrome 131 on Windows 11", "Chrome on 笔记本💻", "📱", "Ann's 📱", "कमरे का फ़ोन"],
    );
    fits(
        Shape::Name,
        &["Galaxy S24 Ultra", "SM-G991B", "Pixel 8a", "iPhone 15 Pro Max", "Bob - Work PC"],
    );
    fits(
        Shape::Name,
        &["DESKTOP-A1B2C3D", "Annas-MacBook-Pro.local", "openclaw-prod-01", "srv1012345"],
    );
    fits(
        Shape::Name,
        &[
            "ubuntu-4gb-nbg1-1",
            "ip-10-0-0-5",
            "MacBook Pro 2019",
            "gateway:health",
            "L'iPhone d'Anna",
        ],
    );
    fits(
        Shape::Name,
        &[
            "Annas alter Laptop aus der Küche",
            "my old laptop in the kitchen",
            "Galaxy Tab S9 von Oma Helga",
            "Mac mini im Keller neben Heizung",
            "MacBook-Pro-von-Anna.local",
            "Le téléphone de ma petite sœur",
            "Chrome on Windows (DESKTOP-8F3KQ2L, office)",
            "ip-172-31-22-105.eu-west-1.compute.internal",
            "instance-20251103-081522",
            "ubuntu-s-1vcpu-1gb-fra1-01",
        ],
    );
    fits(Shape::Platform, &["linux", "iOS 18.2.1", "Linux x86_64", "MacIntel", "Win32"]);
    fits(Shape::Client, &["cli", "openclaw-control-ui", "openclaw-ios", "clawdbot-macos"]);
    fits(Shape::Scope, &["operator.read", "operator.talk.secrets"]);
    fits(Shape::Version, &["2026.9.6", "2026.9.1-beta.1", "2026.1.29-1"]);
    fits(Shape::Date, &["2026-05-28T10:00:00.000Z", "2026-05-28T10:00:00Z"]);
    fits(Shape::Time, &["1795535924124", "0"]);
    fits(Shape::Bind, &["loopback", "Lan", "loopbak", "127.0.0.1", "::1", "0.0.0.0:18789", "*"]);
    fits(Shape::Address, &["10.0.0.0/8", "fe80::1"]);
    fits(Shape::Url, &["ws://127.0.0.1:18789", "wss://ip-10-0-0-1.example/ws", "ws://[::1]:1/"]);
    fits(Shape::File, &["./parts/gateway.json5", "../a-b.json", "/home/me/.openclaw/x.json"]);
    fits(Shape::Variable, &["OPENCLAW_GATEWAY_TOKEN", "A_B"]);
    fits(Shape::Page, &["/openclaw", "/control/ui"]);
}

#[test]
fn a_url_loses_what_may_be_a_secret_in_it() {
    assert_eq!(
        Shape::Url.show("wss://u:p@claw.example/ws?token=x"),
        "wss://****@claw.example/ws?****"
    );
    assert_eq!(Shape::Url.show("wss://hunter:1/p/battery"), "wss://****:1/****");
    assert_eq!(Shape::Url.show("hunter://h"), "****");
}

#[test]
fn no_shape_lets_a_secret_through() {
    let secrets = [
        "correct horse battery staple",
        "correct-horse-battery-staple",
        "hunter2",
        "4829",
        "48291377",
        "Bearer Qk7cAnArYtOkEnVrj1_j258mhmci7lPFTO1eXBa4",
        "v Qk7cAnArYtOkEnVrj1_j258mhmci7lPFTO1eXBa4",
        "GaiN_tzPA_xixlRfZWn1oLqnZ1vX0qM3eF5s8k2hT4Y",
        "deadbeefdeadbeefdeadbeefdeadbeef",
        "-----BEGIN PRIVATE KEY-----",
        "MC4CAQAwBQYDK2VwBCIEIBmojf7czwP8YsZUX2Vp",
        "operator.read hunter2",
        "2026.9.6-hunter2",
        "linux hunter2",
        "127.0.0.1 hunter2",
        "./sk-CANARY0123456789abcdefXYZ.json",
        "DEADBEEF0123456789",
        "deadbeefcafe",
        "Bearer abcdef",
        "iPhone Qk7cAnArYtOkEnVrj1",
        "QkcAnArYtOkEnV",
        "sk-Zq81LmVxRt40",
        "ab12-cd34-ef56",
        "9e107d9d-372b-b682-6bd8",
        "Anna's pass 482913",
        "PC hunter2",
        "box correct horse battery staple",
        "admin@host",
        "ops-ab12-cd34-ef56-gh78",
        "key AB12-CD34-EF56",
        "sk-a1-b2-c3-d4",
        "s-3-c-r-3-t-a",
        "pw abc123",
        "gateway9999999",
        "pi3141592",
        "mac1234567",
        "DESKTOP-SECRETPWD12",
        "my pass is xy ab cd",
        "my pc: correct horse battery staple",
        "the of in my on at for from the",
        "correct horse battery von",
        "correct horse of my battery von staple",
        "PC of my the in on a b c",
        "to be or not to be it is",
    ];
    for shape in [
        Shape::DeviceId,
        Shape::PublicKey,
        Shape::RequestId,
        Shape::Name,
        Shape::Platform,
        Shape::Client,
        Shape::CLIENT_MODE,
        Shape::ROLE,
        Shape::Near(&["local", "remote"]),
        Shape::Bind,
        Shape::Port,
        setting(&["gateway", "tls", "enabled"]),
        setting(&["gateway", "reload", "mode"]),
        setting(&["gateway", "handshakeTimeoutMs"]),
        Shape::Scope,
        Shape::Version,
        Shape::Date,
        Shape::Time,
        Shape::Address,
        Shape::Url,
        Shape::File,
        Shape::Page,
        Shape::Variable,
    ] {
        let takes_numbers = matches!(shape, Shape::Port | Shape::Setting([]));
        for secret in secrets.into_iter().filter(|secret| !takes_numbers || *secret != "4829") {
            assert!(!shape.show(secret).contains(secret), "{shape:?} {secret}");
        }
    }
}

fn setting(path: &[&str]) -> Shape {
    crate::secret::places::config(path).unwrap()
}

/// What somebody typed by mistake is seen where only numbers and known words belong, and nowhere else.
#[test]
fn a_slip_is_shown_by_its_place() {
    let shows = |path: &[&str], text: &str| setting(path).show(text) == text;
    for text in ["abc", "70000", "-1", "18789x", "18 789", "default", "127"] {
        assert!(shows(&["gateway", "port"], text), "{text}");
    }
    for text in ["hunter2", "swordfish", "48291377", "abcde", "9e107d9d"] {
        assert!(!shows(&["gateway", "port"], text), "{text}");
        assert!(!shows(&["gateway", "tls", "enabled"], text), "{text}");
    }
    for text in ["yes", "on", "enabled", "True", "1"] {
        assert!(shows(&["gateway", "tls", "enabled"], text), "{text}");
    }
    assert!(shows(&["gateway", "mode"], "server") && !shows(&["gateway", "mode"], "4829"));
    assert!(shows(&["gateway", "reload", "mode"], "hybrd"));
    assert_eq!(crate::secret::places::config(&["gateway", "auth", "token"]), None);
    assert_eq!(crate::secret::places::config(&["gateway", "auth", "password"]), None);
}
