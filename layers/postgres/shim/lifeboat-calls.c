/* The system calls that a jail refuses, as a filter in the kernel.
 *
 * What is refused fails with "Permission denied", so that PostgreSQL reports it like any other
 * error; machine code for another system-call interface than this library's ends the process.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lifeboat-jail.h"

#if defined __x86_64__
#define THIS_MACHINE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define THIS_MACHINE AUDIT_ARCH_AARCH64
#else
#error "no jail for this machine"
#endif

#define X32 0x40000000u /* numbers of the interface for 32-bit pointers on x86-64 */

/* sched.h: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
#define NAMESPACES (0x00020000u | 0x02000000u | 0x04000000u | 0x08000000u | 0x10000000u | \
                    0x20000000u | 0x40000000u)

static const unsigned REFUSED[] = {
    /* running programs */
    SYS_execve, SYS_execveat, SYS_memfd_create,
    /* other processes: their memory, their files, their state */
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_process_madvise, SYS_kcmp,
    SYS_move_pages, SYS_migrate_pages, SYS_pidfd_open, SYS_pidfd_getfd, SYS_pidfd_send_signal,
    SYS_tkill, SYS_perf_event_open,
    /* another view of the system */
    SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_move_mount,
    SYS_open_tree, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr,
    SYS_open_by_handle_at, SYS_name_to_handle_at,
    /* ways around this filter, and parts of the kernel that few programs use */
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_bpf, SYS_userfaultfd,
    SYS_keyctl, SYS_add_key, SYS_request_key, SYS_init_module, SYS_finit_module,
    SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_acct,
    SYS_quotactl, SYS_syslog,
};

static const unsigned CONNECTING[] = {SYS_connect, SYS_sendmsg, SYS_sendmmsg};
static const unsigned SIGNALLING[] = {SYS_kill, SYS_tgkill, SYS_rt_sigqueueinfo,
                                      SYS_rt_tgsigqueueinfo};

static struct sock_filter code[256];
static size_t length;

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NUMBER offsetof(struct seccomp_data, nr)
#define MACHINE offsetof(struct seccomp_data, arch)
/* Both machines are little-endian: the low half of an argument comes first. */
#define LOW(n) (offsetof(struct seccomp_data, args) + 8 * (n))
#define HIGH(n) (LOW(n) + 4)

static void add(unsigned op, unsigned yes, unsigned no, unsigned k) {
    if (length == COUNT(code)) {
        errno = E2BIG;
        jail_failed("system calls");
    }
    code[length++] = (struct sock_filter){(unsigned short)op, (unsigned char)yes,
                                          (unsigned char)no, k};
}

static void load(unsigned offset) { add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset); }

static void answer(unsigned action) { add(BPF_RET | BPF_K, 0, 0, action); }

static void refuse(void) { answer(SECCOMP_RET_ERRNO | EACCES); }

static void unless_equal(unsigned k, unsigned skip) { add(BPF_JMP | BPF_JEQ | BPF_K, 0, skip, k); }

static void refuse_number(unsigned number) {
    unless_equal(number, 1);
    refuse();
}

/* The call fails when this argument has one of the bits. */
static void refuse_bits(unsigned number, unsigned argument, unsigned bits) {
    unless_equal(number, 4);
    load(argument);
    add(BPF_JMP | BPF_JSET | BPF_K, 0, 1, bits);
    refuse();
    load(NUMBER);
}

static void refuse_value(unsigned number, unsigned argument, unsigned value) {
    unless_equal(number, 4);
    load(argument);
    unless_equal(value, 1);
    refuse();
    load(NUMBER);
}

static void allow_families(const int *families) {
    size_t count = 0;
    while (families[count] != -1)
        count++;
    unless_equal(SYS_socket, count + 3);
    load(LOW(0));
    for (size_t i = 0; i < count; i++) /* over the others and the refusal */
        add(BPF_JMP | BPF_JEQ | BPF_K, count - i, 0, (unsigned)families[i]);
    refuse();
    load(NUMBER);
}

/* Not to the process that started this program, to that one's group, to the first one, to all. */
static void refuse_signals(void) {
    pid_t parent = getppid();
    const int spared[] = {parent, -getpgid(parent), 1, -1};
    for (size_t i = 0; i < COUNT(SIGNALLING); i++)
        for (size_t j = 0; j < COUNT(spared); j++)
            refuse_value(SIGNALLING[i], LOW(0), (unsigned)spared[j]);
}

void refuse_system_calls(const struct profile *profile) {
    load(MACHINE);
    add(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, THIS_MACHINE);
    answer(SECCOMP_RET_KILL_PROCESS);
    load(NUMBER);
    add(BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32);
    answer(SECCOMP_RET_KILL_PROCESS);
    for (size_t i = 0; i < COUNT(REFUSED); i++)
        refuse_number(REFUSED[i]);
    /* Its flags lie in memory, where a filter can't see them; the C library then uses clone(). */
    unless_equal(SYS_clone3, 1);
    answer(SECCOMP_RET_ERRNO | ENOSYS);
    refuse_bits(SYS_clone, LOW(0), NAMESPACES);
    allow_families(profile->families);
    for (size_t i = 0; i < COUNT(CONNECTING) && !profile->connects; i++)
        refuse_number(CONNECTING[i]);
    if (!profile->connects) { /* send() is sendto() without an address */
        refuse_bits(SYS_sendto, LOW(4), 0xffffffffu);
        refuse_bits(SYS_sendto, HIGH(4), 0xffffffffu);
    }
    refuse_bits(SYS_prlimit64, LOW(0), 0xffffffffu); /* of another process than itself */
    refuse_signals();
    answer(SECCOMP_RET_ALLOW);

    const struct sock_fprog filter = {(unsigned short)length, code};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        jail_failed("system calls");
}
