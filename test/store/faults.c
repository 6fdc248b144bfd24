/* Makes writes and flushes fail as a broken disk does, while the file named by NETSCRIBE_FAULT exists: its first byte says which.
   f: flushes (fsync, fdatasync); w: writes. Only files below NETSCRIBE_FAULT_BELOW. Loaded with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int fails(int fd, char kind) {
  const char *file = getenv("NETSCRIBE_FAULT"), *below = getenv("NETSCRIBE_FAULT_BELOW");
  char name[64], path[4096], wanted = 0;
  if (file == NULL || below == NULL) return 0;
  int flag = open(file, O_RDONLY);
  if (flag < 0) return 0;
  ssize_t got = read(flag, &wanted, 1);
  close(flag);
  if (got != 1 || wanted != kind) return 0;
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(name, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strncmp(path, below, strlen(below)) == 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
int fsync(int fd) { return fails(fd, 'f') ? (errno = EIO, -1) : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails(fd, 'f') ? (errno = EIO, -1) : REAL(fdatasync)(fd); }
ssize_t write(int fd, const void *bytes, size_t n) { return fails(fd, 'w') ? (errno = EIO, -1) : REAL(write)(fd, bytes, n); }
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) { return fails(fd, 'w') ? (errno = EIO, -1) : REAL(pwrite)(fd, bytes, n, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) { return fails(fd, 'w') ? (errno = EIO, -1) : REAL(pwrite64)(fd, bytes, n, at); }
ssize_t writev(int fd, const struct iovec *v, int n) { return fails(fd, 'w') ? (errno = EIO, -1) : REAL(writev)(fd, v, n); }
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at) { return fails(fd, 'w') ? (errno = EIO, -1) : REAL(pwritev)(fd, v, n, at); }
