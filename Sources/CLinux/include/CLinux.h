#pragma once

// What Glibc as imported by Swift lacks. Every function returns a value of zero or more, or minus errno.

#include <stddef.h>
#include <stdint.h>

/// One look at an entry, from statx.
typedef struct {
  uint32_t mode;
  uint32_t uid;
  uint32_t gid;
  uint32_t nlink;
  uint64_t inode;
  int64_t size;
  /// Nanoseconds since 1970.
  int64_t modified;
  int64_t changed;
  /// The kernel's id of the mount, st_dev where the kernel has none.
  uint64_t mount;
} clinux_status;

typedef struct {
  int64_t type;
  /// Of the file system as far as statfs tells, else the number of its device.
  uint64_t identity;
  int64_t total_bytes;
  int64_t available_bytes;
} clinux_space;

int clinux_open(int directory, const char *path, int flags, unsigned mode);
/// openat2 with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS.
int clinux_open_beneath(int directory, const char *path, int flags, unsigned mode);
/// openat2 with RESOLVE_NO_MAGICLINKS, and RESOLVE_BENEATH unless zero: follows links, with that not out of the directory.
int clinux_open_following(int directory, const char *path, int flags, int beneath);
int clinux_flag_path(void);

/// Without following a link; an empty name means the descriptor itself.
int clinux_status_at(int directory, const char *name, clinux_status *status);
/// At most 4 EiB: some file systems of FUSE tell more bytes than 64 bits hold (s3fs: 2^40 blocks of 16 MiB).
int64_t clinux_bytes(uint64_t blocks, uint64_t size);
int clinux_space_of(int descriptor, clinux_space *space);

int clinux_exchange(int from_directory, const char *from, int to_directory, const char *to);
int clinux_rename_no_replace(int from_directory, const char *from, int to_directory, const char *to);
int clinux_rename(int from_directory, const char *from, int to_directory, const char *to);

/// Takes a read lease. -EAGAIN: somebody has the file open for writing or mapped so.
int clinux_lease_take(int descriptor);
/// 1 while nobody asked to write.
int clinux_lease_is_held(int descriptor);
int clinux_lease_release(int descriptor);
/// Lease breaks are asked for, never awaited: the signal that announces them is ignored.
void clinux_ignore_lease_signal(void);

int clinux_clone(int to, int from);
int clinux_allocate(int descriptor, int64_t size);
int clinux_lock_exclusively(int descriptor);

long clinux_xattr_list(int descriptor, char *names, size_t size);
long clinux_xattr_get(int descriptor, const char *name, void *value, size_t size);
int clinux_xattr_set(int descriptor, const char *name, const void *value, size_t size);

int clinux_event(void);
int clinux_event_signal(int descriptor);

int clinux_inotify(void);
int clinux_inotify_add(int inotify, const char *path, uint32_t mask);
int clinux_inotify_remove(int inotify, int watch);

/// At most 15 bytes.
int clinux_name_thread(const char *name);

/// Has buffers of a MiB and more returned to the system when they are freed. By default glibc keeps them, for each
/// thread on its own, once one of them was freed.
void clinux_return_large_buffers(void);
