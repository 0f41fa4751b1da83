#include "loadtest/link.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace parley::loadtest {

using websocket::Opcode;

LinkTurn::LinkTurn(net::Loop& loop) : loop_(loop), hook_(loop.at_turn_end([this] { flush(); })) {}
LinkTurn::~LinkTurn() { loop_.remove_turn_end(hook_); }

void LinkTurn::flush() {
  // What a write leads to (a broken connection) may queue another link.
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    if (dirty_[i] != nullptr) dirty_[i]->write_out();
  }
  dirty_.clear();
}

Link::Link(LinkTurn& turn, Events& events) : turn_(turn), events_(events) {}

Link::~Link() {
  if (queued_) std::replace(turn_.dirty_.begin(), turn_.dirty_.end(), this, static_cast<Link*>(nullptr));
}

void Link::open(const LinkTarget& target) {
  ++life_;
  state_ = State::connecting;
  websocket_ = target.websocket;
  carry_.clear();
  fragments_.reset();
  out_.clear();
  tls_.reset();
  if (websocket_) upgrade_ = upgrade_request(target.authority, target.path, target.subprotocol);
  const int fd = ::socket(target.address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const bool under_way =
      fd >= 0 &&
      (::connect(fd, reinterpret_cast<const sockaddr*>(target.address), target.address_bytes) == 0 || errno == EINPROGRESS);
  if (!under_way) {
    const std::string reason = std::strerror(errno);
    if (fd >= 0) ::close(fd);
    turn_.loop().post([this, life = life_, reason] {
      if (life == life_ && state_ == State::connecting) ended(reason);
    });
    return;
  }
  // A stream may be given a descriptor that is still connecting: writes wait until it is, and a refusal ends the first read.
  stream_ = std::make_unique<net::TcpStream>(turn_.loop(), fd, static_cast<net::TcpStream::Events&>(*this));
  stream_->resume();
  if (target.tls) {
    state_ = State::securing;
    tls_ = std::make_unique<net::TlsSession>(net::TlsSession::to(*target.tls, target.host));
    static_cast<void>(tls_->start());  // writes a first message; what is wrong shows when the peer answers
    return queue();
  }
  if (websocket_) return connected();
  turn_.loop().post([this, life = life_] {
    if (life == life_ && state_ == State::connecting) connected();
  });
}

void Link::connected() {
  if (!websocket_) {
    state_ = State::open;
    return events_.on_open();
  }
  state_ = State::upgrading;
  out_ = std::exchange(upgrade_, {});
  queue();
}

void Link::drop() {
  ++life_;
  state_ = State::none;
  out_.clear();
  tls_.reset();
  if (!stream_) return;
  stream_->pause();
  turn_.loop().dispose(std::move(stream_));
}

void Link::ended(const std::string& reason) {
  if (state_ == State::none) return;
  const std::string why = close_reason_.empty() ? reason : std::exchange(close_reason_, {});
  drop();
  events_.on_closed(why);
}

// ---- out

void Link::send(std::string_view bytes, bool text) {
  if (state_ != State::open) return;
  if (websocket_) {
    append_client_frame(out_, text ? Opcode::text : Opcode::binary, bytes);
  } else {
    out_.append(bytes);
  }
  queue();
}

void Link::queue() {
  if (queued_) return;
  queued_ = true;
  turn_.dirty_.push_back(this);
}

void Link::write_out() {
  queued_ = false;
  if (!stream_) return;
  if (tls_) {
    if (!out_.empty() && !tls_->write(out_)) return ended("the connection is broken");
    out_ = tls_->output();
  }
  if (out_.empty()) return;
  turn_.bytes_out += out_.size();
  const std::array<Frame, 1> frames = {Frame::copy_of(out_)};
  out_.clear();
  if (!stream_->write(frames)) ended("the connection is broken");
}

// ---- in

void Link::on_read(std::string_view bytes) {
  turn_.bytes_in += bytes.size();
  if (tls_) return read_cipher(bytes);
  // A read proves the connection, should it come before the posted word of it.
  const unsigned life = life_;
  if (state_ == State::connecting) connected();
  if (life == life_) read_plain(bytes);
}

void Link::read_cipher(std::string_view bytes) {
  const unsigned life = life_;
  std::string plain;
  const Status status = tls_->feed(bytes, plain);
  queue();  // a step of the handshake, perhaps
  if (!status) return ended(status.error().message);
  if (state_ == State::securing && tls_->established()) connected();
  if (life == life_ && !plain.empty()) read_plain(plain);
  if (life == life_ && tls_->ended()) ended("the server closed the connection");
}

void Link::read_plain(std::string_view bytes) {
  if (!websocket_) return events_.on_bytes(bytes);
  carry_.feed(bytes, [this](std::string_view all) {
    std::size_t used = 0;
    if (state_ == State::upgrading) used = read_upgrade(all);
    if (state_ == State::open) used += read_frames(all.substr(used));
    return state_ == State::none ? all.size() : used;
  });
}

std::size_t Link::read_upgrade(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  if (const std::string wrong = check_upgrade_answer(bytes.substr(0, end)); !wrong.empty()) {
    ended(wrong);
    return 0;
  }
  state_ = State::open;
  events_.on_open();
  return end + 4;
}

std::size_t Link::read_frames(std::string_view bytes) {
  const unsigned life = life_;
  std::size_t used = 0;
  while (life == life_) {
    const ServerFrame frame = read_server_frame(bytes.substr(used));
    if (frame.state == ServerFrame::State::need_more) break;
    if (frame.state == ServerFrame::State::wrong || !read_frame(frame)) {
      ended("the server broke the WebSocket protocol");
      break;
    }
    used += frame.bytes;
  }
  return used;
}

// False when the frame cannot come here.
bool Link::read_frame(const ServerFrame& frame) {
  switch (frame.opcode) {
    case Opcode::ping:
      append_client_frame(out_, Opcode::pong, frame.payload);
      queue();
      return true;
    case Opcode::pong:
      return true;
    case Opcode::close:
      close_reason_ = "closed by the server";
      if (frame.payload.size() >= 2) {
        const unsigned code = static_cast<unsigned char>(frame.payload[0]) << 8U | static_cast<unsigned char>(frame.payload[1]);
        close_reason_ += " with " + std::to_string(code) + " " + std::string(frame.payload.substr(2));
      }
      ended(close_reason_);
      return true;
    case Opcode::continuation:
      if (!fragments_) return false;
      fragments_->append(frame.payload);
      if (frame.final) events_.on_bytes(*std::unique_ptr<std::string>(std::move(fragments_)));
      return true;
    default:
      if (fragments_) return false;
      if (frame.final) {
        events_.on_bytes(frame.payload);
      } else {
        fragments_ = std::make_unique<std::string>(frame.payload);
      }
      return true;
  }
}

}  // namespace parley::loadtest
