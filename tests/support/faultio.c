/* Makes the n-th call of a file operation fail, for tests of crash safety. Preloaded into a program linked to glibc.
 *
 * FAULT=call:n[+]:what[=k], several separated by commas:
 *   call   read (pread, too) write fdatasync fsync rename ftruncate open
 *   n      which call, counted from 1; with + from the n-th on
 *   what   EIO ENOSPC EDQUOT EINTR  fail with it
 *          short=k   write only k bytes and report so
 *          torn=k    write only k bytes, then die
 *          zero=k    write the first k bytes and zeros for the rest, then die
 *          kill      die before the call
 *          killafter do it, then die
 *          lie       report success without doing it
 *          delay=k   wait k milliseconds, then do it
 * FAULT_PATH=text    count only calls on files whose path holds the text
 * FAULT_LOG=file     append "call bytes path" for each counted call but reads; for open, its flags stand for the
 *                    bytes
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { READ, WRITE, FDATASYNC, FSYNC, RENAME, FTRUNCATE, OPEN, CALLS };
static const char *const names[CALLS] = {"read", "write", "fdatasync", "fsync", "rename", "ftruncate", "open"};
static int counts[CALLS];

struct fault {
    char what[16];
    long k;
};

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

static int concerns(const char *path) {
    const char *wanted = getenv("FAULT_PATH");
    return !wanted || strstr(path, wanted) != NULL;
}

static int path_of(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return 1;
}

static void note(int call, size_t bytes, const char *path) {
    const char *log = getenv("FAULT_LOG");
    if (!log) return;
    char line[4300];
    int length = snprintf(line, sizeof line, "%s %zu %s\n", names[call], bytes, path);
    int fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return;
    syscall(SYS_write, fd, line, (size_t)length);
    syscall(SYS_close, fd);
}

/* Counts the call; whether a fault is due for it. */
static int due(int call, size_t bytes, const char *path, struct fault *fault) {
    if (!concerns(path)) return 0;
    int n = __atomic_add_fetch(&counts[call], 1, __ATOMIC_SEQ_CST);
    if (call != READ) note(call, bytes, path);
    const char *plan = getenv("FAULT");
    while (plan && *plan) {
        char name[16] = "", rest[32] = "";
        int at = 0;
        if (sscanf(plan, "%15[a-z]:%d%31[^,]", name, &at, rest) == 3 && strcmp(name, names[call]) == 0) {
            int onwards = rest[0] == '+';
            const char *what = strchr(rest, ':');
            if (what && (onwards ? n >= at : n == at)) {
                fault->k = 0;
                fault->what[0] = 0;
                sscanf(what, ":%15[A-Za-z]=%ld", fault->what, &fault->k);
                return 1;
            }
        }
        plan = strchr(plan, ',');
        if (plan) plan++;
    }
    return 0;
}

/* Whether the fault is an error; then errno is set. Dies where it is to die before the call, waits where it is to. */
static int fails(const struct fault *fault) {
    static const struct { const char *name; int number; } errors[] = {
        {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EINTR", EINTR}};
    if (strcmp(fault->what, "kill") == 0) die();
    if (strcmp(fault->what, "delay") == 0) {
        struct timespec left = {fault->k / 1000, fault->k % 1000 * 1000000};
        while (nanosleep(&left, &left) < 0 && errno == EINTR) {
        }
    }
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(fault->what, errors[i].name) == 0) {
            errno = errors[i].number;
            return 1;
        }
    return 0;
}

static int is(const struct fault *fault, const char *what) { return strcmp(fault->what, what) == 0; }

static int unreadable(int fd, size_t size) {
    char path[4096];
    struct fault fault;
    return path_of(fd, path, sizeof path) && due(READ, size, path, &fault) && fails(&fault);
}

ssize_t read(int fd, void *bytes, size_t size) {
    return unreadable(fd, size) ? -1 : syscall(SYS_read, fd, bytes, size);
}

ssize_t pread64(int fd, void *bytes, size_t size, off64_t offset) {
    return unreadable(fd, size) ? -1 : syscall(SYS_pread64, fd, bytes, size, offset);
}

ssize_t write(int fd, const void *bytes, size_t size) {
    char path[4096];
    struct fault fault;
    if (!path_of(fd, path, sizeof path) || !due(WRITE, size, path, &fault)) return syscall(SYS_write, fd, bytes, size);
    if (fails(&fault)) return -1;
    if (is(&fault, "lie")) return (ssize_t)size;
    size_t part = (size_t)fault.k < size ? (size_t)fault.k : size;
    if (is(&fault, "short")) return syscall(SYS_write, fd, bytes, part);
    if (is(&fault, "torn") || is(&fault, "zero")) {
        syscall(SYS_write, fd, bytes, part);
        if (is(&fault, "zero")) {
            void *zeros = calloc(1, size - part + 1);
            if (zeros) syscall(SYS_write, fd, zeros, size - part);
        }
        die();
    }
    ssize_t written = syscall(SYS_write, fd, bytes, size);
    if (is(&fault, "killafter")) die();
    return written;
}

static int around(int call, int fd, long number, size_t size) {
    char path[4096];
    struct fault fault;
    int faulty = path_of(fd, path, sizeof path) && due(call, size, path, &fault);
    if (faulty && fails(&fault)) return -1;
    if (faulty && is(&fault, "lie")) return 0;
    int done = (int)syscall(number, fd, size);
    if (faulty && is(&fault, "killafter")) die();
    return done;
}

int fdatasync(int fd) { return around(FDATASYNC, fd, SYS_fdatasync, 0); }
int fsync(int fd) { return around(FSYNC, fd, SYS_fsync, 0); }
int ftruncate(int fd, off_t size) { return around(FTRUNCATE, fd, SYS_ftruncate, (size_t)size); }
int ftruncate64(int fd, off64_t size) { return around(FTRUNCATE, fd, SYS_ftruncate, (size_t)size); }

int rename(const char *from, const char *to) {
    struct fault fault;
    int faulty = due(RENAME, 0, to, &fault);
    if (faulty && fails(&fault)) return -1;
    if (faulty && is(&fault, "lie")) return 0;
    int done = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (faulty && is(&fault, "killafter")) die();
    return done;
}

static int opened(int folder, const char *path, int flags, int mode) {
    struct fault fault;
    int faulty = due(OPEN, (size_t)flags, path, &fault);
    if (faulty && fails(&fault)) return -1;
    int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (faulty && is(&fault, "killafter")) die();
    return fd;
}

#define OPENS(name, folder, ...)                                        \
    int name(__VA_ARGS__, int flags, ...) {                             \
        va_list rest;                                                   \
        va_start(rest, flags);                                          \
        int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0; \
        va_end(rest);                                                   \
        return opened(folder, path, flags, mode);                       \
    }
OPENS(open, AT_FDCWD, const char *path)
OPENS(open64, AT_FDCWD, const char *path)
OPENS(openat, at, int at, const char *path)
OPENS(openat64, at, int at, const char *path)
