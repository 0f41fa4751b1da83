#pragma once

// One client's socket: owns the stream and the mode that it is in, hands frames to the worker's outbox, and closes so that the
// last answer arrives.

#include <memory>

#include "broker/base/slot_map.h"
#include "broker/net/tcp_stream.h"
#include "broker/net/tls_session.h"
#include "broker/server/counters.h"
#include "broker/server/mode.h"
#include "broker/server/outbox.h"

namespace parley::server {

struct ConnectionSettings {
  std::size_t high_water_bytes = 256U << 10U;
  MonoMs write_stall_ms = 120'000;
  MonoMs proxy_header_ms = 10'000;  // until a PROXY header is complete
  MonoMs linger_ms = 2'000;         // after our FIN, for the peer's
  std::size_t linger_bytes_max = 64U << 20U;
};

// What the connections of one worker share.
struct ConnectionContext {
  net::Loop& loop;
  Outbox& outbox;
  SocketCounters& counters;
  const ConnectionSettings& settings;
  UniqueFunction<void(SlotId)> closed;  // the connection is over: take it out and dispose of it
};

class Connection final : public net::TcpStream::Events, public Wire, public Outbox::Owner {
 public:
  // Takes the descriptor. `begin` comes before anything else.
  Connection(ConnectionContext& context, int fd);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void begin(SlotId id, std::unique_ptr<Mode> mode);
  // From here on the peer's bytes are TLS's. Before begin(), or before a mode that read a prologue in clear gives way to the
  // next.
  void start_tls(const net::TlsContext& context);
  std::string peer() const { return stream_.peer(); }
  // About every 250 ms.
  void tick(MonoMs now);
  // Null once it is closing.
  Mode* mode() const { return state_ == State::open ? mode_.get() : nullptr; }
  void close_now(Ended why);

  // Wire
  void send(Frame frame) override;
  bool congested() override;
  void pause_reading(bool paused) override;
  bool reading_paused() const override { return paused_; }
  MonoMs last_byte() const override { return last_byte_; }
  void finish() override;
  void cut_off() override;
  void become(std::unique_ptr<Mode> next, std::string_view bytes) override;

  // Outbox::Owner
  void write_out(std::span<const Frame> frames) override;

 private:
  enum class State : unsigned char {
    open,
    finishing,  // what is queued still leaves; then our FIN
    lingering,  // our FIN is queued; the peer's bytes are read away
    closed,
  };
  // TcpStream::Events
  void on_read(std::string_view bytes) override;
  void on_end() override;
  void on_drained() override;
  void on_broken(std::string_view reason) override;

  void on_cipher(std::string_view bytes);
  void received(std::string_view plain);
  bool send_cipher();
  void tls_failed();
  void linger();
  void close();
  void check_stall(MonoMs now);

  ConnectionContext& context_;
  net::TcpStream stream_;
  std::unique_ptr<net::TlsSession> tls_;  // null: in clear
  std::unique_ptr<Mode> mode_;
  SlotId id_ = 0;
  MonoMs last_byte_;
  // Of what is congested or closing.
  struct Progress {
    MonoMs last;             // when there was some
    std::size_t unsent = 0;  // by which it is measured
    std::size_t lingered_bytes = 0;
  };
  void watch_progress(std::size_t unsent);
  std::unique_ptr<Progress> progress_;
  Outbox::Place place_;
  State state_ = State::open;
  bool paused_ = false;
  bool told_congested_ = false;
  bool peer_ended_ = false;
  bool prologue_ = false;  // the mode was told bytes from before TLS, and what it did not take is TLS's
};

}  // namespace parley::server
