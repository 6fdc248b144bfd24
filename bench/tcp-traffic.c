// Short TCP connections on the loopback, as fast as one process makes them: `tcp-traffic CONNECTIONS`. Each gives exactly ten changes
// of state: five of the client, five of the server. Prints its own CPU time and how long it took, in microseconds.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

int main(int argc, char **argv) {
    long count = atol(argv[1]);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    char byte;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(9000)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (void *)&any, sizeof any) || listen(listener, 128)) return perror("listen"), 1;
    long began = now();
    for (long i = 0; i < count; i++) {
        // Many addresses: ports in TIME-WAIT do not run out.
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9000), .sin_addr.s_addr = htonl(0x7f000001 + (i & 0xffff))};
        int client = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(client, (void *)&to, sizeof to)) return perror("connect"), 1;
        int server = accept(listener, 0, 0);
        close(client);
        if (read(server, &byte, 1) != 0) return perror("read"), 1;
        close(server);
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("%ld %ld\n", (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000L + used.ru_utime.tv_usec + used.ru_stime.tv_usec, now() - began);
    return 0;
}
