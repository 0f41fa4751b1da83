#include "tests/support/tcp_proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <string>

namespace parley::support {

struct TcpProxy::Pair {
  int client = -1;
  int server = -1;
  std::atomic<bool> cut = false;
  std::atomic<bool> client_gone = false;
  std::mutex mutex;
  std::string kept;
  std::thread thread;
};

namespace {

constexpr int tick_ms = 5;

sockaddr_in address_of(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(fd, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

void close_hard(int& fd) {
  if (fd < 0) return;
  const linger reset{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  ::close(fd);
  fd = -1;
}

}  // namespace

TcpProxy::TcpProxy(int server_port) : server_port_(server_port), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = address_of(0);
  socklen_t size = sizeof address;
  [[maybe_unused]] int failed = ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  assert(failed == 0);
  failed = ::listen(listener_, 64);
  assert(failed == 0);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { accept_loop(); });
}

TcpProxy::~TcpProxy() {
  ending_ = true;
  cut();
  thread_.join();
  for (const auto& pair : pairs_) pair->thread.join();
  ::close(listener_);
}

void TcpProxy::accept_loop() {
  while (!ending_) {
    pollfd ready{listener_, POLLIN, 0};
    if (::poll(&ready, 1, tick_ms) <= 0) continue;
    int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = address_of(server_port_);
    if (!accepting_ || ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close_hard(client);
      close_hard(server);
      continue;
    }
    auto pair = std::make_unique<Pair>();
    pair->client = client;
    pair->server = server;
    Pair& here = *pair;
    const std::lock_guard lock(mutex_);
    pairs_.push_back(std::move(pair));
    here.thread = std::thread([this, &here] { pump(here); });
  }
}

bool TcpProxy::is_to_be_kept(std::string_view request) {
  if (!keep_request_) return false;
  const std::lock_guard lock(mutex_);
  return request.find(holding_) != std::string_view::npos && keep_request_.exchange(false);
}

void TcpProxy::pump(Pair& pair) {
  std::array<char, 65536> buffer{};
  const auto lose_client = [&] {
    close_hard(pair.client);
    pair.client_gone = true;
    ++events_;
  };
  while (!pair.cut && !ending_) {
    std::array<pollfd, 2> ready{{{pair.client, POLLIN, 0}, {pair.server, POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), tick_ms) <= 0) continue;
    if (ready[0].revents != 0) {
      const ssize_t got = ::recv(pair.client, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      if (is_to_be_kept({buffer.data(), static_cast<std::size_t>(got)})) {
        {
          const std::lock_guard lock(pair.mutex);
          pair.kept.assign(buffer.data(), static_cast<std::size_t>(got));
        }
        lose_client();
        continue;
      }
      if (!send_all(pair.server, buffer.data(), static_cast<std::size_t>(got))) break;
    }
    if (ready[1].revents != 0) {
      const ssize_t got = ::recv(pair.server, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      if (pair.client_gone) continue;
      if (lose_answer_.exchange(false)) {
        lose_client();
        break;
      }
      if (!send_all(pair.client, buffer.data(), static_cast<std::size_t>(got))) break;
    }
  }
  close_hard(pair.client);
  close_hard(pair.server);
}

void TcpProxy::cut() {
  const std::lock_guard lock(mutex_);
  for (const auto& pair : pairs_) pair->cut = true;
}

void TcpProxy::release_kept() {
  const std::lock_guard lock(mutex_);
  for (const auto& pair : pairs_) {
    const std::lock_guard own(pair->mutex);
    if (pair->kept.empty()) continue;
    send_all(pair->server, pair->kept.data(), pair->kept.size());
    pair->kept.clear();
  }
}

}  // namespace parley::support
