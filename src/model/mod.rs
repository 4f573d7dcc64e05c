//! What the state means: typed, lenient views of the images. No rule, no word for people.

pub mod contact;
pub mod container;
pub mod database;
pub mod device;
mod entry;
pub mod facts;
pub mod identity;
pub mod layout;
mod own;
pub mod scopes;
pub mod store;

pub use own::{AuthCondition, CachedAuth, IdentityState};

use std::collections::HashSet;
use std::sync::Arc;

use crate::config::model::{AuthKind, ConfigModel, ConfigState, Signs};
use crate::config::release::{Release, Tokenless};
use crate::finding::Place;
use crate::format::scan::Member;
use crate::image::{Database, FileState, Images, Table};
use crate::plan::StoreKind;
use crate::secret::shape::Shape;
use device::{Device, List};
use facts::Facts;
use identity::Identity;
use layout::Part;
use own::{auth_of_file, auth_of_table, identity, identity_of_file, identity_to_import};
use scopes::Era;
use store::Records;

/// Everything the checks look at.
#[derive(Clone, Debug)]
pub struct Model {
    /// The bytes and rows that everything here was read from.
    pub images: Images,
    /// What is known of the state dir's surroundings.
    pub facts: Facts,
    /// Which generation counts here.
    pub store: StoreKind,
    /// The device that this machine's CLI says it is.
    pub identity: IdentityState,
    /// Paired devices in the store that counts.
    pub paired: Records,
    /// Pending requests in the store that counts.
    pub pending: Records,
    /// This machine's cached token.
    pub auth: CachedAuth,
    /// The paired record of this machine.
    pub local: Option<Device>,
    /// The pending requests of this machine, oldest first.
    pub requests: Vec<Device>,
    /// Which rules this gateway goes by.
    pub era: Era,
    /// The config, and what this machine is by it.
    pub config: ConfigModel,
    /// Whether the CLI has a shared token or password to send.
    pub shared: Shared,
    /// Files of the older generation beside a database that counts.
    pub legacy: Option<database::Legacy>,
}

/// Whether the CLI has something else than its device token to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Shared {
    /// The config holds a usable token or password for this gateway: a device token that does not
    /// match is replaced at the next connect (2026.2.26 and later, 2026.2.19 too).
    Present,
    /// None yet: the gateway's next start makes a token and writes it into the config, where the CLI finds it (seen on 2026.2.19,
    /// 2026.4.15, 2026.5.7).
    AtStart,
    /// `gateway.auth.mode` is `none`: nobody asks for one. The CLI shows its device all the same.
    Open,
    /// None, or one that only the environment can resolve: the device token has to match.
    #[default]
    Absent,
}

impl Model {
    /// Makes sense of images.
    pub fn of(images: Images, facts: Facts) -> Self {
        let config = ConfigState::of_images(&images, &facts.config);
        Self::with_config(images, facts, config)
    }

    /// The same, where the config is parsed already.
    pub fn with_config(images: Images, facts: Facts, config: ConfigState) -> Self {
        let store = generation(&images);
        let records = |part| match store {
            StoreKind::Files => Records::of_file(part, images.file(part)),
            StoreKind::Sqlite => Records::of_table(part, table(&images, part)),
        };
        let (paired, pending) = (records(Part::Paired), records(Part::Pending));
        let identity = identity(&images, store);
        let mut legacy = database::Legacy::beside(&images, store);
        let adopted = legacy.as_mut().and_then(|legacy| legacy.adopt(&identity));
        let identity = adopted.map_or(identity, IdentityState::Found);
        let auth = match store {
            StoreKind::Files => auth_of_file(images.file(Part::DeviceAuth)),
            StoreKind::Sqlite => {
                auth_of_table(table(&images, Part::DeviceAuth), identity.device_id())
            }
        };
        let local_id = identity.device_id();
        let local = local_id.and_then(|id| paired.device(paired.entry(id)?));
        let requests = local_id.map(|id| requests_of(&pending, id)).unwrap_or_default();
        let is_of = |has: fn(&Database) -> bool| database(&images).is_some_and(has);
        let signs = Signs {
            devices: !paired.entries.is_empty(),
            requests: !pending.entries.is_empty(),
            lock: facts.gateway != facts::GatewayProcess::NotRunning,
            config_first: store == StoreKind::Sqlite,
            booted: is_of(|database| database.has_booted),
            derives_port: is_of(|database| database.user_version >= DERIVES_PORT),
        };
        let mut config = ConfigModel::of(config, &facts.config, signs);
        if let Some(database) = database(&images) {
            config.take_stored(&database.secrets);
        }
        let written = facts.era.max(release(&images, &config).map_or(Era::Literal, Era::of));
        let era = if store == StoreKind::Sqlite || images.database.is_some() {
            Era::Least
        } else if local.as_ref().is_some_and(|local| local.approved_scopes != List::Missing) {
            written.max(Era::Implied)
        } else {
            written
        };
        let mut model = Self {
            images,
            facts,
            store,
            identity,
            paired,
            pending,
            auth,
            local,
            requests,
            era,
            config,
            shared: Shared::Absent,
            legacy,
        };
        model.shared = model.shared_under(model.release());
        model.by_its_release()
    }

    /// With what the release here goes by in this machine's record.
    fn by_its_release(mut self) -> Self {
        // Up to 2026.2.20 there is no other list: one that stands there is of a later release, which may be the one that runs.
        let scopes_first = self
            .by_release(|release| release.is_from("2026.2.21") && !release.is_from("2026.4.3"))
            == Some(true);
        if let Some(local) = &mut self.local {
            local.scopes_first = scopes_first;
            local.in_database = self.store == StoreKind::Sqlite;
        }
        self
    }

    /// What the CLI has to show under a release.
    fn shared_under(&self, release: Option<Release>) -> Shared {
        let facts = &self.config.facts;
        let is_set =
            || facts.seen_by_cli().chain(facts.seen_by_gateway()).any(|at| at.token.is_some());
        let is_made = || release.is_some_and(|release| self.makes_token(release));
        if self.config.agreed_secret().is_some() {
            Shared::Present
        } else if self.config.auth_kind() == AuthKind::None {
            Shared::Open
        } else if self.facts.gateway == facts::GatewayProcess::NotRunning && !is_set() && is_made()
        {
            Shared::AtStart
        } else {
            Shared::Absent
        }
    }

    /// Whether a start of a release that sees no shared token makes one and writes it into the config, also where other machines can
    /// reach it (2026.4.15, 2026.5.7).
    fn makes_token(&self, release: Release) -> bool {
        release.tokenless() == Tokenless::Writes
            && self.config.auth_kind() == AuthKind::Token
            && self.config.may_get_token()
    }

    /// The same state, where this machine's identity is `identity`.
    #[must_use]
    pub fn with_identity(mut self, identity: Identity) -> Self {
        let id = identity.derived_id.clone();
        if self.store == StoreKind::Sqlite {
            self.auth = auth_of_table(table(&self.images, Part::DeviceAuth), Some(&id));
        }
        self.local = self.paired.entry(&id).and_then(|entry| self.paired.device(entry));
        self.requests = requests_of(&self.pending, &id);
        if let Some(legacy) = &mut self.legacy {
            legacy.adopted = None;
        }
        self.identity = IdentityState::Found(identity);
        self.by_its_release()
    }

    /// The identity, where it can be used: whole, keys that match. Its id is the one the key hashes
    /// to, which is what every release goes by.
    pub fn usable_identity(&self) -> Option<&Identity> {
        match &self.identity {
            IdentityState::Found(identity) if identity.keys_match => Some(identity),
            _ => None,
        }
    }

    /// The release that wrote the database, where there is one that says so.
    pub fn written_by(&self) -> Option<String> {
        database(&self.images)?.app_version.clone()
    }

    /// The release that most likely runs here: the latest that has left its name in the database or in the
    /// config's `meta`. `None`: none has.
    pub fn release(&self) -> Option<Release> {
        release(&self.images, &self.config)
    }

    /// Whether the CLI's token was made under a shared secret, and there is none now: dead (2026.9.6).
    pub fn is_token_of_lost_secret(&self) -> bool {
        let token = self.local.as_ref().and_then(|local| local.operator.as_ref());
        self.store == StoreKind::Sqlite
            && self.shared == Shared::Absent
            && token.is_some_and(|token| token.has_issuer)
    }

    /// Whether a CLI that has a shared token or password to show sends no device at all (2026.7.1 and later).
    pub fn omits_device(&self) -> bool {
        self.shared == Shared::Present && self.would_omit_device()
    }

    /// The same of a CLI that has a shared secret which only OpenClaw can look up.
    pub fn may_omit_device(&self) -> bool {
        self.is_secret_elsewhere() && self.would_omit_device()
    }

    /// Whether the shared secret is kept where only OpenClaw looks it up.
    pub fn is_secret_elsewhere(&self) -> bool {
        self.shared == Shared::Absent && self.config.is_secret_elsewhere()
    }

    fn would_omit_device(&self) -> bool {
        let late = self.release().is_some_and(|release| release.is_from("2026.7.1"));
        let is_late = late || self.store == StoreKind::Sqlite;
        // Behind a proxy the password is tried beside the device.
        is_late && self.config.auth_kind() != AuthKind::Proxy
    }

    /// Whether a device id is the hash of this machine's key, or of that of the device paired under it.
    pub fn proves(&self, id: &str) -> bool {
        self.local_id() == Some(id) || self.paired.entry(id).is_some_and(|entry| entry.is_proved())
    }

    /// A device id as it may be shown.
    pub fn shown_id(&self, id: &str) -> String {
        Shape::DeviceId.show_proved(id, &|id| self.proves(id))
    }

    /// The device ids that are the hash of a public key beside them.
    pub fn proved_ids(&self) -> HashSet<String> {
        let local = self.local_id().map(str::to_owned);
        let paired = self.paired.entries.iter().filter(|entry| entry.is_proved());
        let pending =
            self.pending.devices().filter_map(|device| device.proved_id().map(str::to_owned));
        local.into_iter().chain(paired.map(|entry| entry.key.clone())).chain(pending).collect()
    }

    /// Whether the files hold the pairing, and the database the identity: a release from 2026.8 on was here, and
    /// its gateway was not.
    pub fn is_half_moved(&self) -> bool {
        self.store == StoreKind::Files
            && self.identity != IdentityState::Absent
            && identity_of_file(self.images.file(Part::Identity)) == IdentityState::Absent
    }

    /// Where every record of a file stands; `None` where they are not all known.
    pub fn members(&self, part: Part) -> Option<Vec<Member>> {
        let mut records = [&self.paired, &self.pending].into_iter();
        records.find(|records| records.part == part)?.members()
    }

    /// The database, where there is one that could be read.
    pub fn database(&self) -> Option<&Database> {
        database(&self.images)
    }

    /// This machine's device id, where its identity is whole.
    pub fn local_id(&self) -> Option<&str> {
        self.identity.device_id()
    }

    /// The paired entry of this machine, also where its record is broken.
    pub fn local_entry(&self) -> Option<&store::Entry> {
        self.paired.entry(self.local_id()?)
    }

    /// Whether the saved token is one of this machine's device, as OpenClaw reads it.
    pub fn is_saved_token_ours(&self) -> bool {
        self.auth.condition == AuthCondition::Good
            && self.auth.device_id.as_deref() == self.local_id()
    }

    /// Whether the paired token and the cached one are one and the same, usable on both sides.
    pub fn tokens_agree(&self) -> bool {
        let ours = self.local.as_ref().and_then(|local| local.operator.as_ref());
        match (ours, &self.auth.operator) {
            (Some(ours), Some(cached)) => {
                self.is_saved_token_ours()
                    && !ours.revoked
                    && !self.is_token_of_lost_secret()
                    && ours.token.is_some()
                    && ours.token == cached.token
            }
            _ => false,
        }
    }
}

/// The requests of a device, oldest first.
fn requests_of(pending: &Records, id: &str) -> Vec<Device> {
    let own = pending.devices().filter(|device| device.device_id.as_deref() == Some(id));
    let mut requests: Vec<Device> = own.collect();
    requests.sort_by_key(|request| request.asked_at_ms);
    requests
}

/// Which generation counts: the database as soon as its pairing table has the column of 2026.8. Also
/// one that cannot be read, unless pairing files lie there: then nobody can tell, and to take the
/// state for one without any pairing would be wrong.
fn generation(images: &Images) -> StoreKind {
    let counts = match images.database.as_ref().map(|database| &database.state) {
        None => false,
        Some(Ok(database)) => database.holds_pairing(),
        Some(_) => [Part::Paired, Part::Pending].into_iter().all(|part| {
            images.file(part).is_none_or(|image| matches!(image.state, FileState::Absent))
        }),
    };
    if counts { StoreKind::Sqlite } else { StoreKind::Files }
}

fn release(images: &Images, config: &ConfigModel) -> Option<Release> {
    let wrote = || Release::parse(database(images)?.app_version.as_deref()?);
    let named = [wrote(), config.state.written_by()];
    named.into_iter().flatten().reduce(|one, other| if other.is_after(one) { other } else { one })
}

/// The `user_version` from which a named profile has a port of its own (2026.9.6).
const DERIVES_PORT: i64 = 18;

fn database(images: &Images) -> Option<&Database> {
    images.database.as_ref()?.state.as_ref().ok()
}

fn table(images: &Images, part: Part) -> Option<Arc<Table>> {
    database(images)?.tables.get(&part).cloned()
}

/// How a container is named in messages: the file, or the table.
pub fn place_of(store: StoreKind, part: Part) -> Place {
    match (store, part.file()) {
        (StoreKind::Files, Some(file)) => file.into(),
        _ => Place::from(layout::DATABASE).key(part.table()),
    }
}
