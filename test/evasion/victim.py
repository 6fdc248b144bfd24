#!/usr/bin/env python3
"""A real Linux host to try evasions on, in a network namespace of its own. Needs root.

A veth pair: `victim` has the addresses, `outside` has none and is a packet socket. Messages on standard input and output are a
length (4 bytes, big-endian), a letter, and that many bytes less one. In: F a frame to send, Q to be told when it is quiet. Out: R ready,
Q nothing has happened for a while since it was asked, F a frame that the host sent, A a connection (the client's port, 2 bytes), D its bytes (port, bytes), E its end (port, 1 when reset), U a datagram that was
received. A request that is whole gets an answer; one that says close is closed behind it.
"""
import ctypes, os, select, socket, struct, subprocess, sys

CLONE_NEWNET = 0x40000000
UDP_NO_CHECK6_RX = 102
# Longer than an acknowledgment is delayed, and than the first segment waits to be sent again.
QUIET_SECONDS = 0.3
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
OUTSIDE_MAC, VICTIM_MAC = '02:00:00:00:00:01', '02:00:00:00:00:02'


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
    ):
        subprocess.run(['ip', *words.split()], check=True)


class Victim:
    def __init__(self):
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x0300)
        self.wire.bind(('outside', 3))
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(('10.0.0.2', 80))
        self.listener.listen(4096)
        self.datagrams = []
        for family, address in ((socket.AF_INET, '10.0.0.2'), (socket.AF_INET6, '2001:db8::2')):
            one = socket.socket(family, socket.SOCK_DGRAM)
            one.bind((address, 53))
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_UDP, UDP_NO_CHECK6_RX, 1)
            self.datagrams.append(one)
        self.connections = {}
        self.pending = b''
        self.asked = 0

    def run(self):
        stdin = sys.stdin.fileno()
        poller = select.epoll()
        for one in (stdin, self.wire, self.listener, *self.datagrams):
            poller.register(one, select.EPOLLIN)
        tell(b'R')
        while True:
            sys.stdout.buffer.flush()
            events = poller.poll(QUIET_SECONDS if self.asked > 0 else None)
            if not events:
                for _ in range(self.asked):
                    tell(b'Q')
                self.asked = 0
            for fd, _ in events:
                if fd == stdin:
                    data = os.read(stdin, 1 << 16)
                    if not data:
                        return
                    self.send(data)
                elif fd == self.wire.fileno():
                    frame, (_, _, kind, _, _) = self.wire.recvfrom(1 << 16)
                    if kind != socket.PACKET_OUTGOING:
                        tell(b'F', frame)
                elif fd == self.listener.fileno():
                    connection, (_, port) = self.listener.accept()
                    self.connections[connection.fileno()] = [connection, port, b'']
                    poller.register(connection, select.EPOLLIN)
                    tell(b'A', struct.pack('>H', port))
                elif fd in self.connections:
                    self.read(fd)
                else:
                    for one in self.datagrams:
                        if one.fileno() == fd:
                            tell(b'U', one.recv(1 << 16))

    def send(self, data):
        self.pending += data
        while len(self.pending) >= 4:
            length = struct.unpack('>I', self.pending[:4])[0]
            if len(self.pending) < 4 + length:
                return
            if self.pending[4:5] == b'Q':
                self.asked += 1
            else:
                self.wire.send(self.pending[5:4 + length])
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


namespace()
Victim().run()
