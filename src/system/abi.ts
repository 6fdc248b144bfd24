// Numbers of Linux's user-space interface that we use: linux/if_packet.h, linux/if_arp.h, linux/filter.h,
// asm-generic/socket.h. They are the same on x86-64 and arm64, both little endian.

export const AF_PACKET = 17;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0x80000;

export const SOL_SOCKET = 1;
export const SO_ERROR = 4;
export const SO_ATTACH_FILTER = 26;

export const SOL_PACKET = 263;
export const PACKET_ADD_MEMBERSHIP = 1;
export const PACKET_DROP_MEMBERSHIP = 2;
export const PACKET_RX_RING = 5;
export const PACKET_STATISTICS = 6;
export const PACKET_VERSION = 10;
export const PACKET_VNET_HDR = 15;
export const PACKET_FANOUT = 18;
export const PACKET_QDISC_BYPASS = 20;
export const PACKET_FANOUT_DATA = 22;
export const PACKET_IGNORE_OUTGOING = 23;
export const PACKET_MR_PROMISC = 1;
export const PACKET_FANOUT_CBPF = 6;
/** Among the flags, which stand above the type: the kernel gives the group a number that no other has. */
export const PACKET_FANOUT_FLAG_UNIQUEID = 0x2000;
export const TPACKET_V3 = 2;
export const ETH_P_ALL = 3;
/** sll_pkttype: sent by this machine. */
export const PACKET_TYPE_OUTGOING = 4;

/** Bits of tp_status in a packet's header. */
export const TP_STATUS_CSUMNOTREADY = 1 << 3;
export const TP_STATUS_VLAN_VALID = 1 << 4;
/** Bit of block_status: the block belongs to us. */
export const TP_STATUS_USER = 1;

/** Offsets in struct tpacket_block_desc (version 3). */
export const BLOCK_STATUS = 8;
export const BLOCK_PACKETS = 12;
export const BLOCK_FIRST = 16;
/** Offsets in struct tpacket3_hdr, and in the sockaddr_ll behind it. */
export const FRAME_NEXT = 0;
export const FRAME_SECONDS = 4;
export const FRAME_NANOS = 8;
export const FRAME_CAPTURED = 12;
export const FRAME_LENGTH = 16;
export const FRAME_STATUS = 20;
export const FRAME_MAC = 24;
export const FRAME_NET = 26;
export const FRAME_VLAN = 32;
export const FRAME_PROTOCOL = 50;
export const FRAME_IFINDEX = 52;
export const FRAME_HATYPE = 56;
export const FRAME_TYPE = 58;
/** The least that a frame takes in a block: headers, then at least 16 bytes kept for the link-layer header. */
export const FRAME_LEAST = 96;

/** struct virtio_net_hdr (virtio 1.2, 5.1.6): its length, and offsets of what we read; it ends where the frame begins. */
export const VNET_HEADER = 10;
export const VNET_FLAGS = 0;
export const VNET_GSO_TYPE = 1;
export const VNET_GSO_SIZE = 4;
export const VNET_CHECKSUM_START = 6;
export const VNET_NEEDS_CHECKSUM = 1;
export const VNET_GSO_TCPV4 = 1;
export const VNET_GSO_TCPV6 = 4;
export const VNET_GSO_UDP = 5;

/** Hardware types (ARPHRD_…). */
export const ARPHRD_ETHER = 1;
export const ARPHRD_LOOPBACK = 772;

/** Offsets that the kernel's classic BPF understands as questions about the packet. */
export const SKF_AD_OFF = -0x1000;
export const SKF_AD_PKTTYPE = 4;
export const SKF_AD_IFINDEX = 8;
export const SKF_AD_HATYPE = 28;
export const SKF_NET_OFF = -0x100000;

/** struct sock_filter: 8 bytes an instruction; the kernel takes this many at most. */
export const BPF_MAX_INSTRUCTIONS = 4096;
