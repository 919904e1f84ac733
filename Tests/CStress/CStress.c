#define _GNU_SOURCE
#include "CStress.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAXIMUM (1u << 22)
#define SIZE STRESS_SIZE
/// truncate(2) writes its token as a length.
#define LENGTHS 1000000
enum { COMPLETED = 1, OVERWRITTEN = 4 };

struct stress {
  char root[256], file[300];
  int type, users;
  unsigned pause;
  atomic_uint rest;
  pthread_t threads[16];
  pthread_mutex_t lock;
  atomic_int stop;
  atomic_uint next;
  atomic_ulong actions, ambiguous;
  _Atomic uint8_t marks[MAXIMUM];
};

static _Thread_local unsigned seed;

static unsigned rnd(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}

static void fill(char *bytes, int count, char kind, unsigned id) {
  for (int offset = 0; offset < count; offset += 32) {
    char text[40];
    snprintf(text, sizeof text, "%c%010u.%020u", kind, id, id * 2654435761u);
    memcpy(bytes + offset, text, 31);
    bytes[offset + 31] = '\n';
  }
}

/// 1 where a whole record of 32 bytes stands.
static int parse(const char *record, char *kind, unsigned *id) {
  if (record[0] != 'U' && record[0] != 'I') return 0;
  unsigned value = 0;
  for (int i = 1; i < 11; i++) {
    if (record[i] < '0' || record[i] > '9') return 0;
    value = value * 10 + (unsigned)(record[i] - '0');
  }
  char text[40];
  snprintf(text, sizeof text, "%c%010u.%020u", record[0], value, value * 2654435761u);
  if (memcmp(text, record, 31)) return 0;
  *kind = record[0];
  *id = value;
  return 1;
}

static void mark(stress *s, unsigned id, int mark) {
  if (id < MAXIMUM) atomic_fetch_or(&s->marks[id], mark);
}

void stress_mark(stress *s, const char *bytes, size_t count, long long size, int place) {
  char kind;
  unsigned id;
  for (size_t offset = 0; offset + 32 <= count; offset += 32)
    if (parse(bytes + offset, &kind, &id) && kind == 'U') mark(s, id, place);
  if (s->type == STRESS_TRUNCATE && size > LENGTHS) mark(s, (unsigned)(size - LENGTHS), place);
}

void stress_mark_folder(stress *s, const char *path, int place) {
  DIR *folder = opendir(path);
  if (!folder) return;
  char *bytes = malloc(STRESS_LARGEST);
  for (struct dirent *entry; (entry = readdir(folder));) {
    char name[600];
    snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
    struct stat status;
    if (lstat(name, &status) || !S_ISREG(status.st_mode)) continue;
    int file = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t count = pread(file, bytes, STRESS_LARGEST, 0);
    if (count >= 0) stress_mark(s, bytes, (size_t)count, status.st_size, place);
    close(file);
  }
  free(bytes);
  closedir(folder);
}

void stress_content(unsigned id, char *bytes) { fill(bytes, SIZE, 'I', id); }

// What stood at a name before a user destroys it.
typedef struct {
  int file;
  struct stat status;
  ssize_t count;
  char bytes[STRESS_LARGEST];
} before;

static _Thread_local before old;

static void look(const char *path) {
  old.file = open(path, O_RDONLY | O_CLOEXEC);
  old.count = 0;
  if (old.file < 0) return;
  fstat(old.file, &old.status);
  old.count = pread(old.file, old.bytes, sizeof old.bytes, 0);
}

static void destroyed(stress *s, int certainly) {
  if (old.file < 0) return;
  if (certainly && old.count >= 0) stress_mark(s, old.bytes, (size_t)old.count, old.status.st_size, OVERWRITTEN);
  if (!certainly) atomic_fetch_add(&s->ambiguous, 1);
}

static void forget(void) {
  if (old.file >= 0) close(old.file);
  old.file = -1;
}

static int is_unlinked(void) {
  struct stat status;
  return old.file >= 0 && !fstat(old.file, &status) && status.st_nlink == 0;
}

static int is_old(int file) {
  struct stat status;
  return old.file >= 0 && !fstat(file, &status) && status.st_ino == old.status.st_ino
      && status.st_dev == old.status.st_dev;
}

static unsigned token(stress *s) { return atomic_fetch_add(&s->next, 1); }
static void completed(stress *s, unsigned id) { mark(s, id, COMPLETED); }
static _Thread_local unsigned longest_pause;

static void pause_a_little(void) {
  if (rnd() % 3 == 0) usleep(rnd() % longest_pause);
}

/// Writes a new content through `file` and closes it.
static void write_new(stress *s, int file) {
  char bytes[SIZE];
  unsigned id = token(s);
  fill(bytes, SIZE, 'U', id);
  if (write(file, bytes, SIZE / 2) < 0) return;
  pause_a_little();
  if (write(file, bytes + SIZE / 2, SIZE / 2) < 0) return;
  close(file);
  completed(s, id);
}

/// Replaces one record in place; returns its token, 0 where the file is too short.
static unsigned put_record(stress *s, int file) {
  char bytes[32], kind;
  unsigned id;
  struct stat status;
  fstat(file, &status);
  if (status.st_size < SIZE) return 0;
  off_t offset = 32 * (rnd() % 8);
  if (pread(file, bytes, 32, offset) == 32 && parse(bytes, &kind, &id) && kind == 'U') mark(s, id, OVERWRITTEN);
  id = token(s);
  fill(bytes, 32, 'U', id);
  if (pwrite(file, bytes, 32, offset) < 0) return 0;
  return id;
}

static void write_in_place(stress *s, int restores_time) {
  int file = open(s->file, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  struct stat status;
  fstat(file, &status);
  unsigned id = put_record(s, file);
  pause_a_little();
  struct timespec times[2] = {status.st_atim, status.st_mtim};
  int before_close = rnd() & 1;
  if (restores_time && before_close) futimens(file, times);
  close(file);
  if (restores_time && !before_close) utimensat(AT_FDCWD, s->file, times, 0);
  if (id) completed(s, id);
}

static void truncate_and_write(stress *s) {
  look(s->file);
  pause_a_little();
  int file = open(s->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file >= 0) {
    destroyed(s, is_old(file));
    write_new(s, file);
  }
  forget();
}

static void append(stress *s) {
  int file = open(s->file, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0) return;
  struct stat status;
  fstat(file, &status);
  if (status.st_size > STRESS_LARGEST - 64) {
    close(file);
    return;
  }
  char bytes[32];
  unsigned id = token(s);
  fill(bytes, 32, 'U', id);
  pause_a_little();
  ssize_t written = write(file, bytes, 32);
  close(file);
  if (written == 32) completed(s, id);
}

static void rename_over(stress *s, int me) {
  char aside[320], bytes[SIZE];
  snprintf(aside, sizeof aside, "%s/aside%d", s->root, me);
  int file = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  unsigned id = token(s);
  fill(bytes, SIZE, 'U', id);
  ssize_t written = write(file, bytes, SIZE);
  close(file);
  look(s->file);
  pause_a_little();
  int result = rename(aside, s->file);
  destroyed(s, is_unlinked());
  forget();
  if (!result && written == SIZE) completed(s, id);
}

static void save_like_vim(stress *s, int me) {
  char backup[320];
  snprintf(backup, sizeof backup, "%s/f%d~", s->root, me);
  look(backup);
  int failed = rename(s->file, backup);
  if (!failed) destroyed(s, is_unlinked());
  forget();
  if (failed) return;
  pause_a_little();
  look(s->file);
  int file = open(s->file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file >= 0) {
    if (old.file >= 0) destroyed(s, is_old(file));
    struct stat status;
    if (old.file < 0 && !fstat(file, &status) && status.st_size > 0) atomic_fetch_add(&s->ambiguous, 1);
    if (ftruncate(file, 0) == 0) write_new(s, file);
    else close(file);
  }
  forget();
}

static void set_length(stress *s) {
  pause_a_little();
  unsigned id = token(s);
  if (!truncate(s->file, LENGTHS + (off_t)id)) completed(s, id);
}

static void store_mapped(stress *s, int stores) {
  int file = open(s->file, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  struct stat status;
  fstat(file, &status);
  char *map = status.st_size < SIZE ? MAP_FAILED : mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (map == MAP_FAILED) return;
  for (int i = 0; i < stores; i++) {
    char bytes[32], kind;
    unsigned id;
    off_t offset = 32 * (rnd() % 8);
    if (parse(map + offset, &kind, &id) && kind == 'U') mark(s, id, OVERWRITTEN);
    id = token(s);
    fill(bytes, 32, 'U', id);
    pause_a_little();
    if (stores > 1) usleep(rnd() % 300);
    memcpy(map + offset, bytes, 32);
    completed(s, id);
  }
  pause_a_little();
  munmap(map, SIZE);
}

static void write_through_link(stress *s, int me) {
  char name[320];
  snprintf(name, sizeof name, "%s/link%d", s->root, me);
  if (link(s->file, name)) return;
  pause_a_little();
  if (rnd() % 4 == 0) usleep(rnd() % 2000);
  int file = open(name, O_RDWR | O_CLOEXEC);
  if (file >= 0) {
    unsigned id = put_record(s, file);
    close(file);
    if (id) completed(s, id);
  }
  unlink(name);
}

static void unlink_and_create(stress *s) {
  look(s->file);
  pause_a_little();
  if (!unlink(s->file)) destroyed(s, is_unlinked());
  forget();
  pause_a_little();
  int file = open(s->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file >= 0) write_new(s, file);
}

static void open_late(stress *s) {
  int place = open(s->file, O_PATH | O_CLOEXEC);
  if (place < 0) return;
  char name[64], *bytes = malloc(STRESS_LARGEST);
  snprintf(name, sizeof name, "/proc/self/fd/%d", place);
  if (rnd() % 2) usleep(rnd() % 3000);
  int file = open(name, O_RDWR | O_CLOEXEC);
  if (file >= 0) {
    struct stat status;
    fstat(file, &status);
    ssize_t count = pread(file, bytes, STRESS_LARGEST, 0);
    if (count >= 0) stress_mark(s, bytes, (size_t)count, status.st_size, OVERWRITTEN);
    if (ftruncate(file, 0) == 0) write_new(s, file);
    else close(file);
  }
  close(place);
  free(bytes);
}

static void act(stress *s, int type, int me) {
  switch (type) {
  case STRESS_TRUNCATE_WRITE: truncate_and_write(s); break;
  case STRESS_PWRITE: write_in_place(s, 0); break;
  case STRESS_RESTORE_MTIME: write_in_place(s, 1); break;
  case STRESS_APPEND: append(s); break;
  case STRESS_RENAME_OVER: rename_over(s, me); break;
  case STRESS_VIM: save_like_vim(s, me); break;
  case STRESS_TRUNCATE: set_length(s); break;
  case STRESS_MMAP: store_mapped(s, 1); break;
  case STRESS_MMAP_LONG: store_mapped(s, 1 + (int)(rnd() % 6)); break;
  case STRESS_HARD_LINK: write_through_link(s, me); break;
  case STRESS_UNLINK_CREATE: unlink_and_create(s); break;
  case STRESS_CHMOD: chmod(s->file, 0600 | (rnd() & 077)); break;
  case STRESS_OPEN_LATE: open_late(s); break;
  }
}

typedef struct {
  stress *s;
  int number;
} user;

static void *live(void *argument) {
  user me = *(user *)argument;
  free(argument);
  stress *s = me.s;
  seed = ((unsigned)time(0) * 2654435761u + (unsigned)me.number * 40503u) | 1;
  old.file = -1;
  longest_pause = s->pause;
  while (!s->stop && s->next < MAXIMUM - 100) {
    static const int mixed[] = {
      STRESS_TRUNCATE_WRITE, STRESS_PWRITE, STRESS_APPEND, STRESS_RENAME_OVER, STRESS_VIM, STRESS_MMAP,
      STRESS_HARD_LINK, STRESS_UNLINK_CREATE, STRESS_CHMOD, STRESS_RESTORE_MTIME, STRESS_OPEN_LATE, STRESS_MMAP_LONG};
    int type = s->type == STRESS_MIXED ? mixed[rnd() % 12] : s->type;
    // One user at a time, so that the book knows what overwrote what; the installer is never held back.
    pthread_mutex_lock(&s->lock);
    act(s, type, me.number);
    pthread_mutex_unlock(&s->lock);
    atomic_fetch_add(&s->actions, 1);
    usleep(rnd() % s->rest);
  }
  return 0;
}

void stress_open_as(unsigned user) { setfsuid(user); }

stress *stress_start(const char *root, int type, int users, unsigned pause) {
  stress *s = calloc(1, sizeof *s);
  snprintf(s->root, sizeof s->root, "%s", root);
  snprintf(s->file, sizeof s->file, "%s/f", root);
  s->type = type;
  s->pause = pause;
  s->rest = 200;
  s->users = users > 16 ? 16 : users;
  s->next = 1;
  pthread_mutex_init(&s->lock, 0);
  for (int i = 0; i < s->users; i++) {
    user *each = malloc(sizeof *each);
    *each = (user){s, i};
    pthread_create(&s->threads[i], 0, live, each);
  }
  return s;
}

void stress_rest_longer(stress *s) {
  if (s->rest < 500000) s->rest *= 2;
}

void stress_stop(stress *s) {
  s->stop = 1;
  for (int i = 0; i < s->users; i++) pthread_join(s->threads[i], 0);
}

stress_result stress_finish(stress *s) {
  stress_result result = {.actions = s->actions, .ambiguous = s->ambiguous};
  for (unsigned id = 1; id < s->next && id < MAXIMUM; id++) {
    int marks = s->marks[id];
    if (!(marks & COMPLETED)) continue;
    result.contents++;
    if (marks & (STRESS_IN_TREE | STRESS_IN_BUCKET | OVERWRITTEN)) continue;
    if (marks & STRESS_REMOVED) result.lost++;
    else result.unattributed++;
  }
  pthread_mutex_destroy(&s->lock);
  free(s);
  return result;
}
