/* Preloaded into the processes that are tried: errors of the disk below one path, and a wall clock that is moved.
 *
 * A file that CHAOS_CONTROL names is mapped; whoever starts the processes writes into it, and the fault comes and goes
 * with that. The layout is that of src/shim.rs. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { CREATE = 1, WRITE = 2, SYNC = 4, NAME = 8, OPEN = 16, READ = 32, LOOK = 64 };

struct control {
  volatile int64_t shift; /* seconds that CLOCK_REALTIME is ahead */
  volatile uint32_t armed;
  volatile int32_t error;
  volatile uint32_t operations;
  volatile uint32_t per_mille; /* how many of 1,000 calls fail */
  volatile uint64_t hits;
  char prefix[1024];
};

static struct control *control;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("CHAOS_CONTROL");
  if (!path) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) control = at;
}

#define REAL(name)                  \
  static __typeof__(&name) real;    \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int below(const char *path) {
  size_t length = strnlen(control->prefix, sizeof control->prefix);
  return length > 0 && strncmp(path, control->prefix, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int draw(void) {
  static __thread uint64_t state;
  if (!state) state = (uint64_t)(uintptr_t)&state ^ ((uint64_t)getpid() << 32) ^ 0x9e3779b97f4a7c15ull;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (state >> 20) % 1000 < control->per_mille;
}

static int strikes(unsigned operation) {
  return control && control->armed && (control->operations & operation);
}

static int hit(void) {
  if (!draw()) return 0;
  __sync_fetch_and_add(&control->hits, 1);
  errno = control->error;
  return 1;
}

static int lies_below(int directory, const char *path) {
  if (!path) return 0;
  char whole[2 * PATH_MAX];
  if (path[0] != '/') {
    char link[64], base[PATH_MAX];
    int before = errno;
    if (directory == AT_FDCWD) {
      if (!getcwd(base, sizeof base)) return errno = before, 0;
    } else {
      snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
      ssize_t length = readlink(link, base, sizeof base - 1);
      if (length < 0) return errno = before, 0;
      base[length] = 0;
    }
    snprintf(whole, sizeof whole, "%s/%s", base, path);
    path = whole;
  }
  return below(path);
}

static int fails_path(unsigned operation, int directory, const char *path) {
  return strikes(operation) && lies_below(directory, path) && hit();
}

static int fails_either(unsigned operation, int from_at, const char *from, int to_at, const char *to) {
  return strikes(operation) && (lies_below(from_at, from) || lies_below(to_at, to)) && hit();
}

static int fails_file(unsigned operation, int fd) {
  if (!strikes(operation)) return 0;
  int before = errno;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = before;
  if (length < 0) return 0;
  path[length] = 0;
  return below(path) && hit();
}

/* The clock. */
int clock_gettime(clockid_t id, struct timespec *at) {
  REAL(clock_gettime);
  int result = real(id, at);
  if (result == 0 && id == CLOCK_REALTIME && control) at->tv_sec += control->shift;
  return result;
}
int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  REAL(gettimeofday);
  int result = real(at, zone);
  if (result == 0 && control) at->tv_sec += control->shift;
  return result;
}
time_t time(time_t *at) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}

/* Opening. */
static unsigned opens(int flags) { return flags & (O_CREAT | O_TRUNC) ? CREATE : OPEN; }
#define MODE                                          \
  mode_t mode = 0;                                    \
  if (flags & (O_CREAT | O_TMPFILE)) {                \
    va_list more;                                     \
    va_start(more, flags);                            \
    mode = va_arg(more, mode_t);                      \
    va_end(more);                                     \
  }
#define OPENS(name)                                                  \
  int name(const char *path, int flags, ...) {                       \
    MODE;                                                            \
    if (fails_path(opens(flags), AT_FDCWD, path)) return -1;         \
    REAL(name);                    \
    return real(path, flags, mode);                                  \
  }
OPENS(open)
OPENS(open64)
#define OPENS_AT(name)                                               \
  int name(int directory, const char *path, int flags, ...) {        \
    MODE;                                                            \
    if (fails_path(opens(flags), directory, path)) return -1;        \
    REAL(name);               \
    return real(directory, path, flags, mode);                       \
  }
OPENS_AT(openat)
OPENS_AT(openat64)
DIR *opendir(const char *path) {
  if (fails_path(OPEN, AT_FDCWD, path)) return NULL;
  REAL(opendir);
  return real(path);
}

/* Bytes. */
#define BYTES(result, name, operation, parameters, arguments, fd) \
  result name parameters {                                        \
    if (fails_file(operation, fd)) return -1;                     \
    REAL(name);                            \
    return real arguments;                                        \
  }
/* A full disk takes a part of what is written before it refuses the rest. */
ssize_t write(int fd, const void *from, size_t count) {
  REAL(write);
  if (fails_file(WRITE, fd)) return count > 1 && control->error == ENOSPC && (count & 1) ? real(fd, from, count / 2) : -1;
  return real(fd, from, count);
}
BYTES(ssize_t, writev, WRITE, (int fd, const struct iovec *from, int count), (fd, from, count), fd)
BYTES(ssize_t, pwrite, WRITE, (int fd, const void *from, size_t count, off_t at), (fd, from, count, at), fd)
BYTES(ssize_t, pwrite64, WRITE, (int fd, const void *from, size_t count, off64_t at), (fd, from, count, at), fd)
BYTES(int, ftruncate, WRITE, (int fd, off_t length), (fd, length), fd)
BYTES(int, ftruncate64, WRITE, (int fd, off64_t length), (fd, length), fd)
BYTES(int, fallocate, WRITE, (int fd, int mode, off_t at, off_t length), (fd, mode, at, length), fd)
BYTES(int, fallocate64, WRITE, (int fd, int mode, off64_t at, off64_t length), (fd, mode, at, length), fd)
BYTES(int, fsync, SYNC, (int fd), (fd), fd)
BYTES(int, fdatasync, SYNC, (int fd), (fd), fd)
BYTES(ssize_t, read, READ, (int fd, void *to, size_t count), (fd, to, count), fd)
BYTES(ssize_t, readv, READ, (int fd, const struct iovec *to, int count), (fd, to, count), fd)
BYTES(ssize_t, pread, READ, (int fd, void *to, size_t count, off_t at), (fd, to, count, at), fd)
BYTES(ssize_t, pread64, READ, (int fd, void *to, size_t count, off64_t at), (fd, to, count, at), fd)
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t count, unsigned flags) {
  if (fails_file(READ, from) || fails_file(WRITE, to)) return -1;
  REAL(copy_file_range);
  return real(from, from_at, to, to_at, count, flags);
}

/* Names. */
#define NAMES(name, operation, parameters, arguments, directory, path) \
  int name parameters {                                                \
    if (fails_path(operation, directory, path)) return -1;             \
    REAL(name);                                    \
    return real arguments;                                             \
  }
NAMES(mkdir, CREATE, (const char *path, mode_t mode), (path, mode), AT_FDCWD, path)
NAMES(mkdirat, CREATE, (int at, const char *path, mode_t mode), (at, path, mode), at, path)
NAMES(unlink, NAME, (const char *path), (path), AT_FDCWD, path)
NAMES(unlinkat, NAME, (int at, const char *path, int flags), (at, path, flags), at, path)
NAMES(rmdir, NAME, (const char *path), (path), AT_FDCWD, path)
/* Of two names either may lie where the disk is broken. */
#define PAIRS(name, operation, parameters, arguments, from_at, from, to_at, to)    \
  int name parameters {                                                            \
    if (fails_either(operation, from_at, from, to_at, to)) return -1;              \
    REAL(name);                                                                    \
    return real arguments;                                                         \
  }
PAIRS(rename, NAME, (const char *from, const char *to), (from, to), AT_FDCWD, from, AT_FDCWD, to)
PAIRS(renameat, NAME, (int at, const char *from, int to_at, const char *to), (at, from, to_at, to), at, from, to_at, to)
PAIRS(renameat2, NAME, (int at, const char *from, int to_at, const char *to, unsigned flags), (at, from, to_at, to, flags),
      at, from, to_at, to)
PAIRS(link, NAME | CREATE, (const char *from, const char *to), (from, to), AT_FDCWD, from, AT_FDCWD, to)
PAIRS(linkat, NAME | CREATE, (int at, const char *from, int to_at, const char *to, int flags), (at, from, to_at, to, flags),
      at, from, to_at, to)
NAMES(fstatat, LOOK, (int at, const char *restrict path, struct stat *restrict to, int flags), (at, path, to, flags), at, path)
NAMES(fstatat64, LOOK, (int at, const char *restrict path, struct stat64 *restrict to, int flags), (at, path, to, flags), at,
      path)
NAMES(stat, LOOK, (const char *restrict path, struct stat *restrict to), (path, to), AT_FDCWD, path)
NAMES(stat64, LOOK, (const char *restrict path, struct stat64 *restrict to), (path, to), AT_FDCWD, path)
NAMES(lstat, LOOK, (const char *restrict path, struct stat *restrict to), (path, to), AT_FDCWD, path)
NAMES(lstat64, LOOK, (const char *restrict path, struct stat64 *restrict to), (path, to), AT_FDCWD, path)
NAMES(statx, LOOK, (int at, const char *restrict path, int flags, unsigned mask, struct statx *restrict to),
      (at, path, flags, mask, to), at, path)
