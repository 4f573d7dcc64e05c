//! In which files, tables and columns a release of OpenClaw keeps what.
//!
//! Everything above the stores speaks of *parts* and *fields* by OpenClaw's JSON names; this file says
//! where a release keeps them. Facts: releases 2026.2.19 to 2026.9.6 on disk, see `docs/state.md`.

/// A piece of pairing state, wherever a release keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Paired devices, by `deviceId`.
    Paired,
    /// Pairing requests that wait for approval, by `requestId`.
    Pending,
    /// Bootstrap (setup code) tokens. Kept and restored, never edited.
    Bootstrap,
    /// This machine's key pair. The keys themselves are never edited.
    Identity,
    /// This machine's cached device token.
    DeviceAuth,
    /// Device tokens for remote gateways (SQLite only). Kept and restored, never edited.
    OriginTokens,
    /// The identity's file as the macOS app has claimed it for its import into the database (a file alone).
    NativeClaim,
    /// The same, claimed by `openclaw doctor`.
    DoctorClaim,
}

impl Part {
    /// Every part, in the order they are shown.
    pub const ALL: [Part; 8] = [
        Part::Paired,
        Part::Pending,
        Part::Bootstrap,
        Part::Identity,
        Part::DeviceAuth,
        Part::OriginTokens,
        Part::NativeClaim,
        Part::DoctorClaim,
    ];

    /// The identity's file, and what an interrupted import of it leaves.
    pub const IDENTITY_FILES: [Part; 3] = [Part::Identity, Part::NativeClaim, Part::DoctorClaim];

    /// Whether only an interrupted import leaves it.
    pub fn is_claim(self) -> bool {
        matches!(self, Part::NativeClaim | Part::DoctorClaim)
    }

    /// The file of the file generation (up to 2026.7.x), relative to the state dir.
    pub fn file(self) -> Option<&'static str> {
        match self {
            Part::Paired => Some("devices/paired.json"),
            Part::Pending => Some("devices/pending.json"),
            Part::Bootstrap => Some("devices/bootstrap.json"),
            Part::Identity => Some("identity/device.json"),
            Part::DeviceAuth => Some("identity/device-auth.json"),
            Part::OriginTokens => None,
            Part::NativeClaim => Some("identity/device.json.native-importing"),
            Part::DoctorClaim => Some("identity/device.json.doctor-importing"),
        }
    }

    /// The table of the SQLite generation (from 2026.8.1); empty where there is none.
    pub fn table(self) -> &'static str {
        match self {
            Part::Paired => "device_pairing_paired",
            Part::Pending => "device_pairing_pending",
            Part::Bootstrap => "device_bootstrap_tokens",
            Part::Identity => "device_identities",
            Part::DeviceAuth => "device_auth_tokens",
            Part::OriginTokens => "gateway_origin_device_tokens",
            Part::NativeClaim | Part::DoctorClaim => "",
        }
    }

    /// The primary key columns of the table, in order.
    pub fn key_columns(self) -> &'static [&'static str] {
        match self {
            Part::Paired => &["device_id"],
            Part::Pending => &["request_id"],
            Part::Bootstrap => &["token_key"],
            Part::Identity => &["identity_key"],
            Part::DeviceAuth => &["device_id", "role"],
            Part::OriginTokens => &["gateway_scope", "device_id", "role"],
            Part::NativeClaim | Part::DoctorClaim => &[],
        }
    }

    /// The part a pairing file belongs to.
    pub fn of_file(relative: &str) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.file() == Some(relative))
    }

    /// Those that have a table in the database.
    pub fn tables() -> impl Iterator<Item = Part> {
        Part::ALL.into_iter().filter(|part| !part.table().is_empty())
    }
}

/// The folder in which Home Assistant keeps the state of its add-ons.
pub const ADDONS: &str = "addon_configs";

/// The folder of the pairing files, relative to the state dir.
pub const DEVICES_DIR: &str = "devices";
/// The folder of this machine's identity files, relative to the state dir.
pub const IDENTITY_DIR: &str = "identity";
/// The database, relative to the state dir.
pub const DATABASE: &str = "state/openclaw.sqlite";
/// The database of OpenClaw's notes about databases whose check failed, relative to the state dir.
pub const QUARANTINE: &str = "state/openclaw-quarantine.sqlite";
/// The endings of the files that SQLite keeps beside a database.
pub const DATABASE_SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];
/// The column of `device_pairing_paired` whose presence means that the database counts and the files
/// do not (2026.8.1 and later; 2026.6 and 2026.7 have the tables, empty and without it).
pub const GENERATION_COLUMN: &str = "approved_via";
/// The table that names the release that wrote the database.
pub const SCHEMA_META: &str = "schema_meta";
/// The table of the gateway's own settings. Key `state.schema.contentVersion`: the schema that has been
/// applied, from 2026.9 on; `user_version` may lag behind it.
pub const MACHINE_STATE: &str = "config_machine_state";
/// The table with a row for each start of a gateway (from 2026.8): where it has one, this is a gateway's host.
pub const BOOTS: &str = "gateway_boot_lifecycle";
/// The table of the secrets that the config refers to with `source: "store"`.
pub const SECRETS: &str = "secret_store_entries";
/// The `identity_key` of this machine's identity row.
pub const PRIMARY_IDENTITY: &str = "primary";
/// The `PRAGMA user_version` from which the database counts, and a gateway does not start without one of its tables (2026.8.1;
/// seen on 2026.8.2 and 2026.9.6).
pub const HOLDS_PAIRING: i64 = 15;
/// The tables, besides those that are read, without one of which a gateway does not start on such a database: the same in 2026.8.2,
/// 2026.9.5 and 2026.9.6, whose own check of the schema was asked for each. The others it makes anew.
pub const NEEDED_TABLES: &str = "\
    acp_replay_events acp_replay_sessions acp_sessions agent_database_leases agent_databases \
    agent_deletion_journal apns_registration_tombstones apns_registrations audit_events audit_identity_keys \
    backup_runs capture_blobs capture_events capture_sessions channel_ingress_events \
    channel_pairing_allow_entries channel_pairing_requests claw_cron_refs claw_installs claw_mcp_server_refs \
    claw_package_refs claw_workspace_files clawhub_promotion_claims config_health_entries \
    config_machine_state cron_job_scratch cron_jobs current_conversation_bindings delivery_queue_entries \
    diagnostic_events exec_approvals_config fleet_cells flow_runs gateway_boot_lifecycle \
    gateway_origin_device_tokens gateway_restart_handoff gateway_restart_intent gateway_restart_sentinel \
    macos_port_guardian_records managed_outgoing_image_records mcp_oauth_stores meeting_transcript_sessions \
    meeting_transcript_summaries meeting_transcript_utterances migration_runs migration_sources \
    native_hook_relay_bridges official_external_plugin_catalog_snapshots operator_approvals \
    outbound_media_provenance plugin_binding_approvals plugin_blob_entries plugin_state_entries \
    sandbox_registry_entries session_groups session_state_events session_state_heads session_upstream_links \
    session_watch_cursors skill_upload_chunks skill_uploads skill_usage subagent_runs \
    task_delivery_state task_runs web_push_subscriptions worker_environment_credentials worker_environments \
    worker_inference_turns worker_session_placements worker_transcript_commit_heads \
    worker_transcript_commits worker_workspace_pending_results worker_workspace_reconciliations \
    workspace_generated_bootstrap_hashes workspace_path_aliases workspace_setup_state \
    worktree_provisioned_file_chunks worktrees";
/// Columns of the tables that are read which a start adds where they are missing (asked in the same way).
pub const ADDED_COLUMNS: [&str; 6] = [
    "operator_label",
    "browser_origin",
    "approved_via",
    "node_surface_json",
    "pending_node_surface_json",
    "refreshed_at_ms",
];
/// The newest `PRAGMA user_version` this was checked against (2026.9.6).
pub const NEWEST_KNOWN_USER_VERSION: i64 = 18;
/// Releases and the number of the schema that each gives the database, in order; those between two have one
/// of the two numbers (read from the releases' code).
pub const USER_VERSIONS: [(&str, i64); 4] =
    [("2026.8.1", 15), ("2026.8.2", 15), ("2026.9.1", 15), ("2026.9.6", NEWEST_KNOWN_USER_VERSION)];
/// The config's name in the state dir.
pub const CONFIG: &str = "openclaw.json";
/// The legacy config names in the state dir, newest first.
pub const LEGACY_CONFIGS: [&str; 2] = ["clawdbot.json", "moltbot.json"];
/// The folder below the state dir that is clawmend's own.
pub const OWN_DIR: &str = "clawmend";
/// Where clawmend keeps its snapshots, relative to the state dir.
pub const SNAPSHOTS_DIR: &str = "clawmend/snapshots";
/// Where clawmend keeps its journal, relative to the state dir.
pub const JOURNAL: &str = "clawmend/journal.json";
/// Where clawmend keeps its lock, relative to the state dir.
pub const LOCK: &str = "clawmend/lock";

/// Whether a path relative to the state dir is of the database, or of what clawmend keeps for itself: no config,
/// whatever includes it. Letters count alike in both sizes: some file systems take them so.
pub fn is_taken(relative: &str) -> bool {
    let relative = relative.to_ascii_lowercase();
    let relative = relative.as_str();
    let of_database = |end: &str| end.is_empty() || DATABASE_SIDE_FILES.contains(&end);
    [JOURNAL, LOCK].contains(&relative)
        || std::path::Path::new(relative).starts_with(SNAPSHOTS_DIR)
        || relative.strip_prefix(DATABASE).is_some_and(of_database)
}

/// Whether a path relative to the state dir lies in clawmend's own folder.
pub fn is_own(relative: &str) -> bool {
    let first = relative.split('/').next().unwrap_or_default();
    first.eq_ignore_ascii_case(OWN_DIR)
}

/// How a JSON field of a record is kept in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// The JSON value's text, e.g. `["operator"]` in `roles_json`.
    Json,
    /// A JSON string as TEXT.
    Text,
    /// A JSON integer as INTEGER.
    Integer,
    /// A JSON boolean as 0 or 1.
    Boolean,
}

/// A record's field and the column that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// OpenClaw's JSON name, e.g. `approvedScopes`.
    pub field: &'static str,
    /// The column, e.g. `approved_scopes_json`.
    pub column: &'static str,
    /// How the value is kept.
    pub kind: ColumnKind,
}

const fn text(field: &'static str, column: &'static str) -> Column {
    Column { field, column, kind: ColumnKind::Text }
}
const fn json(field: &'static str, column: &'static str) -> Column {
    Column { field, column, kind: ColumnKind::Json }
}
const fn integer(field: &'static str, column: &'static str) -> Column {
    Column { field, column, kind: ColumnKind::Integer }
}
const fn boolean(field: &'static str, column: &'static str) -> Column {
    Column { field, column, kind: ColumnKind::Boolean }
}

const PAIRED_COLUMNS: &[Column] = &[
    text("deviceId", "device_id"),
    text("publicKey", "public_key"),
    text("displayName", "display_name"),
    text("operatorLabel", "operator_label"),
    text("platform", "platform"),
    text("deviceFamily", "device_family"),
    text("clientId", "client_id"),
    text("clientMode", "client_mode"),
    text("browserOrigin", "browser_origin"),
    text("role", "role"),
    json("roles", "roles_json"),
    json("scopes", "scopes_json"),
    json("approvedScopes", "approved_scopes_json"),
    text("remoteIp", "remote_ip"),
    json("tokens", "tokens_json"),
    text("approvedVia", "approved_via"),
    json("nodeSurface", "node_surface_json"),
    json("pendingNodeSurface", "pending_node_surface_json"),
    integer("createdAtMs", "created_at_ms"),
    integer("approvedAtMs", "approved_at_ms"),
    integer("lastSeenAtMs", "last_seen_at_ms"),
    text("lastSeenReason", "last_seen_reason"),
];

const PENDING_COLUMNS: &[Column] = &[
    text("requestId", "request_id"),
    text("deviceId", "device_id"),
    text("publicKey", "public_key"),
    text("displayName", "display_name"),
    text("platform", "platform"),
    text("deviceFamily", "device_family"),
    text("clientId", "client_id"),
    text("clientMode", "client_mode"),
    text("browserOrigin", "browser_origin"),
    text("role", "role"),
    json("roles", "roles_json"),
    json("scopes", "scopes_json"),
    text("remoteIp", "remote_ip"),
    boolean("silent", "silent"),
    boolean("isRepair", "is_repair"),
    integer("ts", "ts"),
    integer("refreshedAtMs", "refreshed_at_ms"),
];

const IDENTITY_COLUMNS: &[Column] = &[
    text("identityKey", "identity_key"),
    text("deviceId", "device_id"),
    text("publicKeyPem", "public_key_pem"),
    text("privateKeyPem", "private_key_pem"),
    integer("createdAtMs", "created_at_ms"),
    integer("updatedAtMs", "updated_at_ms"),
];

/// One row per role. The record of this part is `{ deviceId, tokens: { ROLE: { ... } } }` as in
/// `device-auth.json`; these are the fields of a role's entry.
const DEVICE_AUTH_COLUMNS: &[Column] = &[
    text("token", "token"),
    text("role", "role"),
    json("scopes", "scopes_json"),
    integer("updatedAtMs", "updated_at_ms"),
];

impl Part {
    /// The fields of the part's records and their columns. Columns that are not listed are kept as
    /// they are.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Part::Paired => PAIRED_COLUMNS,
            Part::Pending => PENDING_COLUMNS,
            Part::Identity => IDENTITY_COLUMNS,
            Part::DeviceAuth => DEVICE_AUTH_COLUMNS,
            Part::Bootstrap | Part::OriginTokens | Part::NativeClaim | Part::DoctorClaim => &[],
        }
    }

    /// The column that holds a field.
    pub fn column_of(self, field: &str) -> Option<Column> {
        self.columns().iter().copied().find(|column| column.field == field)
    }
}

/// The words for `gateway.bind`.
pub const BINDS: [&str; 5] = ["loopback", "lan", "tailnet", "auto", "custom"];
/// The words for `gateway.mode`.
pub const MODES: [&str; 2] = ["local", "remote"];
/// The words for `gateway.auth.mode`.
pub const AUTH_MODES: [&str; 4] = ["none", "token", "password", "trusted-proxy"];
/// Where a secret may be kept that the config only refers to.
pub const SECRET_SOURCES: [&str; 4] = ["env", "file", "exec", "store"];

/// Fields whose values are secrets, anywhere in OpenClaw's state or config.
pub fn is_secret_field(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "password", "secret", "privatekey", "private_key", "apikey", "api_key", "passphrase"]
        .iter()
        .any(|word| name.contains(word))
        && !matches!(name.as_str(), "tokens" | "tokens_json" | "maxtokens")
}

/// Where the file generation keeps the jobs of `cron`.
pub const CRON_JOBS: &str = "cron/jobs.json";
