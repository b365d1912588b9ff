/* Makes the n-th write-like call under one folder fail: for LD_PRELOAD.

   quarry_arm(folder, n, kind): from now on count the calls that write, sync, rename, truncate or create below
   `folder`; the n-th fails once. kind 0: ENOSPC, 1: EIO, 2: a short write (of calls that can be short; the others
   fail with ENOSPC). n = 0 counts only. quarry_calls(): how many there were. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[PATH_MAX];
static size_t folder_length;
static long target;
static int kind;
static atomic_long calls;

void quarry_arm(const char *where, long n, int how) {
    strncpy(folder, where, sizeof folder - 1);
    folder_length = strlen(folder);
    target = n;
    kind = how;
    atomic_store(&calls, 0);
}

long quarry_calls(void) { return atomic_load(&calls); }

static int below_path(const char *path) {
    return folder_length && path && !strncmp(path, folder, folder_length);
}

static int below(int descriptor) {
    char link[64], path[PATH_MAX];
    if (!folder_length) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below_path(path);
}

/* 0: go on; 1: fail, errno is set; 2: write a part only */
static int fails(int may_be_short) {
    if (atomic_fetch_add(&calls, 1) + 1 != target) return 0;
    if (kind == 2 && may_be_short) return 2;
    errno = kind == 1 ? EIO : ENOSPC;
    return 1;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int d, const void *b, size_t n) {
    REAL(write);
    int how = below(d) ? fails(n > 1) : 0;
    return how == 1 ? -1 : real(d, b, how == 2 ? n / 2 : n);
}
ssize_t pwrite(int d, const void *b, size_t n, off_t o) {
    REAL(pwrite);
    int how = below(d) ? fails(n > 1) : 0;
    return how == 1 ? -1 : real(d, b, how == 2 ? n / 2 : n, o);
}
ssize_t pwrite64(int d, const void *b, size_t n, off64_t o) {
    REAL(pwrite64);
    int how = below(d) ? fails(n > 1) : 0;
    return how == 1 ? -1 : real(d, b, how == 2 ? n / 2 : n, o);
}
ssize_t writev(int d, const struct iovec *v, int n) {
    REAL(writev);
    return below(d) && fails(0) ? -1 : real(d, v, n);
}
size_t fwrite(const void *b, size_t size, size_t n, FILE *f) {
    REAL(fwrite);
    int how = below(fileno(f)) ? fails(n > 1) : 0;
    if (how == 1) return 0;
    if (how == 2) {
        size_t done = real(b, size, n / 2, f);
        errno = ENOSPC;
        return done;
    }
    return real(b, size, n, f);
}
int fclose(FILE *f) {
    REAL(fclose);
    if (below(fileno(f)) && fails(0)) {
        int error = errno;
        real(f);
        errno = error;
        return EOF;
    }
    return real(f);
}
int fsync(int d) { REAL(fsync); return below(d) && fails(0) ? -1 : real(d); }
int fdatasync(int d) { REAL(fdatasync); return below(d) && fails(0) ? -1 : real(d); }
int ftruncate(int d, off_t n) { REAL(ftruncate); return below(d) && fails(0) ? -1 : real(d, n); }
int ftruncate64(int d, off64_t n) { REAL(ftruncate64); return below(d) && fails(0) ? -1 : real(d, n); }
int rename(const char *a, const char *b) { REAL(rename); return below_path(b) && fails(0) ? -1 : real(a, b); }
int mkdir(const char *p, mode_t m) {
    static int (*real)(const char *, mode_t);
    if (!real) real = dlsym(RTLD_NEXT, "mkdir");
    return below_path(p) && fails(0) ? -1 : real(p, m);
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        if ((flags & O_CREAT) && below_path(path) && fails(0)) return -1; \
        return real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
FILE *fopen(const char *path, const char *mode) {
    REAL(fopen);
    return *mode != 'r' && below_path(path) && fails(0) ? NULL : real(path, mode);
}
