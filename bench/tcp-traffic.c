// Short TCP connections on the loopback, as fast as they can be made: `tcp-traffic CONNECTIONS [THREADS [abort]]`. Each gives exactly ten
// changes of state, five of the client and five of the server; with `abort` the client ends it by a reset (SO_LINGER 0): three and three.
// Thread n has the port 9000 + n. Prints the CPU time of all threads and how long it took, in microseconds.
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 64

static long each;
static int aborts;

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void *run(void *number) {
    int port = 9000 + (int)(long)number, one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct linger now_or_never = {.l_onoff = 1, .l_linger = 0};
    char byte;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (void *)&any, sizeof any) || listen(listener, 128)) fail("bind");
    for (long i = 0; i < each; i++) {
        // Many addresses: ports in TIME-WAIT do not run out.
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f000001 + (i & 0xffff))};
        int client = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(client, (void *)&to, sizeof to)) fail("connect");
        int server = accept(listener, 0, 0);
        if (aborts) setsockopt(client, SOL_SOCKET, SO_LINGER, &now_or_never, sizeof now_or_never);
        close(client);
        if (read(server, &byte, 1) != (aborts ? -1 : 0)) fail("read");
        close(server);
    }
    close(listener);
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t threads[MAX_THREADS];
    int count = argc > 2 ? atoi(argv[2]) : 1;
    if (count < 1 || count > MAX_THREADS) return fprintf(stderr, "1 to %d threads\n", MAX_THREADS), 2;
    each = atol(argv[1]) / count;
    aborts = argc > 3 && !strcmp(argv[3], "abort");
    long began = now();
    for (long i = 0; i < count; i++) pthread_create(&threads[i], NULL, run, (void *)i);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("%ld %ld\n", (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000L + used.ru_utime.tv_usec + used.ru_stime.tv_usec, now() - began);
    return 0;
}
