#!/usr/bin/env python3
# TCP traffic of a known kind, for tests of TCP events: traffic.py WHAT [COUNT]. Prints what the test wants to know of it.
import ctypes, os, socket, struct, sys, time

# Other tests may run at the same time, in other namespaces.
PORT = int(os.environ.get('TRAFFIC_PORT', 9000))
# Nobody listens there.
REFUSED_PORT = PORT + 1

def listener(host='127.0.0.1', port=PORT, protocol=0):
    s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_STREAM, protocol)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, port))
    s.listen(512)
    return s

def connected(server, protocol=0):
    c = socket.socket(server.family, socket.SOCK_STREAM, protocol)
    c.connect(server.getsockname()[:2])
    a, _ = server.accept()
    return c, a

def short(count, host='127.0.0.1', protocol=0):
    s = listener(host, protocol=protocol)
    for _ in range(count):
        c, a = connected(s, protocol)
        c.sendall(b'x' * 100)
        assert len(a.recv(1000)) == 100
        a.sendall(b'y' * 300)
        assert len(c.recv(1000)) == 300
        c.close()
        assert a.recv(10) == b''
        a.close()
    s.close()

# A request and its response in each connection.
def http(count):
    s = listener()
    for _ in range(count):
        c, a = connected(s)
        c.sendall(b'GET / HTTP/1.1\r\nHost: example\r\nConnection: close\r\n\r\n')
        a.recv(1000)
        a.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
        c.recv(1000)
        a.close()
        c.close()
    s.close()

def refused(count):
    for _ in range(count):
        try:
            socket.create_connection(('127.0.0.1', REFUSED_PORT))
        except ConnectionRefusedError:
            pass

# A segment of the server comes when the client has gone without a word (TCP_REPAIR): its machine answers with a reset, without a socket.
def late(count):
    s = listener()
    for _ in range(count):
        c, a = connected(s)
        c.setsockopt(socket.IPPROTO_TCP, 19, 1)
        c.close()
        a.sendall(b'x')
        try:
            a.recv(10)
        except ConnectionResetError:
            pass
        a.close()
    s.close()

# Of a process that calls itself something in UTF-8, and not quite (PR_SET_NAME).
def named(count):
    ctypes.CDLL(None).prctl(15, 'straße é'.encode() + b'\xff', 0, 0, 0)
    short(count)

# Closed with a reset: by the client, with data that nobody has read.
def reset(count):
    s = listener()
    for _ in range(count):
        c, a = connected(s)
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        c.close()
        try:
            a.recv(10)
        except ConnectionResetError:
            pass
        a.close()
    s.close()

# The client has said all; the server goes on for a while.
def half_closed(count):
    s = listener()
    for _ in range(count):
        c, a = connected(s)
        c.shutdown(socket.SHUT_WR)
        assert a.recv(10) == b''
        for _ in range(5):
            a.sendall(b'z' * 1000)
        a.close()
        while c.recv(10000):
            pass
        c.close()
    s.close()

# Nobody answers there: the packets are thrown away (TCP_SYNCNT 1 makes it short).
def timed_out(count):
    for _ in range(count):
        c = socket.socket()
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
        # TCP_USER_TIMEOUT, ms
        c.setsockopt(socket.IPPROTO_TCP, 18, 300)
        try:
            c.connect(('203.0.113.7', 9))
        except OSError as error:
            print(error.errno)
        c.close()

# Listens and ends it again and again on one CPU, to which all packets of connections that another one makes are handed (receive packet
# steering): they interrupt whatever looks at the listening, and change states themselves. Prints how often it listened; that is two
# changes of state each, beside ten for each connection and two for the listener of those. Nobody else runs on these CPUs meanwhile, for so
# short a time: kernels of virtual machines were seen that run no BPF program at all while process 1 is on the CPU.
def interrupted(count):
    first, second = sorted(os.sched_getaffinity(0))[:2]
    steer(1 << first)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        pass
    child = os.fork()
    if child == 0:
        os.sched_setaffinity(0, {second})
        s = listener()
        for _ in range(count):
            c, a = connected(s)
            c.close()
            a.recv(1)
            a.close()
        s.close()
        os._exit(0)
    os.sched_setaffinity(0, {first})
    listened = 0
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        for _ in range(100):
            s = socket.socket()
            s.bind(('127.0.0.1', REFUSED_PORT))
            s.listen(1)
            s.close()
            listened += 1
    # The last segments are still to be handled, here.
    while is_closing():
        pass
    steer(0)
    print(listened)

# Whether connections are not over yet; those that wait for late segments (TIME-WAIT) are.
def is_closing():
    with open('/proc/net/tcp') as sockets:
        return any(line.split()[3] != '06' for line in sockets.readlines()[1:])

# To which CPUs packets of the loopback are handed; 0: to where they are.
def steer(cpus):
    with open('/sys/class/net/lo/queues/rx-0/rps_cpus', 'w') as steering:
        steering.write(f'{cpus:x}')

# The server throws away what it is sent for a while, then the client the answer to its SYN: both are sent again (data after some 0.2 s, SYN and
# its answer after 1 s).
def deaf(count):
    s = listener()
    for _ in range(count):
        c, a = connected(s)
        throw_away(a, True)
        c.sendall(b'x' * 100)
        sent_again(c)
        throw_away(a, False)
        assert len(a.recv(1000)) == 100
        c.close()
        assert a.recv(10) == b''
        a.close()
        c = socket.socket()
        throw_away(c, True)
        c.setblocking(False)
        c.connect_ex(('127.0.0.1', PORT))
        sent_again(c)
        throw_away(c, False)
        a, _ = s.accept()
        c.close()
        assert a.recv(10) == b''
        a.close()
    s.close()

# Waits until a socket has sent something for the second time: tcpi_total_retrans of linux/tcp.h.
def sent_again(s):
    while struct.unpack_from('I', s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 100)[0] == 0:
        time.sleep(0.01)

# A socket's filter (SO_ATTACH_FILTER, SO_DETACH_FILTER) of one instruction: nothing of any segment is wanted.
def throw_away(s, everything):
    program = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0))
    if everything:
        s.setsockopt(socket.SOL_SOCKET, 26, struct.pack('HP', 1, ctypes.addressof(program)))
    else:
        s.setsockopt(socket.SOL_SOCKET, 27, 0)

# A server and a client in processes of their own, held on one CPU: whoever runs when something happens need not be who it is about.
def two_processes(count):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    s = listener()
    print('server', os.getpid(), flush=True)
    child = os.fork()
    if child == 0:
        s.close()
        for _ in range(count):
            c = socket.create_connection(('127.0.0.1', PORT))
            c.sendall(b'q' * 10)
            c.recv(10)
            c.close()
        os._exit(0)
    print('client', child, flush=True)
    for _ in range(count):
        a, _ = s.accept()
        a.recv(10)
        a.sendall(b'r' * 10)
        a.recv(10)
        a.close()
    s.close()
    os.waitpid(child, 0)

# Holds a listener and a connection until it is told a line, and stays until its standard input ends.
def hold(_):
    s = listener()
    c, a = connected(s)
    print(os.getpid(), c.getsockname()[1], flush=True)
    sys.stdin.readline()
    for one in (c, a, s):
        one.close()
    print('closed', flush=True)
    sys.stdin.read()

# A connection that is half closed when a line comes, and closed with its listener at the next.
def in_steps(_):
    s = listener()
    c, a = connected(s)
    print('open', flush=True)
    sys.stdin.readline()
    c.shutdown(socket.SHUT_WR)
    assert a.recv(1) == b''
    # Acknowledged, which may take a while: FIN-WAIT-2.
    while c.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) != b'\x05':
        time.sleep(0.01)
    print('half closed', flush=True)
    sys.stdin.readline()
    for one in (c, a, s):
        one.close()
    print('closed', flush=True)

# Sockets are of this user.
os.setuid(int(os.environ.get('TRAFFIC_USER', 0)))
what, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
if what == 'short6':
    short(count, '::1')
elif what == 'mptcp':
    short(count, protocol=262)
else:
    {'short': short, 'http': http, 'refused': refused, 'reset': reset, 'late': late, 'named': named, 'half-closed': half_closed, 'timed-out': timed_out,
     'two-processes': two_processes, 'interrupted': interrupted, 'deaf': deaf, 'hold': hold, 'in-steps': in_steps}[what](count)
