//! `gateway.tls`: the files that the gateway serves with.

use super::file::edit_at;
use super::value::hosted;
use super::{at_next_start, name, place};
use crate::checks::{Check, Stage};
use crate::config::facts::{TlsFile, TlsKind};
use crate::finding::{Code, Severity};
use crate::format::json5::path_text;
use crate::secret::shape::Shape;

pub static UNUSABLE: Check = Check {
    code: Code("gateway-tls-unusable"),
    severity: Severity::Blocks,
    title: "gateway.tls is on, and its certificate or key cannot be used",
    why: "The gateway does not start if the certificate or the key is missing, or if the file holds no certificate. It makes both itself only if both are missing and gateway.tls.autoGenerate is not false.",
    repair: "Nothing: the files are yours, and without TLS others on the network can read a password.",
    by_hand: "Correct gateway.tls.certPath and gateway.tls.keyPath, or set gateway.tls.enabled to false; then start the gateway.",
    messages: &["gateway tls"],
    stage: Some(Stage::Config),
    // Seen on 2026.2.9, 2026.7.1 and 2026.9.6.
    find_one: |model, check| {
        let gateway = hosted(model).filter(|_| model.facts.belongs_to.is_none())?;
        let files = &model.config.facts.tls;
        let mut own = files.iter().filter(|file| file.kind != TlsKind::Authority);
        let makes_them =
            gateway.tls_auto_generate.value() != Some(&false) && own.all(|file| !file.is_there);
        let is_fine =
            |file: &&TlsFile| file.is_whole || makes_them && file.kind != TlsKind::Authority;
        let bad = files.iter().find(|file| !is_fine(file))?;
        let (setting, what) = match bad.kind {
            TlsKind::Certificate => (&gateway.tls_cert_path, "certificate"),
            TlsKind::Key => (&gateway.tls_key_path, "key"),
            TlsKind::Authority => (&gateway.tls_ca_path, "CA file"),
        };
        let fault = if bad.is_there { "holds no certificate" } else { "is not there" };
        let says = format!("the {what} of gateway.tls {fault}: the gateway does not start");
        let finding = check
            .finding(place(model, setting), says)
            .seen("file", Shape::File.show(&name(model, &bad.path)))
            .choice(edit_at(model, &setting.owner, &format!("correct {}", path_text(&setting.path))))
            .choice(edit_at(
                model,
                &gateway.tls_enabled.owner,
                "set gateway.tls.enabled to false (without TLS others on the network can read a password)",
            ));
        Some(at_next_start(model, finding))
    },
    ..Check::BASE
};
