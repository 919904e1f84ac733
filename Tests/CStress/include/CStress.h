#pragma once

// Programs that act on one file as fast as they can while it is replaced, and the book that tells which of the
// contents they completed are nowhere afterwards. One run at a time.

#include <stddef.h>

enum stress_user {
  STRESS_TRUNCATE_WRITE,
  STRESS_PWRITE,
  STRESS_APPEND,
  STRESS_RENAME_OVER,
  STRESS_VIM,
  STRESS_TRUNCATE,
  STRESS_MMAP,
  STRESS_HARD_LINK,
  STRESS_UNLINK_CREATE,
  STRESS_CHMOD,
  STRESS_RESTORE_MTIME,
  STRESS_OPEN_LATE,
  STRESS_MIXED,
  STRESS_MMAP_LONG,
};

/// Where a content was found.
enum stress_place {
  STRESS_IN_BUCKET = 2,
  STRESS_IN_TREE = 8,
  STRESS_REMOVED = 64,
};

enum { STRESS_SIZE = 4096, STRESS_LARGEST = 32768 };

typedef struct {
  unsigned long actions, contents;
  /// Completed by a user, in the bucket never, and only among what was removed from the trash.
  unsigned long lost;
  /// Nowhere; may have been overwritten by another user in an unseen moment, of which there were `ambiguous`.
  unsigned long unattributed, ambiguous;
} stress_result;

typedef struct stress stress;

/// This thread, and no other, opens files as this user, without the rights of root.
void stress_open_as(unsigned user);

/// Starts `users` threads that act on ROOT/f, with pauses below `pause` microseconds now and then.
stress *stress_start(const char *root, int type, int users, unsigned pause);
/// Users rest twice as long between their actions from now on, half a second at most.
void stress_rest_longer(stress *s);
void stress_stop(stress *s);

/// STRESS_SIZE bytes that name install `id`.
void stress_content(unsigned id, char *bytes);
/// Notes the contents in a file's first bytes; `size` is that of the file.
void stress_mark(stress *s, const char *bytes, size_t count, long long size, int place);
/// Notes the contents of all files in a folder.
void stress_mark_folder(stress *s, const char *path, int place);
stress_result stress_finish(stress *s);
