#include "broker/net/client_stream.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace parley::net {

namespace {

using SocketAddress = std::pair<std::shared_ptr<sockaddr_storage>, unsigned>;

Result<std::deque<SocketAddress>> look_up(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (failed != 0) return {Code::unavailable, "cannot find the address of " + address.host + ": " + gai_strerror(failed)};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, &freeaddrinfo);
  std::deque<SocketAddress> all;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    auto storage = std::make_shared<sockaddr_storage>();
    std::memcpy(storage.get(), at->ai_addr, at->ai_addrlen);
    all.emplace_back(std::move(storage), at->ai_addrlen);
  }
  return all;
}

}  // namespace

ClientStream::ClientStream(Loop& loop, Endpoint endpoint, unsigned attempt, Events& events)
    : loop_(loop), endpoint_(std::move(endpoint)), events_(events) {
  look_up_ = start_job_for(
      loop, [address = endpoint_.address] { return look_up(address); },
      [this, attempt](Result<std::deque<SocketAddress>> found) { looked_up(std::move(found), attempt); });
}
ClientStream::~ClientStream() = default;

// ---- connecting

void ClientStream::looked_up(Result<std::deque<SocketAddress>> found, unsigned attempt) {
  if (closed_) return;
  if (!found) return close(found.error().message);
  addresses_ = std::move(*found);
  std::rotate(addresses_.begin(), addresses_.begin() + attempt % addresses_.size(), addresses_.end());
  try_next("no address");
}

void ClientStream::try_next(std::string why) {
  while (!addresses_.empty()) {
    const auto [address, length] = addresses_.front();
    addresses_.pop_front();
    Descriptor fd(::socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd.get() < 0 ||
        (::connect(fd.get(), reinterpret_cast<const sockaddr*>(address.get()), length) != 0 && errno != EINPROGRESS)) {
      why = std::strerror(errno);
      continue;
    }
    connecting_ = std::move(fd);
    poll_ = std::make_unique<Poll>(loop_, connecting_.get(), [this](Poll::Ready ready) {
      int error = ready.error;
      socklen_t size = sizeof error;
      if (error == 0) ::getsockopt(connecting_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      connected(error);
    });
    poll_->want(false, true);
    return;
  }
  close("cannot connect to " + endpoint_.address.text() + ": " + why);
}

void ClientStream::connected(int error) {
  poll_.reset();
  if (closed_) return;
  if (error != 0) {
    connecting_ = Descriptor();
    return try_next(std::strerror(error));
  }
  stream_ = std::make_unique<TcpStream>(loop_, connecting_.release(), *this);
  stream_->resume();
  if (!endpoint_.tls) return opened();
  tls_ = TlsSession::to(*endpoint_.tls, endpoint_.address.host);
  if (Status started = tls_->start(); !started) return close(started.error().message);
  flush_tls();
}

void ClientStream::opened() {
  open_ = true;
  events_.on_open();
}

// ---- bytes

void ClientStream::on_read(std::string_view bytes) {
  if (closed_) return;
  if (!tls_) return events_.on_read(bytes);
  std::string plain;
  const Status status = tls_->feed(bytes, plain);
  flush_tls();
  if (closed_) return;
  if (tls_->established() && !open_) opened();
  if (!closed_ && !plain.empty()) events_.on_read(plain);
  if (closed_) return;
  if (!status) return close(status.error().message);
  if (tls_->ended()) close("the peer ended the connection");
}

void ClientStream::write(std::string_view bytes) {
  if (closed_ || !stream_) return;
  if (tls_) {
    if (Status status = tls_->write(bytes); status) flush_tls();
    return;
  }
  send(bytes);
}

void ClientStream::flush_tls() {
  const std::string bytes = tls_->output();
  if (!bytes.empty()) send(bytes);
}

void ClientStream::send(std::string_view bytes) {
  const Frame frame = Frame::copy_of(bytes);
  if (stream_->write({&frame, 1})) return;
  // Told by a later event, never from within the caller's call.
  loop_.post([alive = std::weak_ptr(alive_), this] {
    if (!alive.expired()) close("the connection broke");
  });
}

void ClientStream::close(const std::string& reason) {
  if (std::exchange(closed_, true)) return;
  poll_.reset();
  events_.on_closed(reason);
}

}  // namespace parley::net
