//! A sandbox for a thread, by Linux's Landlock: the kernel looks at where a file really lies, whatever the
//! path to it was. From Linux 5.19 on (the first that allows renames within a folder), where it is turned on.

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus,
};

use super::folder::UnixFolder;

/// Rules that are ready to hold for a thread, and for all that it starts.
#[derive(Debug)]
pub struct Sandbox(RulesetCreated);

/// What the rules know: reading a file, and each way of changing files and folders.
fn known() -> BitFlags<AccessFs> {
    AccessFs::from_write(ABI::V3) | AccessFs::ReadFile
}

/// The system's random bytes, which SQLite takes for the salts of its log.
const RANDOM: &str = "/dev/urandom";

impl Sandbox {
    /// Files are to be read, and with `true` changed, in and below these folders alone. `None`: the
    /// kernel cannot.
    pub fn around<'a>(folders: impl IntoIterator<Item = (&'a UnixFolder, bool)>) -> Option<Self> {
        Self::try_around(folders).ok().map(Self)
    }

    fn try_around<'a>(
        folders: impl IntoIterator<Item = (&'a UnixFolder, bool)>,
    ) -> Result<RulesetCreated, RulesetError> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V2) & known())?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(known())?
            .create()?;
        for (folder, write) in folders {
            let access = if write { known() } else { AccessFs::ReadFile.into() };
            rules = rules.add_rule(PathBeneath::new(folder, access))?;
        }
        if let Ok(random) = PathFd::new(RANDOM) {
            rules = rules.add_rule(PathBeneath::new(random, AccessFs::ReadFile))?;
        }
        // SQLite tries to write before it reads: no matter for the system's audit log.
        rules.log_same_exec(false)
    }

    /// Whether this thread is in it from now on, to its end.
    pub fn close(self) -> bool {
        self.0.restrict_self().is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
    }
}
