// Helper functions, map declarations and types that every BPF program here uses. Numbers and signatures: bpf-helpers(7),
// include/uapi/linux/bpf.h. Nothing but clang is needed to compile against this.
#ifndef NETSCRIBE_HELPERS_H
#define NETSCRIBE_HELPERS_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef short s16;
typedef int s32;
typedef long long s64;
typedef _Bool bool;

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
#define LICENSE(text) char license_[] SEC("license") = text

// A map is a variable whose type says what it is.
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name
#define __array(name, value) typeof(value) *name[]

// Kernel types are read by the names of their members; their places are filled in when the program is loaded.
#define KERNEL_TYPE __attribute__((preserve_access_index))
#define field_exists(field) __builtin_preserve_field_info(field, 2)
#define offset_of(type, member) __builtin_offsetof(type, member)

#define NULL ((void *)0)
#define BPF_RB_NO_WAKEUP 1
#define BPF_SK_STORAGE_GET_F_CREATE 1

enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_PERCPU_ARRAY = 6, BPF_MAP_TYPE_LRU_HASH = 9,
       BPF_MAP_TYPE_LPM_TRIE = 11, BPF_MAP_TYPE_ARRAY_OF_MAPS = 12, BPF_MAP_TYPE_SK_STORAGE = 24, BPF_MAP_TYPE_RINGBUF = 27 };
enum { BPF_F_NO_PREALLOC = 1, BPF_F_CLONE = 512 };

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static u64 (*bpf_ktime_get_ns)(void) = (void *)5;
static u64 (*bpf_get_current_pid_tgid)(void) = (void *)14;
static u64 (*bpf_get_current_uid_gid)(void) = (void *)15;
static long (*bpf_get_current_comm)(void *into, u32 size) = (void *)16;
static u64 (*bpf_get_socket_cookie)(void *sk) = (void *)46;
static void *(*bpf_sk_storage_get)(void *map, void *sk, void *initial, u64 flags) = (void *)107;
static long (*bpf_probe_read_kernel)(void *into, u32 size, const void *from) = (void *)113;
static long (*bpf_seq_write)(void *seq, const void *data, u32 length) = (void *)127;
static void *(*bpf_ringbuf_reserve)(void *ring, u64 size, u64 flags) = (void *)131;
static void (*bpf_ringbuf_submit)(void *record, u64 flags) = (void *)132;
static void *(*bpf_get_current_task_btf)(void) = (void *)158;
static void *(*bpf_sock_from_file)(void *file) = (void *)162;

// One of the counters of a per-CPU array of u64. A program may be stopped in the middle by an interrupt that counts, too.
#define count_up(map, index) ({ \
    u32 key_ = (index); \
    u64 *value_ = bpf_map_lookup_elem(&(map), &key_); \
    if (value_) __sync_fetch_and_add(value_, 1); \
})

#endif
