// What the loader's tests load: a bit of everything that it must get right.
#include "../../../bpf/helpers.h"

struct sock_common { u16 skc_family; } KERNEL_TYPE;
struct sock { struct sock_common __sk_common; u16 sk_protocol; int no_such_member; } KERNEL_TYPE;
struct __sk_buff { u32 len; };

const volatile u32 wanted_length;
u64 seen_bytes;

struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 2); __type(key, u32); __type(value, u64); } counters SEC(".maps");
struct flows { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1000); __type(key, u32); __type(value, u64); };
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 1); __type(key, u32); __array(values, struct flows); } active SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_SK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE); __type(key, int); __type(value, u64); } notes SEC(".maps");

SEC("tc") int count(struct __sk_buff *skb) {
    u32 zero = 0, length = skb->len;
    void *flows = bpf_map_lookup_elem(&active, &zero);
    count_up(counters, 0);
    seen_bytes += length;
    if (wanted_length && wanted_length != length) return -1;
    if (flows) {
        u64 one = 1, *n = bpf_map_lookup_elem(flows, &length);
        if (n) (*n)++;
        else bpf_map_update_elem(flows, &length, &one, 0);
    }
    u32 *event = bpf_ringbuf_reserve(&events, 4, 0);
    if (!event) { count_up(counters, 1); return -1; }
    *event = length;
    bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
    return -1;
}

SEC("tp_btf/inet_sock_set_state") int on_state(u64 *args) {
    struct sock *sk = (void *)args[0];
    int extra = 0;
    if (field_exists(sk->no_such_member)) extra = sk->no_such_member;
    u32 *event = bpf_ringbuf_reserve(&events, 16, 0);
    if (!event) return 0;
    event[0] = sk->__sk_common.skc_family;
    event[1] = sk->sk_protocol;
    event[2] = args[2];
    event[3] = extra;
    u64 *note = bpf_sk_storage_get(&notes, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
    if (note) (*note)++;
    bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
    return 0;
}

SEC("?tp_btf/no_such_tracepoint") int on_nothing(u64 *args) { return 0; }
SEC("?tp_btf/inet_sock_set_state") int refused(u64 *args) { return ((struct sock *)0)->sk_protocol + *(int *)args; }

LICENSE("Dual MIT/GPL");
