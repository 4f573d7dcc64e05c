//! Unix: everything relative to handles, `O_NOFOLLOW` for every component, `renameat2` where it is.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Stat, Uid};

use crate::image::Meta;
use crate::platform::{FileKind, Folder};

/// A folder held open by its file descriptor.
#[derive(Debug)]
pub struct UnixFolder(OwnedFd);

const OPEN_FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl UnixFolder {
    /// Neither follows a link nor waits for whoever holds the other end.
    fn open_with(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.0, name, flags, Mode::empty())?;
        Ok(File::from(file))
    }

    /// Exchanges two names in one step, or renames only if the new one is free. `Unsupported` where the system
    /// or the file system has neither.
    #[cfg(any(
        target_os = "linux",
        target_os = "android",
        target_vendor = "apple",
        target_os = "redox"
    ))]
    fn rename(&self, from: &OsStr, to: &OsStr, exchange: bool) -> io::Result<()> {
        use rustix::fs::RenameFlags;
        use rustix::io::Errno;
        let flags = if exchange { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
        match rustix::fs::renameat_with(&self.0, from, &self.0, to, flags) {
            Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => {
                Err(io::ErrorKind::Unsupported.into())
            }
            done => Ok(done?),
        }
    }

    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_vendor = "apple",
        target_os = "redox"
    )))]
    fn rename(&self, _from: &OsStr, _to: &OsStr, _exchange: bool) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl AsFd for UnixFolder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Folder for UnixFolder {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::open(path, OPEN_FOLDER, Mode::empty())?))
    }

    fn folder(&self, name: &OsStr) -> io::Result<Self> {
        let flags = OPEN_FOLDER | OFlags::NOFOLLOW;
        Ok(Self(rustix::fs::openat(&self.0, name, flags, Mode::empty())?))
    }

    fn make_folder(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.0, name, Mode::RWXU)?)
    }

    fn here(&self) -> io::Result<Meta> {
        Ok(meta(&rustix::fs::fstat(&self.0)?))
    }

    fn look(&self, name: &OsStr) -> io::Result<(Meta, FileKind)> {
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok((with_links_of_now(meta(&stat), &self.0, name), kind(&stat)))
    }

    fn link_target(&self, name: &OsStr) -> io::Result<PathBuf> {
        let target = rustix::fs::readlinkat(&self.0, name, Vec::new())?;
        Ok(PathBuf::from(OsString::from_vec(target.into_bytes())))
    }

    fn open_file(&self, name: &OsStr) -> io::Result<File> {
        self.open_with(name, OFlags::RDONLY | OFlags::NOCTTY)
    }

    fn open_to_write(&self, name: &OsStr) -> io::Result<File> {
        self.open_with(name, OFlags::RDWR)
    }

    fn create_file(&self, name: &OsStr) -> io::Result<File> {
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        Ok(File::from(rustix::fs::openat(&self.0, name, flags, mode)?))
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsStr::from_bytes(name).to_owned());
            }
        }
        Ok(names)
    }

    fn exchange(&self, one: &OsStr, other: &OsStr) -> io::Result<()> {
        self.rename(one, other, true)
    }

    /// `RENAME_NOREPLACE`, or a second name and then one less: both fail if the name is taken. Where a
    /// file can have no second name either, the check and the rename are two steps.
    fn move_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        match self.rename(from, to, false) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
            done => return done,
        }
        if self.look(from)?.1 != FileKind::Folder {
            match self.link(from, to) {
                Ok(()) => return self.unlink(from),
                Err(error) if has_no_links(&error) => {}
                Err(error) => return Err(error),
            }
        }
        match self.look(to) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.move_over(from, to),
            Err(error) => Err(error),
        }
    }

    fn move_over(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &self.0, to)?)
    }

    fn link(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::linkat(&self.0, from, &self.0, to, AtFlags::empty())?)
    }

    fn unlink(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    fn sync(&self) -> io::Result<()> {
        match rustix::fs::fsync(&self.0) {
            // Some file systems have nothing to sync for a folder, and say so.
            Err(rustix::io::Errno::INVAL) => Ok(()),
            done => Ok(done?),
        }
    }

    fn try_hold(&self) -> Option<File> {
        let file = File::from(self.0.try_clone().ok()?);
        // Another open description, so that the lock ends with the result and not with the folder.
        let own = rustix::fs::openat(&file, ".", OPEN_FOLDER, Mode::empty()).ok()?;
        let own = File::from(own);
        own.try_lock().ok().map(|()| own)
    }

    fn is_read_only(&self) -> bool {
        rustix::fs::fstatvfs(&self.0)
            .is_ok_and(|fs| fs.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
    }

    #[cfg(target_os = "linux")]
    fn is_mounted(&self, name: &OsStr) -> bool {
        use rustix::fs::{StatxAttributes, StatxFlags, statx};
        statx(&self.0, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::TYPE)
            .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
    }

    #[cfg(not(target_os = "linux"))]
    fn is_mounted(&self, _name: &OsStr) -> bool {
        false
    }

    fn meta_of(file: &File) -> io::Result<(Meta, FileKind)> {
        let stat = rustix::fs::fstat(file)?;
        Ok((with_links_of_now(meta(&stat), file, OsStr::new("")), kind(&stat)))
    }

    fn own_file(file: &File, uid: u32, gid: u32) -> io::Result<()> {
        Ok(rustix::fs::fchown(file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?)
    }

    fn mode_file(file: &File, mode: u32) -> io::Result<()> {
        Ok(rustix::fs::fchmod(file, Mode::from_raw_mode(mode as _))?)
    }
}

/// How Linux and the BSDs say that a file system knows no second names.
fn has_no_links(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::PERM | Errno::NOSYS | Errno::INVAL | Errno::NOTSUP | Errno::MLINK))
}

/// FUSE answers from memory for a second, and there a file that had a second name still has it.
#[cfg(target_os = "linux")]
fn with_links_of_now(found: Meta, at: impl AsFd, name: &OsStr) -> Meta {
    use rustix::fs::{StatxFlags, statx};
    if found.nlink < 2 {
        return found;
    }
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::STATX_FORCE_SYNC | AtFlags::EMPTY_PATH;
    match statx(at, name, flags, StatxFlags::NLINK) {
        Ok(now) => Meta { nlink: now.stx_nlink.into(), ..found },
        Err(_) => found,
    }
}

#[cfg(not(target_os = "linux"))]
fn with_links_of_now(found: Meta, _at: impl AsFd, _name: &OsStr) -> Meta {
    found
}

#[allow(
    clippy::unnecessary_cast,
    clippy::cast_lossless,
    reason = "the widths differ between systems"
)]
fn meta(stat: &Stat) -> Meta {
    Meta {
        mode: stat.st_mode as u32 & 0o7777,
        uid: stat.st_uid as u32,
        gid: stat.st_gid as u32,
        len: u64::try_from(stat.st_size).unwrap_or(0),
        mtime_ns: stat.st_mtime as i128 * 1_000_000_000 + stat.st_mtime_nsec as i128,
        dev: stat.st_dev as u64,
        ino: stat.st_ino as u64,
        nlink: stat.st_nlink as u64,
    }
}

fn kind(stat: &Stat) -> FileKind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Folder,
        FileType::Symlink => FileKind::Symlink,
        FileType::Fifo => FileKind::Other("a FIFO"),
        FileType::Socket => FileKind::Other("a socket"),
        FileType::CharacterDevice => FileKind::Other("a character device"),
        FileType::BlockDevice => FileKind::Other("a block device"),
        _ => FileKind::Other("not a regular file"),
    }
}
