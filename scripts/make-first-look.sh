#!/usr/bin/env bash
# Makes examples/first-look.pcap: a minute in the life of a small network, with real clients and servers.
#
#   laptop (its address comes by DHCP) ---- gateway (DHCP, DNS, router) ---- web (nginx, plain and TLS)
#
# Three network namespaces joined by veth pairs; the capture is taken on the laptop's side. Nothing leaves this machine, and
# the addresses are those of documentation (RFC 5737, RFC 3849). Needs root; ends within two minutes, whatever happens, and
# leaves no namespace, process or file behind but the capture.
#
#   npm run example                     writes examples/first-look.pcap
#   npm run example -- other.pcap       writes other.pcap
set -euo pipefail

TARGET=$(realpath -m "${1:-$(dirname "$0")/../examples/first-look.pcap}")
readonly TARGET TIME_LIMIT_S=120

die() { echo "make-first-look: $*" >&2; exit 1; }
say() { echo "  $*" >&2; }

[ "$(id -u)" -eq 0 ] || die "network namespaces need root: sudo npm run example"

# --- tools, by Debian package ---------------------------------------------------------------------------------------------

install_missing() {
  local pair tool missing=()
  for pair in ip:iproute2 ethtool:ethtool nft:nftables ping:iputils-ping tcpdump:tcpdump curl:curl openssl:openssl \
    dig:bind9-dnsutils named:bind9 dnsmasq:dnsmasq-base nginx:nginx-light udhcpc:udhcpc; do
    tool=${pair%%:*}
    command -v "$tool" >/dev/null || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "please install: ${missing[*]}"
  say "installing ${missing[*]}"
  # The servers must not start as services of this machine.
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made=1; fi
  local status=0
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null || status=$?
  [ -z "$made" ] || rm -f "$policy"
  [ "$status" -eq 0 ] || die "apt-get could not install ${missing[*]}"
}

PATH=$PATH:/usr/sbin:/sbin
install_missing

# --- what must be gone at the end -----------------------------------------------------------------------------------------

WORK=$(mktemp -d)
readonly WORK
chmod 755 "$WORK"
readonly LAPTOP=first-look-$$-laptop GATEWAY=first-look-$$-gateway WEB=first-look-$$-web
watchdog_pid=

clean_up() {
  local status=$? namespace pid
  trap - EXIT INT TERM
  [ -z "$watchdog_pid" ] || kill "$watchdog_pid" 2>/dev/null || true
  for namespace in "$LAPTOP" "$GATEWAY" "$WEB"; do
    # Only what runs in a namespace that this run made.
    for pid in $(ip netns pids "$namespace" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null || true; done
    ip netns delete "$namespace" 2>/dev/null || true
    rm -rf "/etc/netns/$namespace"
  done
  rmdir /etc/netns 2>/dev/null || true
  rm -rf "$WORK"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

(
  sleep "$TIME_LIMIT_S" &
  trap 'kill %1 2>/dev/null' TERM
  wait %1 && echo "make-first-look: not done after $TIME_LIMIT_S s, giving up" >&2 && kill -TERM $$
) &
watchdog_pid=$!

on() { local namespace=$1; shift; ip netns exec "$namespace" "$@"; }
# A client may fail on purpose; none may hang.
as_laptop() { on "$LAPTOP" timeout 10 "$@" >/dev/null 2>&1 || true; }

# --- the network ----------------------------------------------------------------------------------------------------------

say 'building the network'
for namespace in "$LAPTOP" "$GATEWAY" "$WEB"; do
  ip netns add "$namespace"
  on "$namespace" sysctl -qw net.ipv6.conf.default.accept_ra=0 net.ipv6.conf.default.router_solicitations=0
  ip -n "$namespace" link set lo up
done

# join A NAME MAC B NAME MAC: a cable between two namespaces, without the offloads that would make segments larger than the
# wire's and leave checksums unfinished.
join() {
  ip -n "$1" link add "$2" address "$3" type veth peer name "$5" address "$6" netns "$4"
  local namespace link
  for namespace in "$1 $2" "$4 $5"; do
    read -r namespace link <<<"$namespace"
    on "$namespace" ethtool -K "$link" tx off rx off tso off gso off gro off >/dev/null 2>&1 || true
    ip -n "$namespace" link set "$link" up
  done
}
join "$LAPTOP" eth0 02:00:5e:00:53:10 "$GATEWAY" lan 02:00:5e:00:53:01
join "$GATEWAY" dmz 02:00:5e:00:53:02 "$WEB" eth0 02:00:5e:00:53:20

ip -n "$GATEWAY" address add 192.0.2.1/24 dev lan
ip -n "$GATEWAY" address add 2001:db8:1::1/64 dev lan nodad
ip -n "$GATEWAY" address add 198.51.100.1/24 dev dmz
ip -n "$GATEWAY" address add 2001:db8:2::1/64 dev dmz nodad
ip -n "$WEB" address add 198.51.100.80/24 dev eth0
ip -n "$WEB" address add 2001:db8:2::80/64 dev eth0 nodad
ip -n "$WEB" route add default via 198.51.100.1
ip -n "$WEB" -6 route add default via 2001:db8:2::1
ip -n "$LAPTOP" address add 2001:db8:1::10/64 dev eth0 nodad
ip -n "$LAPTOP" -6 route add default via 2001:db8:1::1
on "$GATEWAY" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

# `ip netns exec` puts this file in the place of /etc/resolv.conf: no name is asked for outside.
mkdir -p "/etc/netns/$LAPTOP"
echo 'nameserver 192.0.2.1' >"/etc/netns/$LAPTOP/resolv.conf"
on "$LAPTOP" grep -q '^nameserver 192.0.2.1$' /etc/resolv.conf || die "/etc/resolv.conf can not be replaced in the namespace"

# The gateway loses one full segment in each direction, once (a quota that the second one is already over), and all that goes
# to one address: a name server that does not answer.
on "$GATEWAY" nft -f - <<'NFT'
table inet losses {
  chain forward {
    type filter hook forward priority 0
    iifname "lan" tcp dport 8080 meta length > 1400 quota until 1600 bytes drop
    iifname "dmz" tcp sport 8080 meta length > 1400 quota until 1600 bytes drop
    ip daddr 198.51.100.53 drop
  }
}
NFT

# --- the servers ----------------------------------------------------------------------------------------------------------

say 'starting the servers'
cat >"$WORK/named.conf" <<CONF
options {
  directory "$WORK"; pid-file none; listen-on { 192.0.2.1; }; listen-on-v6 { 2001:db8:1::1; };
  recursion no; allow-query { any; }; dnssec-validation no; notify no; minimal-responses no;
};
controls { };
zone "example" { type primary; file "example.zone"; };
zone "2.0.192.in-addr.arpa" { type primary; file "reverse.zone"; };
zone "broken.test" { type primary; file "this-file-is-missing.zone"; };
CONF
{
  cat <<'ZONE'
$TTL 300
@        IN SOA ns.example. hostmaster.example. 1 3600 600 86400 60
@        IN NS  ns.example.
@        IN MX  10 mail.example.
@        IN CAA 0 issue "ca.example"
ns       IN A     192.0.2.1
ns       IN AAAA  2001:db8:1::1
www      IN A     198.51.100.80
www      IN AAAA  2001:db8:2::80
shop     IN CNAME www
mail     IN A     198.51.100.25
_sip._tcp IN SRV  10 5 5060 sip.example.
sip      IN A     198.51.100.50
ZONE
  # More than fits into a datagram: the client comes again over TCP.
  for i in $(seq 1 24); do
    printf 'big IN TXT "%s"\n' "line $i of a text record that does not fit into one datagram, however short it began"
  done
} >"$WORK/example.zone"
cat >"$WORK/reverse.zone" <<'ZONE'
$TTL 300
@  IN SOA ns.example. hostmaster.example. 1 3600 600 86400 60
@  IN NS  ns.example.
1  IN PTR gateway.example.
ZONE
on "$GATEWAY" named -f -c "$WORK/named.conf" >"$WORK/named.log" 2>&1 &

on "$GATEWAY" dnsmasq --no-daemon --conf-file=/dev/null --port=0 --interface=lan --bind-interfaces \
  --dhcp-range=192.0.2.100,192.0.2.110,12h --dhcp-host=02:00:5e:00:53:10,192.0.2.100 --dhcp-option=option:router,192.0.2.1 \
  --dhcp-option=option:dns-server,192.0.2.1 --domain=example --dhcp-authoritative --no-ping --leasefile-ro \
  >"$WORK/dnsmasq.log" 2>&1 &

mkdir -p "$WORK/www" "$WORK/tmp"
{
  echo '<!doctype html><title>A small shop</title>'
  for i in $(seq 1 60); do echo "<p>Article $i: ordinary things at an ordinary price.</p>"; done
} >"$WORK/www/index.html"
# Text that does not shrink to nothing, of the same bytes in every run.
openssl enc -aes-128-ctr -nosalt -K 0000000000000000000000000000000a -iv 00000000000000000000000000000001 \
  -in <(head -c 12000 /dev/zero) | base64 >"$WORK/www/catalogue.txt"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj '/CN=www.example' \
  -addext 'subjectAltName=DNS:www.example,DNS:shop.example' -keyout "$WORK/key.pem" -out "$WORK/certificate.pem" 2>/dev/null
cat >"$WORK/nginx.conf" <<CONF
daemon off; master_process off; worker_processes 1; pid $WORK/nginx.pid; error_log $WORK/nginx.log;
events { worker_connections 64; }
http {
  access_log off; default_type text/plain; if_modified_since before; gzip on; gzip_types text/plain text/html; gzip_min_length 200;
  client_body_temp_path $WORK/tmp/body; proxy_temp_path $WORK/tmp/proxy; fastcgi_temp_path $WORK/tmp/fastcgi;
  uwsgi_temp_path $WORK/tmp/uwsgi; scgi_temp_path $WORK/tmp/scgi;
  server {
    listen 80; listen 8080; listen [::]:80; listen [::]:8080;
    listen 443 ssl; listen [::]:443 ssl;
    server_name www.example shop.example; root $WORK/www;
    ssl_certificate $WORK/certificate.pem; ssl_certificate_key $WORK/key.pem; ssl_protocols TLSv1.2 TLSv1.3;
    types { text/html html; text/plain txt; }
    location = /old       { return 301 /; }
    location = /broken    { return 500 'something went wrong\n'; }
    location = /backend   { proxy_pass http://127.0.0.1:9; }
    location = /order     { client_max_body_size 1m; proxy_pass http://127.0.0.1:8081; proxy_set_header Host \$host; }
    location = /slow      { alias $WORK/www/catalogue.txt; gzip off; limit_rate 2k; limit_rate_after 2k; }
    location = /catalogue.txt { gzip off; }
    location = /account   { auth_basic 'members'; auth_basic_user_file $WORK/members; try_files /index.html =404; }
  }
  server { listen 127.0.0.1:8081; location / { return 201 'ordered\n'; } }
}
CONF
printf 'ann:{PLAIN}%s\n' "not-a-secret" >"$WORK/members"
chmod -R a+rX "$WORK"
on "$WEB" nginx -e "$WORK/nginx.log" -c "$WORK/nginx.conf" >"$WORK/nginx.out" 2>&1 &

# wait_for WHAT COMMAND…: until it succeeds, ten seconds at most.
wait_for() {
  local what=$1; shift
  for _ in $(seq 1 100); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  tail -n 5 "$WORK"/*.log >&2 || true
  die "$what did not start"
}
wait_for nginx on "$WEB" curl -sf -o /dev/null http://127.0.0.1/
wait_for named on "$GATEWAY" dig +time=1 +tries=1 @192.0.2.1 ns.example

# --- the capture ----------------------------------------------------------------------------------------------------------

on "$LAPTOP" tcpdump -i eth0 -n -U --immediate-mode -s 0 -w "$WORK/first-look.pcap" 2>"$WORK/tcpdump.log" &
wait_for tcpdump grep -q 'listening on' "$WORK/tcpdump.log"
tcpdump_pid=$(ip netns pids "$LAPTOP" | while read -r pid; do
  [ "$(cat "/proc/$pid/comm")" = tcpdump ] && echo "$pid" && break
done)

say 'DHCP: the laptop asks for an address'
cat >"$WORK/udhcpc.sh" <<'SCRIPT'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip address add "$ip/24" dev "$interface"
ip route add default via "$router"
SCRIPT
chmod +x "$WORK/udhcpc.sh"
on "$LAPTOP" udhcpc -i eth0 -n -q -t 5 -T 1 -s "$WORK/udhcpc.sh" -x hostname:laptop >"$WORK/udhcpc.log" 2>&1 ||
  die "the laptop got no address by DHCP: $(tail -n 2 "$WORK/udhcpc.log")"

say 'DNS: answers, errors, TCP, a question nobody answers'
as_laptop dig @192.0.2.1 www.example A
as_laptop dig @192.0.2.1 www.example AAAA
as_laptop dig @2001:db8:1::1 shop.example A
as_laptop dig @192.0.2.1 example MX
as_laptop dig @192.0.2.1 example CAA
as_laptop dig @2001:db8:1::1 _sip._tcp.example SRV
as_laptop dig @192.0.2.1 -x 192.0.2.1
as_laptop dig @192.0.2.1 +bufsize=512 big.example TXT
as_laptop dig @192.0.2.1 nobody.example A
as_laptop dig @2001:db8:1::1 nobody.example AAAA
as_laptop dig @192.0.2.1 www.broken.test A
as_laptop dig @192.0.2.1 elsewhere.test A
as_laptop dig +time=1 +tries=2 @198.51.100.53 lost.example A

say 'ICMP: pings, a time to live that runs out, hosts and ports that are not there'
as_laptop ping -c 3 -i 0.2 192.0.2.1
as_laptop ping -6 -c 3 -i 0.2 2001:db8:2::80
as_laptop ping -c 1 -W 1 -s 4000 198.51.100.80
as_laptop ping -c 1 -W 1 -t 1 198.51.100.80
as_laptop ping -6 -c 1 -W 1 -t 1 2001:db8:2::80
as_laptop ping -c 2 -i 0.5 -W 4 198.51.100.99
as_laptop dig +time=1 +tries=1 @192.0.2.1 -p 5300 closed.example A
as_laptop dig +time=1 +tries=1 @2001:db8:1::1 -p 5300 closed.example AAAA

say 'HTTP: answers, redirects, errors, one connection for many requests'
browse() { as_laptop curl --silent --insecure --max-time 8 --output /dev/null "$@"; }
browse -4 http://www.example/ --compressed
browse -4 http://www.example/ -o /dev/null http://www.example/index.html -o /dev/null http://www.example/missing \
  -o /dev/null http://www.example/broken
browse -4 --location http://www.example/old
browse -6 --head http://shop.example/
browse -6 --compressed http://shop.example/ -o /dev/null 'http://shop.example/search?q=blue+lamp&page=2'
browse http://shop.example/backend
browse -4 --header 'If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT' http://www.example/index.html
browse -4 --request DELETE http://www.example/index.html
browse --user ann:not-a-secret http://www.example/account
browse http://www.example/account
browse --max-time 0.6 http://www.example/slow
browse -4 http://www.example:81/
browse http://nobody.example/
# Two requests in one segment, answered in order.
on "$LAPTOP" timeout 5 bash -c 'exec 3<>/dev/tcp/198.51.100.80/80
  printf "GET /missing HTTP/1.1\r\nHost: www.example\r\n\r\nGET / HTTP/1.1\r\nHost: www.example\r\nConnection: close\r\n\r\n" >&3
  cat <&3' >/dev/null 2>&1 || true

say 'HTTP: an upload and a download that lose a segment each'
browse -4 --header 'Expect:' --data-binary "@$WORK/www/catalogue.txt" http://www.example:8080/order
browse -4 http://www.example:8080/catalogue.txt

say 'TLS: 1.3, 1.2, a version and a certificate that are refused'
browse -4 https://www.example/
browse -6 https://shop.example/
browse -4 --tls-max 1.2 https://www.example/missing
# --cacert with nothing in it that signed this certificate: the client refuses and says so in an alert.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj '/CN=another authority' \
  -keyout /dev/null -out "$WORK/other.pem" 2>/dev/null
as_laptop curl --silent --max-time 5 --cacert "$WORK/other.pem" https://www.example/
as_laptop openssl s_client -connect 198.51.100.80:443 -servername www.example -tls1_1 -cipher 'ALL:@SECLEVEL=0' </dev/null

sleep 0.5
kill -INT "$tcpdump_pid"
for _ in $(seq 1 50); do [ -d "/proc/$tcpdump_pid" ] || break; sleep 0.1; done

mkdir -p "$(dirname "$TARGET")"
install -m 644 "$WORK/first-look.pcap" "$TARGET"
[ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$TARGET"
echo "$TARGET: $(stat -c %s "$TARGET") bytes, $(sed -n 's/ packets captured//p' "$WORK/tcpdump.log") packets" >&2
