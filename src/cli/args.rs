//! The command line, as data: clap types only.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

/// Opens a locked-out OpenClaw from the outside.
#[derive(Debug, Parser)]
#[command(
    name = "clawmend",
    version,
    about = "Opens a locked-out OpenClaw from the outside: says what is wrong, shows what it would change, changes it, can undo it",
    long_about = "clawmend opens an OpenClaw that has locked you out (`gateway closed (1008): pairing required` and messages like it).\n\n\
        It works on OpenClaw's state files alone: it needs no paired CLI, no running gateway and no network, and it stops and \
        starts no gateway. Every change is previewed, backed up into a snapshot first, and can be undone.",
    after_help = AFTER_HELP
)]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// The command; without one, `diagnose`.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const AFTER_HELP: &str = "\
What to do when locked out:
  clawmend                    what is wrong, and what to do
  clawmend repair --dry-run   every change it would make (changes nothing)
  clawmend repair             the same, one question, a snapshot, the changes
  clawmend undo               takes the last change back

Exit codes:
  0  done, or healthy (restore and undo: done, also if the older state is locked out)
  1  something still blocks the CLI, or could not be checked
  2  the command line is wrong
  3  refused or not found: you answered no, nobody can answer, an unsafe path, another clawmend
  4  state not readable or not writable (nothing changed), or the output was lost
  5  a change stopped half-way; the next command that writes takes it back";

/// Flags that every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// OpenClaw's state dir [default: as OpenClaw finds it: OPENCLAW_STATE_DIR, the profile, ~/.openclaw]
    #[arg(long, global = true, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// OpenClaw's config file [default: openclaw.json in the state dir]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// OpenClaw's profile, as in `openclaw --profile NAME`
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Where snapshots are kept [default: clawmend/snapshots in the state dir]
    #[arg(long, global = true, value_name = "DIR")]
    pub snapshot_dir: Option<PathBuf>,
    /// Whether the command looks into snapshots, which may hold a config that is gone.
    #[arg(skip)]
    pub goes_back: bool,
    /// Print one JSON document to stdout instead of text (not: demo, completions, man)
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colour (NO_COLOR turns it off)
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Print less: only what fails, and the result
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print everything: each reason, and the steps of the gateway's decision
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what is wrong, the worst first (the default; changes nothing)
    #[command(
        after_help = "Exit: 0 nothing blocks the CLI, 1 something does or could not be checked.\n\n\
        Examples:\n  clawmend\n  clawmend -v\n  clawmend diagnose --json | jq -r '.findings[].code'\n  sudo clawmend diagnose --all"
    )]
    #[command(aliases = ["doctor", "status"])]
    Diagnose(Diagnose),
    /// Repair what locks the CLI out: preview, one question, a snapshot, the changes
    #[command(alias = "fix")]
    Repair(Repair),
    /// Approve one pending request: this machine's own, or another device's by its id
    Approve(Approve),
    /// List pending and paired devices, read from disk
    #[command(
        after_help = "Examples:\n  clawmend devices\n  clawmend devices --json | jq '.paired[] | {name, scopes}'"
    )]
    Devices,
    /// Snapshots: make, list, show, verify, prune
    #[command(
        subcommand,
        after_help = "Examples:\n  clawmend snapshot create\n  clawmend snapshot list\n  clawmend snapshot prune --keep 10 --dry-run"
    )]
    Snapshot(SnapshotCommand),
    /// Go back to a snapshot (itself undoable)
    #[command(alias = "rollback")]
    Restore(Restore),
    /// Take back the last change of clawmend; typed again, the one before it
    #[command(
        after_help = "Goes back to the snapshot that was made before the last repair, approve or restore that is not undone yet.\n\
        `clawmend snapshot list` says what each `undo` takes back.\n\n\
        Exit: 0 the state is as before, even if that locks the CLI out (clawmend then says so, and what to do). With --dry-run: 1 if it would lock it out.\n\n\
        Examples:\n  clawmend undo --dry-run\n  clawmend undo"
    )]
    Undo(Back),
    /// Make a snapshot now: the same as `snapshot create`
    #[command(after_help = "Example:\n  clawmend backup --why before-update")]
    Backup(SnapshotCreate),
    /// Explain a finding, or an error message of OpenClaw
    Explain(Explain),
    /// Print what you can paste in an issue or a forum: without secrets, and with names, addresses and homes replaced
    Report(ReportArgs),
    /// Show diagnose, repair and restore on a built-in locked-out sample
    #[command(
        after_help = "Unpacks a sample into a temporary folder, and runs diagnose, repair --dry-run, repair and restore on it.\n\
        It changes nothing else.\n\nExamples:\n  clawmend demo\n  clawmend demo | less"
    )]
    Demo,
    /// Print a completion script for a shell
    #[command(
        after_help = "Examples:\n  clawmend completions bash > ~/.local/share/bash-completion/completions/clawmend\n  clawmend completions fish > ~/.config/fish/completions/clawmend.fish"
    )]
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: CompletionShell,
    },
    /// What a completion script asks
    #[command(hide = true)]
    Complete(Complete),
    /// Print the man page, or write all man pages into a folder
    #[command(
        after_help = "Examples:\n  clawmend man | man -l -\n  clawmend man ~/.local/share/man/man1"
    )]
    Man {
        /// The folder; its parent must exist
        #[arg(value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

/// A shell that has completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompletionShell {
    /// GNU Bash.
    Bash,
    /// Elvish.
    Elvish,
    /// Fish.
    Fish,
    /// PowerShell.
    Powershell,
    /// Zsh.
    Zsh,
}

/// `clawmend complete`, for the scripts of `clawmend completions`.
#[derive(Clone, Debug, Args)]
pub struct Complete {
    /// The word to complete
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    pub word: String,
    /// The words before it
    #[arg(last = true)]
    pub before: Vec<String>,
}

/// `clawmend diagnose`.
#[derive(Clone, Debug, Default, Args)]
pub struct Diagnose {
    /// Every state dir: of each profile, of legacy names; as root also of each user, volume and container
    #[arg(long)]
    pub all: bool,
}

/// How a command that changes the state goes about it.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Change {
    /// Show every change and change nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Do not remove old snapshots [default: the last 20 stay, and the last of each day for 14 days]
    #[arg(long, display_order = 100)]
    pub keep_all: bool,
}

/// `clawmend repair`.
#[derive(Clone, Debug, Default, Args)]
#[command(
    after_help = "Exit: 0 nothing blocks the CLI after the repair, 1 something still does (with --dry-run: would).\n\n\
    Examples:\n  clawmend repair --dry-run\n  clawmend repair --yes\n  clawmend repair --new-identity\n  clawmend repair --bind lan --new-token\n  clawmend repair --trust-proxy 10.0.0.5"
)]
pub struct Repair {
    /// How.
    #[command(flatten)]
    pub change: Change,
    /// Repair only these parts
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub only: Vec<Only>,
    /// Scopes for this machine's CLI: `full`, `requested`, or a list such as operator.read,operator.pairing
    #[arg(long, value_name = "full|requested|LIST", default_value = "full")]
    pub scopes: String,
    /// The new value of `gateway.bind`, if it must be repaired [default: lan for `0.0.0.0` and the like if a shared token or password is set; else loopback]
    #[arg(long, value_name = "MODE")]
    pub bind: Option<Bind>,
    /// Add a reverse proxy's address to `gateway.trustedProxies` (may be repeated)
    #[arg(long, value_name = "IP", value_parser = address)]
    pub trust_proxy: Vec<std::net::IpAddr>,
    /// Put a new random token into `gateway.auth.token`, if a placeholder (such as "undefined") is there or a token is needed
    #[arg(long)]
    pub new_token: bool,
    /// Give this machine's CLI a new identity (key pair) and pair it. A key pair that works is kept: `always` replaces it too (after a leak). A damaged identity keeps its private key if clawmend can tell that it is the right one
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "needed", hide_possible_values = true)]
    pub new_identity: Option<NewIdentity>,
    /// Replace a config that cannot be read with this copy
    #[arg(long, value_name = "FILE")]
    pub config_from: Option<PathBuf>,
}

/// Parts of a repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// Devices, requests and tokens.
    Pairing,
    /// openclaw.json and what it includes.
    Config,
}

/// When a new identity is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NewIdentity {
    /// Where there is none that works.
    Needed,
    /// In place of one that works too.
    Always,
}

/// Words for `gateway.bind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Bind {
    /// This machine only.
    Loopback,
    /// Every network of this machine: needs a shared token or password.
    Lan,
    /// The Tailscale network.
    Tailnet,
    /// OpenClaw decides.
    Auto,
}

impl Bind {
    /// OpenClaw's word.
    pub fn word(self) -> &'static str {
        match self {
            Bind::Loopback => "loopback",
            Bind::Lan => "lan",
            Bind::Tailnet => "tailnet",
            Bind::Auto => "auto",
        }
    }
}

/// `clawmend approve`.
#[derive(Clone, Debug, Default, Args)]
#[command(
    after_help = "This machine's own request, with its id or without: the CLI gets its full scopes, even if the request asks for less. Another device gets exactly what it asks for, and only if you give its id (or choose it on a terminal).\n\n\
    Exit: 0 nothing locks this machine's CLI out, 1 something does (another device is approved anyway).\n\n\
    To approve another device: `clawmend devices` shows the ids, then type `clawmend approve REQUEST_ID`.\n\n\
    Examples:\n  clawmend approve --dry-run\n  clawmend approve"
)]
pub struct Approve {
    /// The request's id, as `clawmend devices` shows it
    #[arg(value_name = "REQUEST_ID")]
    pub request: Option<String>,
    /// How.
    #[command(flatten)]
    pub change: Change,
}

/// `clawmend snapshot`.
#[derive(Clone, Debug, Subcommand)]
pub enum SnapshotCommand {
    /// Make a snapshot now
    #[command(after_help = "Example:\n  clawmend snapshot create --why before-update")]
    Create(SnapshotCreate),
    /// List the snapshots, newest first
    #[command(
        after_help = "Examples:\n  clawmend snapshot list\n  clawmend snapshot list --json | jq -r '.snapshots[0].id'"
    )]
    List,
    /// Show what a snapshot holds
    #[command(
        after_help = "Examples:\n  clawmend snapshot show\n  clawmend snapshot show latest --json"
    )]
    Show {
        /// Its id, the start of it, or `latest`
        #[arg(value_name = "ID", default_value = "latest")]
        id: String,
    },
    /// Check that a snapshot is whole
    #[command(
        after_help = "Examples:\n  clawmend snapshot verify\n  clawmend snapshot verify latest"
    )]
    Verify {
        /// Its id, the start of it, or `latest` [default: all]
        #[arg(value_name = "ID")]
        id: Option<String>,
    },
    /// Remove old snapshots (never the only one)
    #[command(
        override_usage = "clawmend snapshot prune [OPTIONS] <--keep <N>|--older-than <AGE>>",
        group = ArgGroup::new("rule").args(["keep", "older_than"]).required(true).multiple(true),
        after_help = "A snapshot goes if it is beyond --keep or older than --older-than; the newest always stays.\n\n\
        Examples:\n  clawmend snapshot prune --keep 10 --dry-run\n  clawmend snapshot prune --older-than 30d --yes"
    )]
    Prune {
        /// How many of the newest stay
        #[arg(long, value_name = "N", value_parser = number)]
        keep: Option<usize>,
        /// Remove those older than this: 12h, 30d, 8w
        #[arg(long, value_name = "AGE")]
        older_than: Option<String>,
        /// Show which snapshots would go, and remove nothing
        #[arg(short = 'n', long)]
        dry_run: bool,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// `clawmend snapshot create`, `clawmend backup`.
#[derive(Clone, Debug, Args)]
pub struct SnapshotCreate {
    /// A word in the snapshot's name
    #[arg(long, value_name = "WORD", default_value = "manual")]
    pub why: String,
    /// Do not remove old snapshots [default: the last 20 stay, and the last of each day for 14 days]
    #[arg(long)]
    pub keep_all: bool,
}

/// `clawmend restore`.
#[derive(Clone, Debug, Default, Args)]
#[command(
    after_help = "Exit: 0 the state is as in the snapshot, even if that locks the CLI out (clawmend then says so, and what to do). With --dry-run: 1 if it would lock it out.\n\n\
    Examples:\n  clawmend restore --dry-run\n  clawmend restore\n  clawmend restore latest --yes"
)]
pub struct Restore {
    /// The snapshot's id, the start of it, or `latest`
    #[arg(value_name = "ID", default_value = "latest")]
    pub id: String,
    /// How.
    #[command(flatten)]
    pub back: Back,
}

/// `clawmend undo`, and what `clawmend restore` has in common with it.
#[derive(Clone, Debug, Default, Args)]
pub struct Back {
    /// How.
    #[command(flatten)]
    pub change: Change,
    /// Go back even if that loses what was changed since
    #[arg(long)]
    pub force: bool,
}

/// `clawmend explain`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "F01 to F40 are failure modes: ways to be locked out that users have reported.\n\n\
    Examples:\n  clawmend explain\n  clawmend explain --list\n  clawmend explain cli-scopes-missing\n  clawmend explain \"gateway closed (1008): pairing required\"\n  openclaw devices list 2>&1 | clawmend explain\n  clawmend explain --file gateway.log"
)]
pub struct Explain {
    /// A finding's code, a failure mode (F01), or the text of an error message; `-` reads it from stdin [default: asks you to paste it]
    #[arg(value_name = "CODE|TEXT")]
    pub what: Vec<String>,
    /// List the codes of all findings
    #[arg(long, conflicts_with_all = ["what", "file"])]
    pub list: bool,
    /// Look for OpenClaw's messages in a file
    #[arg(short, long, value_name = "FILE", conflicts_with = "what")]
    pub file: Option<PathBuf>,
}

/// `clawmend report`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Changes nothing and sends nothing. It shortens ids, and replaces homes, users, hosts, addresses and names of devices.\n\n\
    Examples:\n  clawmend report\n  clawmend report --output report.md\n  clawmend report --json"
)]
pub struct ReportArgs {
    /// Also write it into this new file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// A value of `--keep`, refused in words.
fn number(text: &str) -> Result<usize, &'static str> {
    text.parse().map_err(|_| "this is not a whole number")
}

/// A value of `--trust-proxy`, refused in words.
fn address(text: &str) -> Result<std::net::IpAddr, &'static str> {
    text.parse().map_err(|_| "this is not one IP address, such as 10.0.0.5")
}
