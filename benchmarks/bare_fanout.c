/* The bare limit of fan-out: what the kernel takes to give everyone what anyone says.
 *
 * One loop over epoll. In each turn it reads what clients have sent, and then sends all
 * of it to every client, in one send each; what a socket does not take is kept for when
 * it does. There are no frames, names, rooms, and nothing is stored: what a chat server
 * takes more than this is its own.
 *
 *     cc -O2 -o bare_fanout bare_fanout.c && ./bare_fanout
 *
 * It listens on a free port of 127.0.0.1, and writes its number and a line feed.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 1024, READ = 65536, BACKLOG = 4096 };

struct client {
    int fd;
    size_t place;   /* in `clients` */
    char *kept;     /* what its socket has not taken yet */
    size_t length;
};

static struct client **clients;
static size_t count, room;
static int poller;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void *sized(void *memory, size_t size) {
    void *made = realloc(memory, size);
    if (!made) fail("realloc");
    return made;
}

static void watch(int how, int fd, unsigned events, void *whose) {
    struct epoll_event wanted = {.events = events, .data.ptr = whose};
    if (epoll_ctl(poller, how, fd, &wanted)) fail("epoll_ctl");
}

static void welcome(int fd) {
    struct client *client = sized(NULL, sizeof *client);
    *client = (struct client){.fd = fd, .place = count};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (count == room) {
        room = room ? 2 * room : 64;
        clients = sized(clients, room * sizeof *clients);
    }
    clients[count++] = client;
    watch(EPOLL_CTL_ADD, fd, EPOLLIN, client);
}

static void part(struct client *client) {
    struct client *last = clients[--count];
    clients[last->place = client->place] = last;
    close(client->fd);
    free(client->kept);
    free(client);
}

/* Send what the socket takes, and return how much that was. Whom it cannot be sent to
 * any more is noticed when its end is read. */
static size_t push(struct client *client, const char *data, size_t length) {
    ssize_t sent = send(client->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : (size_t)sent;
}

static void give(struct client *client, const char *data, size_t length) {
    size_t sent = client->length ? 0 : push(client, data, length);
    if (sent == length) return;
    if (!client->length)
        watch(EPOLL_CTL_MOD, client->fd, EPOLLIN | EPOLLOUT, client);
    client->kept = sized(client->kept, client->length + length - sent);
    memcpy(client->kept + client->length, data + sent, length - sent);
    client->length += length - sent;
}

static void catch_up(struct client *client) {
    size_t sent = push(client, client->kept, client->length);
    client->length -= sent;
    memmove(client->kept, client->kept + sent, client->length);
    if (!client->length) watch(EPOLL_CTL_MOD, client->fd, EPOLLIN, client);
}

static int listener(void) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) || listen(fd, BACKLOG) ||
        getsockname(fd, (struct sockaddr *)&at, &size))
        fail("listen");
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

int main(void) {
    struct epoll_event ready[EVENTS];
    char *said = sized(NULL, (size_t)EVENTS * READ);   /* in this turn, by all */
    int door = listener();
    if ((poller = epoll_create1(0)) < 0) fail("epoll_create1");
    watch(EPOLL_CTL_ADD, door, EPOLLIN, NULL);
    for (;;) {
        int events = epoll_wait(poller, ready, EVENTS, -1);
        size_t length = 0;
        for (int i = 0; i < events; i++) {
            struct client *client = ready[i].data.ptr;
            if (!client) {
                for (int fd; (fd = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0;)
                    welcome(fd);
                continue;
            }
            if (client->length && ready[i].events & EPOLLOUT) catch_up(client);
            if (!(ready[i].events & ~EPOLLOUT)) continue;
            ssize_t got = recv(client->fd, said + length, READ, 0);
            if (got > 0) length += (size_t)got;
            else if (got == 0 || errno != EAGAIN) part(client);
        }
        for (size_t i = 0; length && i < count; i++) give(clients[i], said, length);
    }
}
