// Packets and bytes per flow, counted where they pass: at the ingress and egress of an interface (TCX, or clsact before Linux 6.6).
// src/sources/tcx/ swaps the maps and reads them; the layout of keys and values stands there too (layout.ts).
//
// Keys have a direction: source and destination as in the packet. What tunnels carry is not looked into. Fragments behind the first
// have no ports; those of the first are remembered. A packet whose flow finds no room in the map goes to the `overflow` ring by itself.
// Headers: IEEE 802.1Q, RFC 791, RFC 8200, RFC 9293, RFC 768, RFC 4302.

#include "helpers.h"

// include/uapi/linux/bpf.h: the kernel translates every access.
struct __sk_buff {
    u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex, ifindex, tc_index;
    u32 cb[5];
    u32 hash, tc_classid, data, data_end, napi_id, family, remote_ip4, local_ip4;
    u32 remote_ip6[4], local_ip6[4];
    u32 remote_port, local_port, data_meta;
    u64 flow_keys, tstamp;
    u32 wire_len, gso_segs;
    u64 sk;
    u32 gso_size;
    u8 tstamp_type;
};
static long (*bpf_skb_pull_data)(struct __sk_buff *skb, u32 length) = (void *)39;
static long (*bpf_ringbuf_output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
static u64 (*bpf_ktime_get_coarse_ns)(void) = (void *)160;

enum { TCX_NEXT = -1, BPF_NOEXIST = 1 };
enum { PROTOCOL_HOP_BY_HOP = 0, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_ROUTING = 43, PROTOCOL_FRAGMENT = 44, PROTOCOL_AH = 51,
       PROTOCOL_DESTINATION = 60, PROTOCOL_SCTP = 132, PROTOCOL_DCCP = 33, PROTOCOL_UDPLITE = 136, PROTOCOL_ICMP = 1, PROTOCOL_ICMPV6 = 58 };
enum { NO_IP, NO_IP_BYTES, BROKEN, BROKEN_BYTES, OVERFLOWN, LOST, LOST_BYTES, COUNTERS };

struct key4 {
    u32 source, destination;
    u16 source_port, destination_port; // of ICMP: type and code
    u16 vlan, inner_vlan;
    u32 ifindex;
    u8 protocol, unused[3];
};
struct key6 {
    u32 source[4], destination[4];
    u16 source_port, destination_port;
    u16 vlan, inner_vlan;
    u32 ifindex;
    u8 protocol, unused[3];
};
struct counts {
    u64 packets, bytes, payload;
    u64 first, last; // CLOCK_MONOTONIC, ns; last: coarse, a tick behind at most
    u32 flags;       // of TCP, all that were seen
    u8 ttl, tos, first_flags, unused;
};
_Static_assert(sizeof(struct key4) == 24 && sizeof(struct key6) == 48 && sizeof(struct counts) == 48, "layout.ts says so");

// Sizes, not types: of structures behind two pointers clang keeps the names alone.
struct flows4 { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 65536);
                __uint(key_size, sizeof(struct key4)); __uint(value_size, sizeof(struct counts)); };
struct flows6 { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 32768);
                __uint(key_size, sizeof(struct key6)); __uint(value_size, sizeof(struct counts)); };
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 1); __type(key, u32); __array(values, struct flows4); } active4 SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 1); __type(key, u32); __array(values, struct flows6); } active6 SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 1 << 20); } overflow SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, COUNTERS); __type(key, u32); __type(value, u64); } counters SEC(".maps");

// Ports of datagrams whose first fragment was seen.
struct datagram { u32 source[4], destination[4]; u32 id; u32 protocol; };
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __uint(max_entries, 4096); __type(key, struct datagram); __type(value, u32); } fragments SEC(".maps");

struct overflow4 { struct key4 key; struct counts counts; };
struct overflow6 { struct key6 key; struct counts counts; };

#define swap16(x) __builtin_bswap16(x)

INLINE void add(u32 index, u64 n) {
    u64 *value = bpf_map_lookup_elem(&counters, &index);
    if (value) *value += n;
}

#define COUNT(of, by, outer, room) ({ \
    u32 zero_ = 0; \
    void *flows_ = bpf_map_lookup_elem(&(outer), &zero_); \
    if (flows_) { \
        struct counts *known_ = bpf_map_lookup_elem(flows_, of); \
        /* Exact once per flow and direction: who was first tells who began. */ \
        if (!known_) (by)->first = (by)->last = bpf_ktime_get_ns(); \
        if (!known_ && bpf_map_update_elem(flows_, of, by, BPF_NOEXIST) != 0) { \
            known_ = bpf_map_lookup_elem(flows_, of); \
            if (!known_) { \
                struct room full_ = { .key = *(of), .counts = *(by) }; \
                add(OVERFLOWN, 1); \
                if (bpf_ringbuf_output(&overflow, &full_, sizeof(full_), BPF_RB_NO_WAKEUP) != 0) { \
                    add(LOST, (by)->packets); \
                    add(LOST_BYTES, (by)->bytes); \
                } \
            } \
        } \
        if (known_) { \
            __sync_fetch_and_add(&known_->packets, (by)->packets); \
            __sync_fetch_and_add(&known_->bytes, (by)->bytes); \
            if ((by)->payload) __sync_fetch_and_add(&known_->payload, (by)->payload); \
            if (known_->last < (by)->last) known_->last = (by)->last; \
            if ((known_->flags & (by)->flags) != (by)->flags) __sync_fetch_and_or(&known_->flags, (by)->flags); \
        } \
    } \
})

// Ports, and what of the packet is payload. `at`: offset of the transport header; `end`: where the datagram ends.
struct transport { u16 source_port, destination_port; u32 header; u8 flags; };

INLINE void transport_of(void *data, void *data_end, u32 at, u8 protocol, struct transport *out) {
    u8 *header = data + (at & 0x3ff);
    if ((void *)header + 4 > data_end) return;
    if (protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6) {
        out->source_port = header[0];
        out->destination_port = header[1];
        out->header = 8;
        return;
    }
    if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP && protocol != PROTOCOL_SCTP && protocol != PROTOCOL_DCCP &&
        protocol != PROTOCOL_UDPLITE)
        return;
    out->source_port = swap16(*(u16 *)header);
    out->destination_port = swap16(*(u16 *)(header + 2));
    out->header = protocol == PROTOCOL_SCTP || protocol == PROTOCOL_DCCP ? 12 : 8;
    if (protocol != PROTOCOL_TCP || (void *)header + 20 > data_end) return;
    out->header = (header[12] >> 4) << 2;
    out->flags = header[13];
}

// Offset of the network header with `first` bytes in front of it: 14 on Ethernet, 0 where the packet begins with IP.
INLINE int count(struct __sk_buff *skb, u32 first) {
    void *data = (void *)(long)skb->data;
    void *data_end = (void *)(long)skb->data_end;
    // Headers are mostly in the linear part; where they are not, they are brought there.
    if (data + first + 60 > data_end && skb->len > first + 60) {
        bpf_skb_pull_data(skb, skb->len < 128 ? skb->len : 128);
        data = (void *)(long)skb->data;
        data_end = (void *)(long)skb->data_end;
    }
    u32 at = first;
    u16 type = swap16(skb->protocol);
    u16 vlan = 0, inner_vlan = 0;
    u32 tag = 0;
    if (skb->vlan_present) {
        vlan = skb->vlan_tci & 0xfff;
        tag = 4;
    }
    if (first) {
        if (data + 14 > data_end) goto broken;
        type = swap16(*(u16 *)(data + 12));
#pragma unroll
        for (int i = 0; i < 2; i++) {
            if (type != 0x8100 && type != 0x88a8) break;
            if (data + at + 4 > data_end) goto broken;
            u16 id = swap16(*(u16 *)(data + at)) & 0xfff;
            if (vlan == 0 && tag == 0 && i == 0) vlan = id;
            else inner_vlan = id;
            type = swap16(*(u16 *)(data + at + 2));
            at += 4;
        }
    }
    struct counts one = { .packets = 1, .bytes = skb->len + tag };
    struct transport t = {};
    struct datagram whole = {};
    u8 protocol;
    u32 end;
    bool is_first = 1, is_fragment = 0;
    if (type == 0x0800) {
        u8 *ip = data + at;
        if ((void *)ip + 20 > data_end || ip[0] >> 4 != 4) goto broken;
        u32 length = (ip[0] & 15) << 2;
        if (length < 20) goto broken;
        protocol = ip[9];
        one.ttl = ip[8];
        one.tos = ip[1];
        u16 fragment = swap16(*(u16 *)(ip + 6));
        is_fragment = (fragment & 0x3fff) != 0;
        is_first = (fragment & 0x1fff) == 0;
        whole.source[3] = *(u32 *)(ip + 12);
        whole.destination[3] = *(u32 *)(ip + 16);
        whole.id = *(u16 *)(ip + 4);
        end = at + swap16(*(u16 *)(ip + 2));
        at += length;
    } else if (type == 0x86dd) {
        u8 *ip = data + at;
        if ((void *)ip + 40 > data_end || ip[0] >> 4 != 6) goto broken;
        protocol = ip[6];
        one.ttl = ip[7];
        one.tos = (ip[0] << 4) | (ip[1] >> 4);
        end = at + 40 + swap16(*(u16 *)(ip + 4));
        __builtin_memcpy(whole.source, ip + 8, 16);
        __builtin_memcpy(whole.destination, ip + 24, 16);
        at += 40;
#pragma unroll
        for (int i = 0; i < 6; i++) {
            if (protocol != PROTOCOL_HOP_BY_HOP && protocol != PROTOCOL_ROUTING && protocol != PROTOCOL_DESTINATION &&
                protocol != PROTOCOL_AH && protocol != PROTOCOL_FRAGMENT)
                break;
            u8 *extension = data + (at & 0x3ff);
            if ((void *)extension + 8 > data_end) break;
            if (protocol == PROTOCOL_FRAGMENT) {
                u16 fragment = swap16(*(u16 *)(extension + 2));
                is_fragment = (fragment & 0xfff9) != 0;
                is_first = (fragment & 0xfff8) == 0;
                whole.id = *(u32 *)(extension + 4);
                at += 8;
            } else at += protocol == PROTOCOL_AH ? (extension[1] + 2) << 2 : (extension[1] + 1) << 3;
            protocol = extension[0];
            if (!is_first) break;
        }
    } else {
        add(NO_IP, 1);
        add(NO_IP_BYTES, one.bytes);
        return TCX_NEXT;
    }
    whole.protocol = protocol;
    if (is_first) {
        transport_of(data, data_end, at, protocol, &t);
        if (is_fragment) {
            u32 ports = t.source_port << 16 | t.destination_port;
            bpf_map_update_elem(&fragments, &whole, &ports, 0);
        }
    } else {
        u32 *ports = bpf_map_lookup_elem(&fragments, &whole);
        if (ports) {
            t.source_port = *ports >> 16;
            t.destination_port = *ports;
        }
    }
    // What the stack or the card joined, or has not cut yet, is as many packets as it will be, each with its own headers.
    u32 headers = at + t.header;
    u32 size = skb->gso_size;
    if (size && headers < skb->len) {
        u32 segments = (skb->len - headers + size - 1) / size;
        if (segments > 1) {
            one.packets = segments;
            one.bytes += (u64)(segments - 1) * (headers + tag);
        }
    }
    if (is_first ? end > headers : end > at) one.payload = end - (is_first ? headers : at);
    one.flags = t.flags;
    one.first_flags = t.flags;
    one.last = bpf_ktime_get_coarse_ns();
    if (type == 0x0800) {
        struct key4 key = { .source = whole.source[3], .destination = whole.destination[3], .source_port = t.source_port,
                            .destination_port = t.destination_port, .vlan = vlan, .inner_vlan = inner_vlan, .ifindex = skb->ifindex,
                            .protocol = protocol };
        COUNT(&key, &one, active4, overflow4);
    } else {
        struct key6 key = { .source_port = t.source_port, .destination_port = t.destination_port, .vlan = vlan,
                            .inner_vlan = inner_vlan, .ifindex = skb->ifindex, .protocol = protocol };
        __builtin_memcpy(key.source, whole.source, 16);
        __builtin_memcpy(key.destination, whole.destination, 16);
        COUNT(&key, &one, active6, overflow6);
    }
    return TCX_NEXT;
broken:
    add(BROKEN, 1);
    add(BROKEN_BYTES, skb->len + tag);
    return TCX_NEXT;
}

SEC("tc")
int count_ethernet(struct __sk_buff *skb) {
    return count(skb, 14);
}

SEC("tc")
int count_ip(struct __sk_buff *skb) {
    return count(skb, 0);
}

LICENSE("Dual MIT/GPL");
