#!/usr/bin/env python3
"""A real Linux host to try evasions on, in a network namespace of its own. Needs root.

A veth pair: `victim` has the addresses, `outside` has none and is a packet socket. Messages on standard input and output are a
length (4 bytes, big-endian), a letter, and that many bytes less one. In: F a frame to send, Q to be told when it is quiet. Out: R ready,
Q all that was sent before has been taken and what came of it was told, F a frame that the host sent, A a connection (the client's port,
2 bytes), D its bytes (port, bytes), E its end (port, 1 when reset), U a datagram that was received. A request that is whole gets an answer;
one that says close is closed behind it.

Nothing here waits for a time. All of it runs on one processor, whose queue of received frames is in order: frames can not overtake each
other, and when a ping is answered the kernel has had all that went before, and its answers came before. What the application does then
may send more, so that a ping is sent again until one finds it idle. The kernel acknowledges at once, not after its delay.
"""
import ctypes, os, select, socket, struct, subprocess, sys

CLONE_NEWNET = 0x40000000
UDP_NO_CHECK6_RX = 102
SO_RCVBUFFORCE = 33
IP = 14
ICMP, ECHO_REPLY = 1, 0
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
OUTSIDE_MAC, VICTIM_MAC = '02:00:00:00:00:01', '02:00:00:00:00:02'
# An echo request of 10.0.0.1 to 10.0.0.2 (RFC 792), checksums and all.
PING = bytes.fromhex(
    '020000000002' '020000000001' '0800'
    '4500001c' '00000000' '400166df' '0a000001' '0a000002'
    '0800' 'f7ff' '00000000'
)


def tell(letter, body=b''):
    sys.stdout.buffer.write(struct.pack('>I', 1 + len(body)) + letter + body)


def namespace():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), 'no network namespace')
    for words in (
        'link set lo up',
        f'link add outside address {OUTSIDE_MAC} type veth peer name victim address {VICTIM_MAC}',
        'link set outside up',
        'link set victim up',
        'addr add 10.0.0.2/24 dev victim',
        'addr add 2001:db8::2/64 dev victim nodad',
        f'neigh add 10.0.0.1 lladdr {OUTSIDE_MAC} dev victim nud permanent',
        f'neigh add 2001:db8::1 lladdr {OUTSIDE_MAC} dev victim nud permanent',
        'route replace 10.0.0.0/24 dev victim proto kernel scope link src 10.0.0.2 quickack 1',
    ):
        subprocess.run(['ip', *words.split()], check=True)
    # An answer to a segment that can not be is as good half a second later: here it is never left out.
    with open('/proc/sys/net/ipv4/tcp_invalid_ratelimit', 'w') as limit:
        limit.write('0')


def roomy(one):
    """Nothing is dropped for want of room, whatever the machine's limits are."""
    one.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
    return one


class Victim:
    def __init__(self):
        self.wire = roomy(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x0300))
        self.wire.bind(('outside', 3))
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(('10.0.0.2', 80))
        self.listener.listen(4096)
        self.datagrams = []
        for family, address in ((socket.AF_INET, '10.0.0.2'), (socket.AF_INET6, '2001:db8::2')):
            one = roomy(socket.socket(family, socket.SOCK_DGRAM))
            one.bind((address, 53))
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_UDP, UDP_NO_CHECK6_RX, 1)
            self.datagrams.append(one)
        self.connections = {}
        self.pending = b''
        self.asked = 0
        # A ping is on its way; its answer has come and all is to be read that came before; something was done since it was sent.
        self.is_out, self.is_back, self.is_stirred = False, False, False

    def run(self):
        stdin = sys.stdin.fileno()
        poller = self.poller = select.epoll()
        for one in (stdin, self.wire, self.listener, *self.datagrams):
            poller.register(one, select.EPOLLIN)
        tell(b'R')
        while True:
            sys.stdout.buffer.flush()
            fds = [fd for fd, _ in poller.poll(0 if self.is_back else None)]
            if not fds:
                self.come_back()
            # What has come is read before more is sent: nothing piles up.
            elif fds != [stdin]:
                for fd in fds:
                    if fd != stdin:
                        self.take(fd)
            else:
                data = os.read(stdin, 1 << 14)
                if not data:
                    return
                self.obey(data)

    def take(self, fd):
        if fd == self.wire.fileno():
            frame, (_, _, kind, _, _) = self.wire.recvfrom(1 << 16)
            if kind == socket.PACKET_OUTGOING:
                return
            if frame[12:14] == b'\x08\x00' and frame[IP + 9] == ICMP and frame[IP + 20] == ECHO_REPLY:
                self.is_out, self.is_back = False, True
            else:
                tell(b'F', frame)
            return
        self.is_stirred = True
        if fd == self.listener.fileno():
            connection, (_, port) = self.listener.accept()
            self.connections[connection.fileno()] = [connection, port, b'']
            self.poller.register(connection, select.EPOLLIN)
            tell(b'A', struct.pack('>H', port))
        elif fd in self.connections:
            self.read(fd)
        else:
            for one in self.datagrams:
                if one.fileno() == fd:
                    tell(b'U', one.recv(1 << 16))

    def ping(self):
        self.is_out, self.is_back, self.is_stirred = True, False, False
        self.wire.send(PING)

    def come_back(self):
        """The ping was answered and there is nothing more to read."""
        self.is_back = False
        if self.is_stirred:
            self.ping()
            return
        for _ in range(self.asked):
            tell(b'Q')
        self.asked = 0

    def obey(self, data):
        self.pending += data
        while len(self.pending) >= 4:
            length = struct.unpack('>I', self.pending[:4])[0]
            if len(self.pending) < 4 + length:
                return
            self.is_stirred = True
            if self.pending[4:5] == b'F':
                self.wire.send(self.pending[5:4 + length])
            else:
                self.asked += 1
                if not self.is_out and not self.is_back:
                    self.ping()
            self.pending = self.pending[4 + length:]

    def read(self, fd):
        connection, port, before = self.connections[fd]
        try:
            data = connection.recv(1 << 16)
        except ConnectionError:
            data = None
        if not data:
            tell(b'E', struct.pack('>HB', port, data is None))
            connection.close()
            del self.connections[fd]
            return
        tell(b'D', struct.pack('>H', port) + data)
        before = (before + data)[-4096:]
        if b'\r\n\r\n' in before:
            try:
                connection.send(ANSWER)
                if b'close' in before:
                    connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # Reset meanwhile: the next read says so.
            before = b''
        self.connections[fd][2] = before


os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
namespace()
Victim().run()
