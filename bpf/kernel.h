// The kernel's structures as far as our programs read them. Only names matter: where a member stands is looked up in the running
// kernel when a program is loaded. Source of the names: include/net/{sock,inet_sock,request_sock}.h, include/linux/{tcp,skbuff,cgroup}.h.
#ifndef NETSCRIBE_KERNEL_H
#define NETSCRIBE_KERNEL_H

#include "helpers.h"

struct ns_common { u32 inum; } KERNEL_TYPE;
struct net { struct ns_common ns; } KERNEL_TYPE;
typedef struct { struct net *net; } possible_net_t;
struct in6_addr { union { u8 u6_addr8[16]; u32 u6_addr32[4]; } in6_u; };
typedef struct { u32 val; } kuid_t;
typedef struct { u32 val; } kgid_t;

struct sock_common {
    u32 skc_daddr, skc_rcv_saddr;
    u16 skc_dport, skc_num;
    u16 skc_family;
    volatile u8 skc_state;
    u64 skc_flags;
    int skc_bound_dev_if;
    possible_net_t skc_net;
    struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
} KERNEL_TYPE;

struct kernfs_node { u64 id; } KERNEL_TYPE;
struct cgroup;
struct cgroup_subsys_state { struct cgroup_subsys_state *parent; } KERNEL_TYPE;
struct cgroup { struct cgroup_subsys_state self; struct kernfs_node *kn; } KERNEL_TYPE;
struct sock_cgroup_data { struct cgroup *cgroup; } KERNEL_TYPE;

struct inode { u64 i_ino; kgid_t i_gid; } KERNEL_TYPE;
struct file { struct inode *f_inode; } KERNEL_TYPE;
struct sock;
struct socket { int state; struct file *file; struct sock *sk; } KERNEL_TYPE;

struct sock {
    struct sock_common __sk_common;
    u16 sk_protocol;
    int sk_err;
    u32 sk_mark;
    kuid_t sk_uid;
    struct socket *sk_socket;
    struct sock_cgroup_data sk_cgrp_data;
} KERNEL_TYPE;

struct inet_sock { struct sock sk; u16 inet_sport; } KERNEL_TYPE;
struct inet_connection_sock { struct inet_sock icsk_inet; } KERNEL_TYPE;
struct minmax_sample { u32 t, v; };
struct minmax { u32 win; struct minmax_sample s[3]; } KERNEL_TYPE;

struct tcp_sock {
    struct inet_connection_sock inet_conn;
    u64 bytes_received, bytes_sent, bytes_retrans;
    u32 srtt_us, total_retrans, segs_in, segs_out;
    struct minmax rtt_min;
} KERNEL_TYPE;

struct request_sock { struct sock_common __req_common; } KERNEL_TYPE;

struct net_device { possible_net_t nd_net; } KERNEL_TYPE;
struct sk_buff {
    struct net_device *dev;
    u16 protocol, transport_header, network_header;
    int skb_iif;
    u8 *head;
} KERNEL_TYPE;

struct task_struct { u32 flags; int tgid; char comm[16]; } KERNEL_TYPE;
struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; } KERNEL_TYPE;
struct bpf_iter__task_file { struct bpf_iter_meta *meta; struct task_struct *task; u32 fd; struct file *file; };
struct bpf_iter__tcp { struct bpf_iter_meta *meta; struct sock_common *sk_common; u32 uid; };

static struct tcp_sock *(*bpf_skc_to_tcp_sock)(void *sk) = (void *)137;

enum { AF_INET = 2, AF_INET6 = 10, IPPROTO_TCP = 6, IPPROTO_MPTCP = 262, PF_KTHREAD = 0x200000, SOCK_DONE = 1 };
enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT, TCP_SYN_RECV, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_TIME_WAIT, TCP_CLOSE, TCP_CLOSE_WAIT,
       TCP_LAST_ACK, TCP_LISTEN, TCP_CLOSING, TCP_NEW_SYN_RECV };

#define swap16(x) __builtin_bswap16(x)

#endif
