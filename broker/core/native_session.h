#pragma once

// One client of the native protocol (docs/protocol.md): commands in, replies and entries out. No sockets, no clock of its own.
//
// Threads: its worker's. The server feeds it whole text messages and tells it when the connection drains, ticks and ends.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "broker/base/random.h"
#include "broker/core/ack_queue.h"
#include "broker/core/authenticator.h"
#include "broker/core/hub.h"
#include "broker/core/transport.h"
#include "broker/protocol/native_command.h"
#include "broker/protocol/native_event.h"

namespace parley {

struct NativeSettings {
  native::Limits limits;
  unsigned heartbeat_s = 25;
  MonoMs connect_timeout_ms = 10'000;
  unsigned malformed_max = 10;
  unsigned signals_per_s = 0;  // more are dropped; 0: no limit
};

class NativeSession final : public Subscriber {
 public:
  NativeSession(Hub& hub, Transport& transport, Authenticator& authenticator, Random& random, const NativeSettings& settings);
  ~NativeSession() override;
  NativeSession(const NativeSession&) = delete;
  NativeSession& operator=(const NativeSession&) = delete;

  void on_text(std::string_view frame);
  // The connection has sent enough to go on.
  void on_drained();
  // About every 250 ms: time-outs.
  void on_tick();
  // Asks the client to move; the caller closes later.
  void goaway(std::string_view reason, MonoMs after_ms);
  // From now on publishes are refused with unavailable; those under way are answered.
  void refuse_publishes() { refusing_ = true; }
  // Whether no publish waits for its answer.
  bool settled() const { return acks_.size() == 0; }
  bool connected() const { return subject_ != nullptr; }

  // Subscriber
  Allowance allowance(const Cursor& cursor) const override;
  void deliver(Cursor& cursor, const Delivery& delivery) override;
  void gap(Cursor& cursor, Seq from, Seq to) override;
  void signals(const Cursor& cursor, const Frame& frame, unsigned count) override;
  void detached(Cursor& cursor, const Error& why) override;
  const Subject& subject() const override;
  void revoked() override;

 private:
  struct Subscription {
    Cursor* cursor = nullptr;      // null while attaching
    std::uint64_t generation = 0;  // a reply that carries an older one is of a subscription that was given up
  };

  void carry_out(native::Command& command);
  void on(native::Id id, native::Connect& connect);
  Result<Login> new_guest(const std::string& name, UnixMs now) const;
  void on(native::Id id, native::Subscribe& subscribe);
  void on(native::Id id, native::Unsubscribe& unsubscribe);
  void on(native::Id id, native::Publish& publish);
  void on(native::Id id, native::Ack& ack);
  void on(native::Id id, native::Signal& signal);
  void on(native::Id id, native::Read& read);
  void on(native::Id id, native::Presence& presence);
  void on(native::Id id, native::Ping& ping);

  void attached(native::Id id, const std::string& room, std::uint64_t generation, Result<Hub::Attachment> result);
  void answered(AckQueue::Ticket ticket, native::Id id, MonoMs began, const Result<Appended>& result);
  Cursor* cursor(const std::string& room) const;
  void signal_through_log(native::Id id, native::Signal& signal);
  bool signal_allowed();
  void update_reading();
  void refuse(native::Id id, const Error& error);
  void malformed(native::Id id, const Error& error);
  void close(std::uint16_t code, std::string_view reason);
  void send_text(std::string_view text);

  Hub& hub_;
  Transport& transport_;
  Authenticator& authenticator_;
  Random& random_;
  const NativeSettings& settings_;
  Hub::SessionId id_;
  SubjectPtr subject_;  // null until it has connected
  UnixMs login_expires_ = 0;
  MonoMs opened_;
  std::unordered_map<std::string, Subscription> subscriptions_;
  std::uint64_t generation_ = 0;
  AckQueue acks_;
  unsigned malformed_ = 0;
  MonoMs signal_second_ = 0;
  unsigned signals_ = 0;
  bool paused_ = false;
  bool refusing_ = false;
  bool closed_ = false;
};

}  // namespace parley
