// What happens to TCP sockets, on this machine, in all its network namespaces: state changes, retransmissions, resets, errors, drops,
// and what is there at the start. Written into a ring that src/tcp-state/bpf/ reads in place; the layout of `struct event` stands
// there too (event-layout.ts). Only tracepoints: no kprobe, no fentry.
//
// A program that an interrupt stops does not run again for what happens meanwhile. So there are two for changes of state: the second one
// sees to what the first has missed, and as it is done in no time otherwise, what it misses itself the first has seen. There are kernels that
// run no program of ours while certain processes are on the CPU, and count nothing: what a socket's next change shows to be missing is counted.
//
// Who owns a socket is noted when a process is certain to be the one that runs: when it connects, listens, and closes. The note is
// kept with the socket (socket storage) and the kernel copies it from a listener to the connections it gets.

#include "kernel.h"

enum kind { STATE = 1, RETRANSMIT, SYNACK_RETRANSMIT, RESET_SENT, RESET_RECEIVED, ERROR, SNAPSHOT, KINDS };
enum role { UNKNOWN, CLIENT, SERVER };
// The byte of flags in a TCP header (RFC 9293, section 3.1), and which of them.
#define FLAGS_AT 13
#define FLAG_SYN 0x02
#define FLAG_ACK 0x10
// How the owner became known.
enum attribution { NOBODY, BY_CONNECT, BY_LISTEN, BY_CLOSE, BY_DESCRIPTOR };

struct event {
    u64 time;       // CLOCK_MONOTONIC, ns
    u64 cookie;     // the kernel's number of the socket, unique until it boots
    u64 cgroup;
    u64 received, sent; // payload bytes; what was sent again counts once
    u64 in_state, lifetime; // ns
    u8 kind, old_state, new_state, role;
    u16 family, local_port;
    u16 remote_port, error;
    u32 cpu_pid;    // process on the CPU
    u32 owner_pid;
    u32 uid, gid, inode;
    u32 netns;
    u32 srtt_us, min_rtt_us;
    u32 retransmits, segments_in, segments_out;
    u32 reason;
    u32 interface, mark;
    u16 protocol;
    u8 attribution, socket_state, unused[4];
    u8 local[16], remote[16]; // IPv4 as the first four bytes
    char cpu_command[16], owner_command[16];
};
_Static_assert(sizeof(struct event) == 200, "event-layout.ts says so");

struct life {
    u64 began, changed;
    u32 pid;
    u8 role, attribution, shown, error;
    char command[16];
    u32 seen;       // which change of state the first of the two programs saw last; 0: the second one knows of it
    u32 state;      // where its last change led, if `changed`
};

// Filters. Everything that is not asked for is cut out by the verifier.
struct range { u16 from, to; };
#define RANGES 16
const volatile u32 wanted_kinds = ~0;
const volatile u32 wanted_states = ~0;      // bit n: changes from or to state n, and what happens in it
const volatile u32 local_ranges, remote_ranges, any_ranges;
const volatile struct range local_ports[RANGES], remote_ports[RANGES], any_ports[RANGES];
const volatile u32 by_network, by_pid, by_command, by_cgroup, by_netns, by_uid;
const volatile u32 wanted_family;           // 0: both

struct network { u32 prefix; u8 address[16]; };
struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(map_flags, BPF_F_NO_PREALLOC); __uint(max_entries, 1024);
         __type(key, struct network); __type(value, u32); } networks SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1024); __type(key, u32); __type(value, u32); } pids SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 256); __type(key, char[16]); __type(value, u32); } commands SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1024); __type(key, u64); __type(value, u32); } cgroups SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 256); __type(key, u32); __type(value, u32); } namespaces SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 256); __type(key, u32); __type(value, u32); } uids SEC(".maps");

struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 1 << 24); } events SEC(".maps");
// Events made, by kind; and those that found no room, all kinds together in the first.
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, KINDS); __type(key, u32); __type(value, u64); } produced SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } lost SEC(".maps");
// Changes of state that the first program missed and the second one saw.
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } caught SEC(".maps");
// How often changes of state were missing before one that was seen: one or more each time.
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } gaps SEC(".maps");
// TCP segments that the kernel threw away, by reason; the last entry takes those with a higher number.
#define REASONS 512
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, REASONS); __type(key, u32); __type(value, u64); } drops SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_SK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
         __type(key, int); __type(value, struct life); } lives SEC(".maps");

INLINE bool in_ranges(const volatile struct range *ranges, u32 count, u16 port) {
    for (u32 i = 0; i < RANGES; i++)
        if (i < count && port >= ranges[i].from && port <= ranges[i].to) return 1;
    return 0;
}

INLINE bool in_networks(u16 family, const u8 *address) {
    struct network key = {};
    if (family == AF_INET) {
        // As IPv4-mapped IPv6: one table for both.
        key.address[10] = key.address[11] = 0xff;
        *(u32 *)(key.address + 12) = *(const u32 *)address;
    } else __builtin_memcpy(key.address, address, 16);
    key.prefix = 128;
    return bpf_map_lookup_elem(&networks, &key) != NULL;
}

// The cgroup or one above it.
INLINE bool in_cgroups(const struct sock *sk) {
    struct cgroup *cgroup = sk->sk_cgrp_data.cgroup;
    for (int i = 0; i < 8; i++) {
        struct kernfs_node *node = NULL;
        u64 id = 0;
        if (!cgroup) return 0;
        bpf_probe_read_kernel(&node, sizeof node, &cgroup->kn);
        if (node) bpf_probe_read_kernel(&id, sizeof id, &node->id);
        if (bpf_map_lookup_elem(&cgroups, &id)) return 1;
        // `self` is the first member, so a parent's state is the parent.
        struct cgroup_subsys_state *parent = NULL;
        bpf_probe_read_kernel(&parent, sizeof parent, &cgroup->self.parent);
        cgroup = (void *)parent;
    }
    return 0;
}

// Whether an event with this content is asked for. What needs the socket is asked before.
INLINE bool is_wanted(const struct event *e) {
    if (wanted_family) {
        const u32 *words = (const u32 *)e->local;
        // IPv4 may also come through a socket of IPv6.
        bool is_mapped = e->family == AF_INET6 && !words[0] && !words[1] && words[2] == __builtin_bswap32(0xffff);
        if ((is_mapped ? AF_INET : e->family) != wanted_family) return 0;
    }
    if (any_ranges && !in_ranges(any_ports, any_ranges, e->local_port) && !in_ranges(any_ports, any_ranges, e->remote_port)) return 0;
    if (local_ranges && !in_ranges(local_ports, local_ranges, e->local_port)) return 0;
    if (remote_ranges && !in_ranges(remote_ports, remote_ranges, e->remote_port)) return 0;
    if (by_network && !in_networks(e->family, e->local) && !in_networks(e->family, e->remote)) return 0;
    if (by_netns && !bpf_map_lookup_elem(&namespaces, &e->netns)) return 0;
    if (by_uid && !bpf_map_lookup_elem(&uids, &e->uid)) return 0;
    if (by_pid && !bpf_map_lookup_elem(&pids, &e->owner_pid)) return 0;
    if (by_command && !bpf_map_lookup_elem(&commands, &e->owner_command)) return 0;
    return 1;
}

INLINE void fill_addresses(struct event *e, const struct sock_common *c) {
    e->family = c->skc_family;
    e->remote_port = swap16(c->skc_dport);
    if (e->family == AF_INET) {
        *(u32 *)e->local = c->skc_rcv_saddr;
        *(u32 *)e->remote = c->skc_daddr;
    } else {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            ((u32 *)e->local)[i] = c->skc_v6_rcv_saddr.in6_u.u6_addr32[i];
            ((u32 *)e->remote)[i] = c->skc_v6_daddr.in6_u.u6_addr32[i];
        }
    }
    e->interface = c->skc_bound_dev_if;
    e->netns = c->skc_net.net->ns.inum;
}

INLINE void fill_process(struct event *e) {
    e->cpu_pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(e->cpu_command, sizeof e->cpu_command);
}

INLINE void fill_socket(struct event *e, struct sock *sk) {
    fill_addresses(e, &sk->__sk_common);
    e->cookie = bpf_get_socket_cookie(sk);
    e->protocol = sk->sk_protocol;
    e->error = sk->sk_err;
    e->mark = sk->sk_mark;
    e->uid = sk->sk_uid.val;
    e->cgroup = sk->sk_cgrp_data.cgroup->kn->id;
    // A socket that nobody has accepted yet, or that was closed, has no file: reading through NULL gives 0.
    e->socket_state = sk->sk_socket->state;
    struct inode *inode = sk->sk_socket->file->f_inode;
    e->inode = inode->i_ino;
    e->gid = inode->i_gid.val;
    e->local_port = sk->__sk_common.skc_num;
    struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
    if (!tcp) return;
    // The port number outlives the binding, which is gone by the last state change.
    e->local_port = swap16(tcp->inet_conn.icsk_inet.inet_sport);
    e->sent = tcp->bytes_sent - tcp->bytes_retrans;
    // The FIN of the other side has a sequence number, but is no byte.
    e->received = tcp->bytes_received - (tcp->bytes_received > 0 ? (sk->__sk_common.skc_flags >> SOCK_DONE) & 1 : 0);
    e->srtt_us = tcp->srtt_us >> 3;
    e->min_rtt_us = tcp->rtt_min.s[0].v;
    e->retransmits = tcp->total_retrans;
    e->segments_in = tcp->segs_in;
    e->segments_out = tcp->segs_out;
}

INLINE void fill_life(struct event *e, const struct life *life) {
    e->owner_pid = life->pid;
    e->role = life->role;
    e->attribution = life->attribution;
    __builtin_memcpy(e->owner_command, life->command, sizeof e->owner_command);
    if (life->began) e->lifetime = e->time - life->began;
}

INLINE void own(struct life *life, u8 attribution) {
    struct task_struct *task = bpf_get_current_task_btf();
    // The kernel's own workers own nothing.
    if (task->flags & PF_KTHREAD) return;
    life->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(life->command, sizeof life->command);
    life->attribution = attribution;
}

INLINE void submit(const struct event *e) {
    u32 kind = e->kind;
    count_up(produced, kind);
    struct event *place = bpf_ringbuf_reserve(&events, sizeof *e, 0);
    if (!place) {
        count_up(lost, 0);
        return;
    }
    __builtin_memcpy(place, e, sizeof *e);
    bpf_ringbuf_submit(place, BPF_RB_NO_WAKEUP);
}

INLINE bool is_tcp(const struct sock *sk) {
    return sk->sk_protocol == IPPROTO_TCP || sk->sk_protocol == IPPROTO_MPTCP;
}

INLINE int change_state(struct sock *sk, struct life *life, int old, int new) {
    struct event e = {};
    // One that was made of it, and one that led to `old`, are certain to be missing.
    u32 missing = 0;
    e.time = bpf_ktime_get_ns();
    if (life) {
        // A connection that a listener got begins with a copy of the listener's note.
        bool is_new = !life->changed || (old == TCP_LISTEN && new == TCP_SYN_RECV) || new == TCP_SYN_SENT || new == TCP_LISTEN;
        if (old == TCP_LISTEN && new == TCP_SYN_RECV) life->role = SERVER;
        if (new == TCP_SYN_SENT) life->role = CLIENT;
        // MPTCP changes states without a word in some kernels.
        if (!is_new && life->state != old && sk->sk_protocol == IPPROTO_TCP) {
            missing = 1 << (life->state & 15) | 1 << (old & 15);
            // The note is still the listener's.
            if (life->state == TCP_LISTEN) {
                life->role = SERVER;
                life->began = 0;
            }
        } else if (!is_new) e.in_state = e.time - life->changed;
        if (is_new) life->began = old == TCP_CLOSE || old == TCP_LISTEN ? e.time : 0;
        life->changed = e.time;
        life->state = new;
        if (is_new) life->error = 0;
        if (new == TCP_SYN_SENT) own(life, BY_CONNECT);
        else if (new == TCP_LISTEN) own(life, BY_LISTEN);
        // Whoever closes has the descriptor, which the process that listens need not have any more.
        else if (new == TCP_FIN_WAIT1 || new == TCP_LAST_ACK) own(life, BY_CLOSE);
        fill_life(&e, life);
    }
    if (!(wanted_kinds & (1 << STATE))) return 0;
    bool is_told = wanted_states & (1 << (old & 15) | 1 << (new & 15));
    if (!is_told && !(wanted_states & missing)) return 0;
    if (by_cgroup && !in_cgroups(sk)) return 0;
    e.kind = STATE;
    e.old_state = old;
    e.new_state = new;
    fill_socket(&e, sk);
    fill_process(&e);
    if (!is_wanted(&e)) return 0;
    if (wanted_states & missing) count_up(gaps, 0);
    if (is_told) submit(&e);
    return 0;
}

// Which change it is, never 0. A note of it can be left behind, where the second program did not run; no socket makes the same change next.
INLINE u32 change(int old, int new) {
    return 0x100 | (old & 15) << 4 | (new & 15);
}

SEC("tp_btf/inet_sock_set_state") int on_state(u64 *args) {
    struct sock *sk = (void *)args[0];
    if (!is_tcp(sk)) return 0;
    struct life *life = bpf_sk_storage_get(&lives, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
    if (life) life->seen = change(args[1], args[2]);
    return change_state(sk, life, args[1], args[2]);
}
// Attached behind it, and so called after it: programs are attached in the order in which they stand here.
SEC("?tp_btf/inet_sock_set_state") int on_state_missed(u64 *args) {
    struct sock *sk = (void *)args[0];
    if (!is_tcp(sk)) return 0;
    struct life *life = bpf_sk_storage_get(&lives, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
    // Without memory for a note nothing says what was missed; it is counted as lost.
    if (!life) return 0;
    bool is_seen = life->seen == change(args[1], args[2]);
    life->seen = 0;
    if (is_seen) return 0;
    count_up(caught, 0);
    return change_state(sk, life, args[1], args[2]);
}

INLINE bool is_state_wanted(u32 state) {
    return wanted_states & (1 << (state & 15));
}

// Something that happened to a socket without changing its state.
INLINE int report(struct sock *sk, enum kind kind, u32 reason) {
    if (!(wanted_kinds & (1 << kind)) || !is_state_wanted(sk->__sk_common.skc_state)) return 0;
    if (by_cgroup && !in_cgroups(sk)) return 0;
    struct event e = {};
    e.time = bpf_ktime_get_ns();
    e.kind = kind;
    e.reason = reason;
    e.old_state = e.new_state = sk->__sk_common.skc_state;
    struct life *life = bpf_sk_storage_get(&lives, sk, 0, 0);
    if (life) {
        fill_life(&e, life);
        if (life->changed) e.in_state = e.time - life->changed;
    }
    fill_socket(&e, sk);
    fill_process(&e);
    if (is_wanted(&e)) submit(&e);
    return 0;
}

SEC("tp_btf/tcp_retransmit_skb") int on_retransmit(u64 *args) {
    return report((void *)args[0], RETRANSMIT, 0);
}
SEC("tp_btf/tcp_receive_reset") int on_reset_received(u64 *args) {
    return report((void *)args[0], RESET_RECEIVED, 0);
}
SEC("tp_btf/inet_sk_error_report") int on_error(u64 *args) {
    struct sock *sk = (void *)args[0];
    if (!is_tcp(sk)) return 0;
    // Waiting processes are woken more than once, also when one has taken the error already: it is told once.
    u8 error = sk->sk_err;
    struct life *life = bpf_sk_storage_get(&lives, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
    if (!error || (life && life->error == error)) return 0;
    if (life) life->error = error;
    return report(sk, ERROR, 0);
}

SEC("tp_btf/tcp_retransmit_synack") int on_synack_retransmit(u64 *args) {
    struct sock *sk = (void *)args[0];
    struct request_sock *request = (void *)args[1];
    if (!(wanted_kinds & (1 << SYNACK_RETRANSMIT)) || !is_state_wanted(TCP_SYN_RECV)) return 0;
    if (by_cgroup && !in_cgroups(sk)) return 0;
    struct event e = {};
    e.time = bpf_ktime_get_ns();
    e.kind = SYNACK_RETRANSMIT;
    e.old_state = e.new_state = TCP_SYN_RECV;
    struct life *life = bpf_sk_storage_get(&lives, sk, 0, 0);
    if (life) fill_life(&e, life);
    e.lifetime = 0;
    e.role = SERVER;
    e.protocol = IPPROTO_TCP;
    e.uid = sk->sk_uid.val;
    e.cgroup = sk->sk_cgrp_data.cgroup->kn->id;
    fill_addresses(&e, &request->__req_common);
    e.netns = sk->__sk_common.skc_net.net->ns.inum;
    e.local_port = request->__req_common.skc_num;
    fill_process(&e);
    if (is_wanted(&e)) submit(&e);
    return 0;
}

// A reset that answers a segment for which there is no socket: all that is known is the segment.
INLINE int report_segment(struct sk_buff *skb, u32 reason) {
    if (by_cgroup || by_pid || by_command || by_uid || !is_state_wanted(TCP_CLOSE) || !skb) return 0;
    struct event e = {};
    u8 *head = skb->head;
    u8 *network = head + skb->network_header;
    u8 *transport = head + skb->transport_header;
    u8 version = 0;
    u16 ports[2] = {};
    u8 flags = 0;
    bpf_probe_read_kernel(&version, 1, network);
    if (version >> 4 == 4) {
        e.family = AF_INET;
        bpf_probe_read_kernel(e.remote, 4, network + 12);
        bpf_probe_read_kernel(e.local, 4, network + 16);
    } else if (version >> 4 == 6) {
        e.family = AF_INET6;
        bpf_probe_read_kernel(e.remote, 16, network + 8);
        bpf_probe_read_kernel(e.local, 16, network + 24);
    } else return 0;
    bpf_probe_read_kernel(ports, sizeof ports, transport);
    bpf_probe_read_kernel(&flags, 1, transport + FLAGS_AT);
    e.remote_port = swap16(ports[0]);
    e.local_port = swap16(ports[1]);
    e.time = bpf_ktime_get_ns();
    e.kind = RESET_SENT;
    e.reason = reason;
    e.old_state = e.new_state = TCP_CLOSE;
    // Who began, only what comes before a connection tells.
    if (flags & FLAG_SYN) e.role = flags & FLAG_ACK ? CLIENT : SERVER;
    e.protocol = IPPROTO_TCP;
    e.interface = skb->skb_iif;
    e.netns = skb->dev->nd_net.net->ns.inum;
    fill_process(&e);
    if (is_wanted(&e)) submit(&e);
    return 0;
}

INLINE int reset_sent(struct sock *sk, struct sk_buff *skb, u32 reason) {
    if (!(wanted_kinds & (1 << RESET_SENT))) return 0;
    if (sk && sk->__sk_common.skc_state != TCP_TIME_WAIT && sk->__sk_common.skc_state != TCP_NEW_SYN_RECV)
        return report(sk, RESET_SENT, reason);
    return report_segment(skb, reason);
}
SEC("tp_btf/tcp_send_reset") int on_reset_sent(u64 *args) {
    return reset_sent((void *)args[0], (void *)args[1], args[2]);
}
// Linux < 6.10 gives no reason.
SEC("?tp_btf/tcp_send_reset") int on_reset_sent_plain(u64 *args) {
    return reset_sent((void *)args[0], (void *)args[1], 0);
}

SEC("tp_btf/kfree_skb") int on_drop(u64 *args) {
    struct sk_buff *skb = (void *)args[0];
    u32 reason = args[2];
    u8 *network = skb->head + skb->network_header;
    u8 protocol = 0;
    if (skb->protocol == swap16(0x0800)) bpf_probe_read_kernel(&protocol, 1, network + 9);
    else if (skb->protocol == swap16(0x86dd)) bpf_probe_read_kernel(&protocol, 1, network + 6);
    if (protocol == IPPROTO_TCP) count_up(drops, reason < REASONS ? reason : REASONS - 1);
    return 0;
}

INLINE void show(struct seq_file *seq, struct sock *sk, struct life *life) {
    if (life->shown) return;
    life->shown = 1;
    if (by_cgroup && !in_cgroups(sk)) return;
    struct event e = {};
    e.time = bpf_ktime_get_ns();
    e.kind = SNAPSHOT;
    e.old_state = e.new_state = sk->__sk_common.skc_state;
    if (!is_state_wanted(e.new_state)) return;
    fill_life(&e, life);
    fill_socket(&e, sk);
    if (is_wanted(&e)) bpf_seq_write(seq, &e, sizeof e);
}

// What processes have open, in all namespaces: who owns which socket.
SEC("iter/task_file") int on_descriptor(struct bpf_iter__task_file *it) {
    struct task_struct *task = it->task;
    struct file *file = it->file;
    if (!task || !file) return 0;
    struct socket *socket = bpf_sock_from_file(file);
    if (!socket) return 0;
    struct sock *sk = socket->sk;
    if (!sk || !is_tcp(sk) || (sk->__sk_common.skc_family != AF_INET && sk->__sk_common.skc_family != AF_INET6)) return 0;
    struct life *life = bpf_sk_storage_get(&lives, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
    if (!life) return 0;
    if (!life->pid) {
        life->pid = task->tgid;
        life->attribution = BY_DESCRIPTOR;
#pragma unroll
        for (int i = 0; i < 16; i++) life->command[i] = task->comm[i];
    }
    // A socket that is neither listening nor connected yet tells nothing.
    if (sk->__sk_common.skc_state == TCP_CLOSE) return 0;
    show(it->meta->seq, sk, life);
    return 0;
}

// The sockets of this network namespace, for those that no process has open any more.
SEC("iter/tcp") int on_socket(struct bpf_iter__tcp *it) {
    struct sock_common *common = it->sk_common;
    if (!common) return 0;
    struct tcp_sock *tcp = bpf_skc_to_tcp_sock(common);
    if (!tcp) return 0;
    struct sock *sk = &tcp->inet_conn.icsk_inet.sk;
    struct life *life = bpf_sk_storage_get(&lives, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
    if (life) show(it->meta->seq, sk, life);
    return 0;
}

LICENSE("Dual MIT/GPL");
