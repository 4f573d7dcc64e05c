//! Reading: where the state is, the config with what it includes and its copies, the stores, the files
//! that set variables, the process table, and other state dirs nearby. Nothing here writes.

pub mod candidates;
mod compose;
mod config;
pub mod containers;
mod disk;
mod dotenv;
pub mod env;
mod kept;
mod launchd;
pub mod locate;
mod places;
mod pm2;
mod process;
mod quadlet;
mod surroundings;
mod systemd;
mod trees;
mod variables;
mod wrong;
mod yaml;

pub use config::read_copy;
pub use surroundings::listing;

use crate::error::Error;
use crate::model::Model;
use crate::store::Stores;
use crate::store::json::JsonStore;
use crate::store::sqlite::SqliteStore;
use env::Env;
use locate::Located;

/// Reads everything: the stores, which then know every file of the config, and what it all means.
pub fn read(
    located: &Located,
    env: &Env,
    now_ms: i64,
    sqlite: SqliteStore,
) -> Result<(Stores, Model), Error> {
    let files = JsonStore::new(located.state_dir.clone(), Vec::new());
    let mut stores = Stores { files, sqlite };
    let mut images = stores.read()?;
    let mut facts = surroundings::facts(located, env, now_ms);
    let config = config::read(located, env, facts.era);
    // What was parsed is what the plan's edits are made on: no file of the config is read twice.
    images.texts.extend(config.images);
    facts.config = config.facts;
    stores.files = config.files;
    Ok((stores, Model::with_config(images, facts, config.state)))
}

#[cfg(test)]
mod tests;
