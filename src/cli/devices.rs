//! `clawmend devices`: pending and paired, read from disk.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::context::Context;
use super::head::head;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::Model;
use crate::model::store::{Condition, Records};
use crate::render::json::{DeviceDocument, DevicesDocument, Head, StateDocument};
use crate::step::Step;
use crate::text::{ago, safe, utc};

/// `devices`: who is paired and who waits.
pub(super) fn run(context: &mut Context) -> Result<Exit, Error> {
    let state = context.read()?;
    let model = &state.model;
    state.must_know_devices()?;
    let [pending, paired] =
        [&model.pending, &model.paired].map(|records| DeviceDocument::all(model, records));
    let exit = match [&model.paired, &model.pending].into_iter().any(is_unsure) {
        true => Exit::Findings,
        false => Exit::Done,
    };
    if context.global.json {
        let document = DevicesDocument {
            head: Head::of("devices"),
            state: StateDocument::of(model, &state.located.how),
            pending,
            paired,
        };
        context.json(&document);
        unread(context, model);
        return Ok(exit);
    }
    let mut out = head(&state, context.world.width);
    let paint = context.paint;
    let now = context.world.now_ms;
    for (title, devices, records) in
        [("Pending requests", &pending, &model.pending), ("Paired devices", &paired, &model.paired)]
    {
        let number = match (devices.len(), is_unsure(records)) {
            (0, true) => format!("not known: {}", broken(model, records)),
            (0, false) => "none".to_owned(),
            (number, true) => format!("{number}, maybe more: {}", broken(model, records)),
            (number, false) => number.to_string(),
        };
        let _ = writeln!(out, "\n{}", paint.bold(&format!("{title}: {number}")));
        for device in devices {
            out.push_str(&one(device, now, paint, context.world.width));
        }
    }
    let mut able = pending
        .iter()
        .filter(|device| !device.this_machine && !device.expired && device.refused.is_none())
        .filter_map(|device| device.request_id.as_deref());
    let (first, more) = (able.next(), able.next());
    context.print(&out);
    if let Some(id) = first {
        // Never one of several: the first is not the likeliest.
        let step = match more {
            None => Step::clawmend(["approve", id]).after("To approve it, if it is yours"),
            Some(_) => Step::clawmend(["approve", "REQUEST_ID"])
                .after("To approve the one that is yours (the start of its id is enough)"),
        };
        context.say("");
        context.say_step(&step);
    }
    if exit == Exit::Findings {
        let diagnose = Step::clawmend(["diagnose"]).after("What is wrong with it, and what to do");
        context.say("");
        context.say_step(&diagnose);
    }
    Ok(exit)
}

/// Whether there may be more in a store than was read from it.
fn is_unsure(records: &Records) -> bool {
    !matches!(records.condition, Condition::Good | Condition::Absent)
}

fn broken(model: &Model, records: &Records) -> String {
    let place = crate::model::place_of(model.store, records.part);
    format!("{} cannot be read completely", safe(&place.to_string()))
}

/// Names the stores that could not be read.
fn unread(context: &mut Context, model: &Model) {
    for records in [&model.paired, &model.pending] {
        if is_unsure(records) {
            let broken = broken(model, records);
            let see = Step::clawmend(["diagnose"]).after(format!("note: {broken}; see"));
            context.note(&context.typed(&see));
        }
    }
}

fn one(device: &DeviceDocument, now: i64, paint: crate::render::Paint, width: usize) -> String {
    let mut out = String::new();
    let list = |items: &[String], none: &str| {
        if items.is_empty() { none.to_owned() } else { safe(&items.join(", ")) }
    };
    let name = if device.name.is_empty() { "unnamed" } else { &device.name };
    let name = crate::render::wrap(&safe(name), width, "  ", "  ");
    let last = name.lines().last().unwrap_or_default().width();
    for line in name.lines() {
        let _ = write!(out, "\n  {}", paint.bold(line.trim_start()));
    }
    if device.this_machine {
        let mark = "(this machine)";
        let apart = if last + 2 + mark.len() <= width { "  " } else { "\n  " };
        let _ = write!(out, "{apart}{}", paint.green(mark));
    }
    out.push('\n');
    let mut line = |label: &str, value: String| {
        let line =
            crate::render::wrap(&value, width, &format!("    {label:<10} "), "               ");
        let _ = writeln!(out, "{line}");
    };
    if let Some(id) = &device.request_id {
        line("request", safe(id));
    }
    if let Some(id) = &device.device_id {
        line("deviceId", safe(id));
    }
    let mut client: Vec<&str> = [&device.client_id, &device.client_mode, &device.platform]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    client.dedup();
    if !client.is_empty() {
        line("client", safe(&client.join(", ")));
    }
    if let Some(address) = &device.remote_ip {
        line("from", safe(address));
    }
    line("roles", list(&device.roles, "none"));
    line(
        if device.request_id.is_some() { "asks for" } else { "scopes" },
        list(&device.scopes, "no scopes"),
    );
    if !device.lacks.is_empty() {
        // A request asks for too little; a paired device has too little.
        let (label, what) = match device.request_id {
            Some(_) => ("too few", "if it is approved as it is, the CLI lacks "),
            None => ("lacks", ""),
        };
        line(label, paint.red(&format!("{what}{}", list(&device.lacks, "nothing"))));
    }
    if let Some(at) = device.at_ms {
        let expired = if device.expired { ", expired" } else { "" };
        let label = if device.request_id.is_some() { "asked" } else { "approved" };
        line(label, format!("{} ({}{expired})", utc(at), ago(at, now)));
    }
    if let Some(at) = device.last_seen_at_ms {
        line("seen", format!("{} ({})", utc(at), ago(at, now)));
    }
    if let Some(why) = &device.refused {
        line("refused", paint.red(&safe(&format!("do not approve it: {why}"))));
    }
    if !device.problems.is_empty() {
        line("problem", paint.red(&safe(&device.problems.join("; "))));
    }
    out
}
