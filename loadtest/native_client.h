#pragma once

// The native protocol (docs/protocol.md) from the client's side.

#include <optional>
#include <unordered_map>

#include "loadtest/client.h"

namespace parley::loadtest {

class NativeClient final : public Client {
 public:
  using Client::Client;
  void add_subscription(std::string filter) override;

 private:
  struct Subscription {
    std::uint64_t id = 0;    // of the subscribe command
    std::uint64_t last = 0;  // the last seq that came
    std::uint64_t acked = 0;
    bool known = false;  // it was confirmed once: from then on it is resumed
    std::string epoch;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Subscriptions = std::unordered_map<std::string, Subscription, Hash, std::equal_to<>>;

  void on_open() override;
  void on_bytes(std::string_view text) override;
  void send_publish(const Outgoing& message, bool again) override;
  bool acknowledges() const override { return settings_.acknowledged(); }
  bool retries_safely() const override { return true; }
  void forget_connection() override;

  void send_signal(const Outgoing& message);
  bool read_entry(std::string_view text);
  bool read_signal(std::string_view room, std::string_view text, std::size_t at);
  std::string_view payload_of(std::string_view text, std::size_t from) const;
  void read_other(std::string_view text);
  void read_reply(std::string_view text);
  void subscribe_all();
  void confirmed(std::uint64_t id, std::string_view text);
  void arrived(Subscriptions::value_type& at, std::uint64_t seq, std::string_view payload, bool message);
  Subscriptions::value_type* find(std::string_view room);

  Subscriptions subscriptions_;
  Subscriptions::value_type* last_ = nullptr;  // that something came for
  std::uint64_t window_ = 1024;
  std::size_t unconfirmed_ = 0;
  std::uint64_t next_publish_ = 0;  // of this connection: the ids of its publishes are consecutive
  std::uint64_t next_answer_ = 0;
  std::string guest_token_;  // to come back as the same guest: its publishes are known by their cid
};

}  // namespace parley::loadtest
