#include "loadtest/http_get.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>

namespace parley::loadtest {

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      out.push_back(c);
    } else {
      out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
    }
  }
  return out;
}

Status HttpGet::connect() {
  unsigned length = 0;
  Result<sockaddr_storage> to = net::resolve(address_, length);
  if (!to) return to.error();
  socket_ = net::Descriptor(::socket(to->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&*to), length) != 0) {
    return Error{Code::unavailable, address_.text() + ": " + std::strerror(errno)};
  }
  tls_.reset();
  if (!context_) return ok_status();
  tls_ = net::TlsSession::to(*context_, address_.host);
  if (Status started = tls_->start(); !started) return started;
  std::string nothing;
  while (!tls_->established()) {
    if (!send_all(tls_->output()) || !read_more(nothing)) {
      return Error{Code::unavailable, address_.text() + ": TLS could not be agreed on"};
    }
  }
  return ok_status();
}

Result<HttpGet::Answer> HttpGet::get(const std::string& target) {
  std::string request = "GET " + target + " HTTP/1.1\r\nHost: " + address_.text() + "\r\n";
  if (!token_.empty()) request += "Authorization: Bearer " + token_ + "\r\n";
  request += "\r\n";
  if (socket_.get() >= 0) {
    Result<Answer> answer = exchange(request);
    if (answer) return answer;
  }
  // The first time, or the server had closed the idle connection.
  if (const Status connected = connect(); !connected) return connected.error();
  return exchange(request);
}

bool HttpGet::send_all(const std::string& bytes) {
  return ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

bool HttpGet::read_more(std::string& bytes) {
  std::array<char, 65'536> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the read
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count <= 0) return false;
  const std::string_view read(buffer.data(), static_cast<std::size_t>(count));
  if (tls_) return tls_->feed(read, bytes).ok() && send_all(tls_->output());
  bytes.append(read);
  return true;
}

Result<HttpGet::Answer> HttpGet::exchange(const std::string& request) {
  const Error broken{Code::unavailable, address_.text() + ": no answer to a GET"};
  if (tls_ && !tls_->write(request)) return broken;
  if (!send_all(tls_ ? tls_->output() : request)) return broken;
  std::string bytes;
  std::size_t head = std::string::npos;
  while ((head = bytes.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more(bytes)) return broken;
  }
  std::string lower = bytes.substr(0, head);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::size_t length_at = lower.find("\r\ncontent-length:");
  if (bytes.size() < 12 || length_at == std::string::npos) return broken;
  const std::size_t length = std::strtoul(lower.c_str() + length_at + 17, nullptr, 10);
  while (bytes.size() < head + 4 + length) {
    if (!read_more(bytes)) return broken;
  }
  return Answer{std::atoi(bytes.c_str() + 9), bytes.substr(head + 4, length)};
}

}  // namespace parley::loadtest
