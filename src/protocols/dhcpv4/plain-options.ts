// Options whose value is one number, address or text, or a list of such: by code their name in `netscribe.dhcpv4.settings` and how they
// are read (RFC 2132, 2241, 2242, 2563, 2937, 3011, 3361, 3495, 4280, 4578, 4833, 5071, 5859, 6153, 8520, 8910, 8925).

import { u16, u32 } from '../octets.ts';
import { authenticationText } from './authentication.ts';
import { hex, ipv4Text, printableOrHex, textOf } from './bytes.ts';
import { domainNames } from './domain-names.ts';
import { ipv4List } from './values.ts';

type Kind =
  | 'ip'
  | 'ips'
  | 'pairs'
  | 'flag'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u16s'
  | 'text'
  | 'names'
  | 'sip'
  | 'hex'
  | 'uuid'
  | 'secret';

const PLAIN = new Map<number, readonly [name: string, kind: Kind]>([
  [5, ['name_servers', 'ips']],
  [7, ['log_servers', 'ips']],
  [8, ['quote_servers', 'ips']],
  [9, ['lpr_servers', 'ips']],
  [10, ['impress_servers', 'ips']],
  [11, ['resource_location_servers', 'ips']],
  [13, ['boot_file_size', 'u16']],
  [14, ['merit_dump_file', 'text']],
  [16, ['swap_server', 'ip']],
  [17, ['root_path', 'text']],
  [18, ['extensions_path', 'text']],
  [19, ['ip_forwarding', 'flag']],
  [20, ['non_local_source_routing', 'flag']],
  [21, ['policy_filters', 'pairs']],
  [22, ['max_datagram_reassembly_size', 'u16']],
  [23, ['default_ip_ttl', 'u8']],
  [24, ['path_mtu_aging_timeout', 'u32']],
  [25, ['path_mtu_plateaus', 'u16s']],
  [26, ['interface_mtu', 'u16']],
  [27, ['all_subnets_local', 'flag']],
  [29, ['mask_discovery', 'flag']],
  [30, ['mask_supplier', 'flag']],
  [31, ['router_discovery', 'flag']],
  [32, ['router_solicitation_address', 'ip']],
  [33, ['static_routes', 'pairs']],
  [34, ['trailer_encapsulation', 'flag']],
  [35, ['arp_cache_timeout', 'u32']],
  [36, ['ethernet_encapsulation', 'flag']],
  [37, ['tcp_default_ttl', 'u8']],
  [38, ['tcp_keepalive_interval', 'u32']],
  [39, ['tcp_keepalive_garbage', 'flag']],
  [40, ['nis_domain', 'text']],
  [41, ['nis_servers', 'ips']],
  [44, ['netbios_name_servers', 'ips']],
  [45, ['netbios_datagram_servers', 'ips']],
  [46, ['netbios_node_type', 'u8']],
  [47, ['netbios_scope', 'text']],
  [48, ['x_font_servers', 'ips']],
  [49, ['x_display_managers', 'ips']],
  [62, ['netware_domain', 'text']],
  [64, ['nis_plus_domain', 'text']],
  [65, ['nis_plus_servers', 'ips']],
  [66, ['tftp_server_name', 'text']],
  [68, ['mobile_ip_home_agents', 'ips']],
  [69, ['smtp_servers', 'ips']],
  [70, ['pop3_servers', 'ips']],
  [71, ['nntp_servers', 'ips']],
  [72, ['www_servers', 'ips']],
  [73, ['finger_servers', 'ips']],
  [74, ['irc_servers', 'ips']],
  [75, ['streettalk_servers', 'ips']],
  [76, ['streettalk_directory_servers', 'ips']],
  [85, ['nds_servers', 'ips']],
  [86, ['nds_tree', 'text']],
  [87, ['nds_context', 'text']],
  [88, ['bcmcs_domains', 'names']],
  [89, ['bcmcs_servers', 'ips']],
  [90, ['authentication', 'secret']],
  [91, ['client_last_transaction_time', 'u32']],
  [92, ['associated_ips', 'ips']],
  [93, ['client_architectures', 'u16s']],
  [94, ['client_network_interface', 'hex']],
  [95, ['ldap_servers', 'text']],
  [97, ['client_machine_identifier', 'uuid']],
  [98, ['user_authentication', 'text']],
  [100, ['posix_time_zone', 'text']],
  [101, ['tz_database_time_zone', 'text']],
  [108, ['ipv6_only_wait_sec', 'u32']],
  [112, ['netinfo_servers', 'ips']],
  [113, ['netinfo_tag', 'text']],
  [114, ['captive_portal', 'text']],
  [116, ['auto_configure', 'u8']],
  [117, ['name_service_search', 'u16s']],
  [118, ['subnet_selection', 'ip']],
  [120, ['sip_servers', 'sip']],
  [136, ['pana_agents', 'ips']],
  [137, ['lost_servers', 'names']],
  [138, ['capwap_controllers', 'ips']],
  [142, ['andsf_servers', 'ips']],
  [150, ['tftp_servers', 'ips']],
  [152, ['base_time', 'u32']],
  [153, ['start_time_of_state', 'u32']],
  [161, ['mud_url', 'text']],
  [209, ['configuration_file', 'text']],
  [210, ['path_prefix', 'text']],
  [211, ['reboot_time', 'u32']],
  [252, ['web_proxy_auto_discovery', 'text']],
]);

export type PlainValue = string | readonly string[] | number | boolean;

/** [name, value] of such an option; undefined when the code is none of them or the value does not fit. */
export function plainOption(
  code: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): [string, PlainValue] | undefined {
  const known = PLAIN.get(code);
  if (known === undefined) return undefined;
  const value = read(known[1], bytes, from, to);
  return value === undefined ? undefined : [known[0], value];
}

function read(kind: Kind, bytes: Uint8Array, from: number, to: number): PlainValue | undefined {
  const octets = to - from;
  switch (kind) {
    case 'ip':
      return octets === 4 ? ipv4Text(bytes, from) : undefined;
    case 'ips':
      return ipv4List(bytes, from, to);
    case 'pairs': {
      const list = octets % 8 === 0 ? ipv4List(bytes, from, to) : undefined;
      return list?.filter((_, i) => i % 2 === 0).map((first, i) => `${first} ${list[2 * i + 1]}`);
    }
    case 'flag':
      return octets === 1 && bytes[from] <= 1 ? bytes[from] === 1 : undefined;
    case 'u8':
      return octets === 1 ? bytes[from] : undefined;
    case 'u16':
      return octets === 2 ? u16(bytes, from) : undefined;
    case 'u32':
      return octets === 4 ? u32(bytes, from) : undefined;
    case 'u16s': {
      if (octets === 0 || octets % 2 !== 0) return undefined;
      return Array.from({ length: octets / 2 }, (_, i) => String(u16(bytes, from + 2 * i)));
    }
    case 'text':
      return textOf(bytes, from, to);
    case 'names':
      return domainNames(bytes, from, to, false);
    case 'sip':
      // RFC 3361 section 3: a byte tells names from addresses.
      if (octets < 2 || bytes[from] > 1) return undefined;
      return bytes[from] === 0 ? domainNames(bytes, from + 1, to, false) : ipv4List(bytes, from + 1, to);
    case 'hex':
      return hex(bytes, from, to);
    case 'secret':
      return authenticationText(bytes, from, to);
    case 'uuid':
      // RFC 4578 section 2.3: a type byte, 0 for a GUID.
      return octets === 17 && bytes[from] === 0 ? hex(bytes, from + 1, to) : printableOrHex(bytes, from, to);
  }
}
