// The floor of a fan-out: what the kernel takes for writing the same bytes to as many sockets, and nothing else. A child reads
// and throws away. As in a closed loop, the next write to a socket waits until all have been read.
//   bench_floor SOCKETS BYTES_PER_MESSAGE MESSAGES_PER_WRITE SECONDS [WRITER_CORE READER_CORE]
// Prints JSON: CPU time of the writer per message and socket.

#include <arpa/inet.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netinet/tcp.h>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

namespace {

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(2);
}

double clock_s(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (core >= 0) sched_setaffinity(0, sizeof set, &set);
}

// Reads `round` bytes from all sockets together, says so, and again.
void read_away(const std::vector<int>& sockets, std::size_t round, int tell) {
  const int poll = epoll_create1(0);
  for (const int fd : sockets) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  }
  std::vector<char> buffer(65'536);
  std::array<epoll_event, 1024> events{};
  std::size_t got = 0;
  for (;;) {
    const int count = epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const ssize_t bytes = ::read(events[static_cast<std::size_t>(i)].data.fd, buffer.data(), buffer.size());
      if (bytes <= 0) return;
      got += static_cast<std::size_t>(bytes);
    }
    if (got < round) continue;
    got -= round;
    if (::write(tell, "x", 1) != 1) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: bench_floor SOCKETS BYTES_PER_MESSAGE MESSAGES_PER_WRITE SECONDS [WRITER_CORE READER_CORE]\n");
    return 2;
  }
  const auto count = static_cast<std::size_t>(std::atoi(argv[1]));
  const auto messages = static_cast<std::size_t>(std::atoi(argv[3]));
  const std::string bytes(static_cast<std::size_t>(std::atoi(argv[2])) * messages, 'x');
  const double seconds = std::atof(argv[4]);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);

  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, generic, length) != 0 || listen(listener, 4096) != 0 || getsockname(listener, generic, &length) != 0)
    fail("listen");
  std::vector<int> writers;
  std::vector<int> readers;
  for (std::size_t i = 0; i < count; ++i) {
    readers.push_back(socket(AF_INET, SOCK_STREAM, 0));
    if (connect(readers.back(), generic, length) != 0) fail("connect");
    writers.push_back(accept(listener, nullptr, nullptr));
    const int one = 1;
    setsockopt(writers.back(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  std::array<int, 2> pipe_ends{};
  if (pipe(pipe_ends.data()) != 0) fail("pipe");
  const pid_t child = fork();
  if (child == 0) {
    pin(argc > 6 ? std::atoi(argv[6]) : -1);
    for (const int fd : writers) close(fd);
    read_away(readers, bytes.size() * count, pipe_ends[1]);
    _exit(0);
  }
  pin(argc > 5 ? std::atoi(argv[5]) : -1);
  for (const int fd : readers) close(fd);
  const double began = clock_s(CLOCK_MONOTONIC);
  const double cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID);
  std::size_t deliveries = 0;
  while (clock_s(CLOCK_MONOTONIC) - began < seconds) {
    for (const int fd : writers) {
      if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) fail("write");
    }
    deliveries += count * messages;
    char done = 0;
    if (::read(pipe_ends[0], &done, 1) != 1) fail("read");
  }
  const double used = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  for (const int fd : writers) close(fd);
  waitpid(child, nullptr, 0);
  std::printf("{\"cpu_us_per_delivery\":%.4f,\"deliveries\":%zu}\n", used * 1e6 / static_cast<double>(deliveries), deliveries);
  return 0;
}
