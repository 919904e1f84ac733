#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define RESULT(call) ({ __typeof__(call) result_ = (call); result_ < 0 ? -errno : result_; })

int clinux_open(int directory, const char *path, int flags, unsigned mode) {
  return RESULT(openat(directory, path, flags | O_CLOEXEC, mode));
}

static int open_resolving(int directory, const char *path, int flags, unsigned mode, uint64_t resolve) {
  struct open_how how = {
    .flags = (uint64_t)(flags | O_CLOEXEC),
    .mode = flags & O_CREAT ? mode : 0,
    .resolve = resolve,
  };
  // EAGAIN: a rename somewhere on the way made the kernel unsure; a few tries are what the man page asks for.
  for (int attempt = 0;; attempt++) {
    int result = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (result >= 0) return result;
    if (errno != EAGAIN || attempt == 16) return -errno;
  }
}

int clinux_open_beneath(int directory, const char *path, int flags, unsigned mode) {
  return open_resolving(
      directory, path, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

int clinux_open_following(int directory, const char *path, int flags, int beneath) {
  return open_resolving(directory, path, flags, 0, RESOLVE_NO_MAGICLINKS | (beneath ? RESOLVE_BENEATH : 0));
}

int clinux_flag_path(void) { return O_PATH; }

static int64_t nanoseconds(struct statx_timestamp time) {
  int64_t result;
  if (__builtin_mul_overflow(time.tv_sec, (int64_t)1000000000, &result)
      || __builtin_add_overflow(result, (int64_t)time.tv_nsec, &result))
    return time.tv_sec < 0 ? INT64_MIN : INT64_MAX;
  return result;
}

int clinux_status_at(int directory, const char *name, clinux_status *status) {
  struct statx x;
  int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);
  if (statx(directory, name, flags, STATX_BASIC_STATS | STATX_MNT_ID, &x) < 0) return -errno;
  status->mode = x.stx_mode;
  status->uid = x.stx_uid;
  status->gid = x.stx_gid;
  status->nlink = x.stx_nlink;
  status->inode = x.stx_ino;
  status->size = (int64_t)x.stx_size;
  status->modified = nanoseconds(x.stx_mtime);
  status->changed = nanoseconds(x.stx_ctime);
  status->mount = x.stx_mask & STATX_MNT_ID ? x.stx_mnt_id : makedev(x.stx_dev_major, x.stx_dev_minor);
  return 0;
}

int64_t clinux_bytes(uint64_t blocks, uint64_t size) {
  const int64_t most = INT64_C(1) << 62;
  int64_t bytes;
  return __builtin_mul_overflow(blocks, size, &bytes) || bytes > most ? most : bytes;
}

int clinux_space_of(int descriptor, clinux_space *space) {
  struct statfs s;
  if (fstatfs(descriptor, &s) < 0) return -errno;
  uint64_t identity;
  _Static_assert(sizeof s.f_fsid == sizeof identity, "f_fsid has 64 bits");
  memcpy(&identity, &s.f_fsid, sizeof identity);
  if (!identity) {
    struct stat status;
    if (fstat(descriptor, &status) < 0) return -errno;
    identity = status.st_dev;
  }
  space->identity = identity ^ (uint64_t)(uint32_t)s.f_type << 32;
  space->type = (int64_t)(uint32_t)s.f_type;
  space->total_bytes = clinux_bytes(s.f_blocks, s.f_bsize);
  space->available_bytes = clinux_bytes(s.f_bavail, s.f_bsize);
  return 0;
}

static int rename_with(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
  return RESULT((int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags));
}

int clinux_exchange(int from_directory, const char *from, int to_directory, const char *to) {
  return rename_with(from_directory, from, to_directory, to, RENAME_EXCHANGE);
}

int clinux_rename_no_replace(int from_directory, const char *from, int to_directory, const char *to) {
  return rename_with(from_directory, from, to_directory, to, RENAME_NOREPLACE);
}

int clinux_rename(int from_directory, const char *from, int to_directory, const char *to) {
  return RESULT(renameat(from_directory, from, to_directory, to));
}

int clinux_lease_take(int descriptor) { return RESULT(fcntl(descriptor, F_SETLEASE, F_RDLCK)); }

int clinux_lease_is_held(int descriptor) { return fcntl(descriptor, F_GETLEASE) == F_RDLCK; }

int clinux_lease_release(int descriptor) { return RESULT(fcntl(descriptor, F_SETLEASE, F_UNLCK)); }

void clinux_ignore_lease_signal(void) { signal(SIGIO, SIG_IGN); }

int clinux_clone(int to, int from) { return RESULT(ioctl(to, FICLONE, from)); }

int clinux_allocate(int descriptor, int64_t size) { return RESULT(fallocate(descriptor, 0, 0, size)); }

int clinux_lock_exclusively(int descriptor) { return RESULT(flock(descriptor, LOCK_EX | LOCK_NB)); }

long clinux_xattr_list(int descriptor, char *names, size_t size) { return RESULT((long)flistxattr(descriptor, names, size)); }

long clinux_xattr_get(int descriptor, const char *name, void *value, size_t size) {
  return RESULT((long)fgetxattr(descriptor, name, value, size));
}

int clinux_xattr_set(int descriptor, const char *name, const void *value, size_t size) {
  return RESULT(fsetxattr(descriptor, name, value, size, 0));
}

int clinux_event(void) { return RESULT(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int clinux_event_signal(int descriptor) {
  uint64_t one = 1;
  return RESULT((int)write(descriptor, &one, sizeof one));
}

int clinux_inotify(void) { return RESULT(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)); }

int clinux_inotify_add(int inotify, const char *path, uint32_t mask) {
  return RESULT(inotify_add_watch(inotify, path, mask));
}

int clinux_inotify_remove(int inotify, int watch) { return RESULT(inotify_rm_watch(inotify, watch)); }

int clinux_name_thread(const char *name) { return -pthread_setname_np(pthread_self(), name); }

void clinux_return_large_buffers(void) {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}
