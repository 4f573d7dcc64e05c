#!/usr/bin/env python3
"""Makes state dirs for measuring: a store of N paired devices in which this machine's CLI is locked out.

usage: generate.py files DIR N      devices/paired.json (about 800 bytes a device), pending, identity
       generate.py sqlite DIR N     the same as rows of state/openclaw.sqlite
       generate.py requests DIR N   N requests of this machine's own in the database
       generate.py padded DIR MB    the SQLite fixture with MB megabytes of other tables' rows
"""
import base64
import hashlib
import json
import os
import shutil
import sqlite3
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "tests", "fixtures")
NOW = 1795535944822


def device(number):
    key = hashlib.sha256(b"key %d" % number).digest()
    token = base64.urlsafe_b64encode(hashlib.sha256(b"token %d" % number).digest()).rstrip(b"=").decode()
    scopes = ["operator.admin", "operator.approvals", "operator.pairing"]
    return {
        "deviceId": hashlib.sha256(key).hexdigest(),
        "publicKey": base64.urlsafe_b64encode(key).rstrip(b"=").decode(),
        "displayName": "device %d" % number,
        "platform": "linux",
        "clientId": "openclaw-control-ui",
        "clientMode": "webchat",
        "role": "operator",
        "roles": ["operator"],
        "scopes": scopes,
        "approvedScopes": scopes,
        "tokens": {"operator": {"token": token, "role": "operator", "scopes": scopes, "createdAtMs": NOW + number}},
        "createdAtMs": NOW + number,
        "approvedAtMs": NOW + number,
    }


def files(to, count):
    source = os.path.join(FIXTURES, "2026.5.28-scope-upgrade-pending")
    shutil.copytree(source, to, dirs_exist_ok=True)
    path = os.path.join(to, "devices", "paired.json")
    with open(path) as file:
        own = json.load(file)
    store = {}
    for number in range(count):
        if number == count // 2:
            store.update(own)
        one = device(number)
        store[one["deviceId"]] = one
    if not store:
        store = own
    with open(path, "w") as file:
        json.dump(store, file, indent=2)


def sqlite(to, count):
    shutil.copytree(os.path.join(FIXTURES, "2026.9.6-sqlite-read-only"), to, dirs_exist_ok=True)
    database = sqlite3.connect(os.path.join(to, "state", "openclaw.sqlite"))
    rows = []
    for number in range(count):
        one = device(number)
        dump = lambda name: json.dumps(one[name], separators=(",", ":"))
        rows.append((one["deviceId"], one["publicKey"], one["displayName"], "linux", "openclaw-control-ui", "webchat",
                     "operator", dump("roles"), dump("scopes"), dump("scopes"), dump("tokens"), "owner",
                     one["createdAtMs"], one["approvedAtMs"]))
    database.executemany(
        "insert into device_pairing_paired (device_id, public_key, display_name, platform, client_id, client_mode, role,"
        " roles_json, scopes_json, approved_scopes_json, tokens_json, approved_via, created_at_ms, approved_at_ms)"
        " values (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", rows)
    database.commit()
    database.close()


def requests(to, count):
    sqlite(to, 0)
    database = sqlite3.connect(os.path.join(to, "state", "openclaw.sqlite"))
    own = database.execute("select device_id, public_key from device_pairing_paired").fetchone()
    database.executemany(
        "insert into device_pairing_pending (request_id, device_id, public_key, platform, client_id, client_mode, role,"
        " roles_json, scopes_json, silent, is_repair, ts) values (?,?,?,'linux','cli','cli','operator','[\"operator\"]',"
        " '[\"operator.admin\"]',0,1,?)",
        [("%08x-0000-4000-8000-%012x" % (number, number), *own, NOW + number) for number in range(count)])
    database.commit()
    database.close()


def padded(to, megabytes):
    sqlite(to, 0)
    database = sqlite3.connect(os.path.join(to, "state", "openclaw.sqlite"))
    database.execute("create table if not exists bench_padding (n integer primary key, filler blob not null) strict")
    for start in range(0, megabytes, 16):
        rows = [(os.urandom(1_000_000),) for _ in range(min(16, megabytes - start))]
        database.executemany("insert into bench_padding (filler) values (?)", rows)
        database.commit()
    database.close()


if __name__ == "__main__":
    {"files": files, "sqlite": sqlite, "requests": requests, "padded": padded}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
