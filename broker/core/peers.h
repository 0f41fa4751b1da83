#pragma once

// The other replicas, over the bus: what happens here is told to them, what they tell is handed on. Says which channels are
// wanted, and repeats what must not be missed when somebody (again) gets a connection.
//
// Threads: the log loop's.

#include <array>
#include <deque>
#include <string>

#include "broker/cluster/bus.h"
#include "broker/core/counters.h"
#include "broker/core/follower.h"
#include "broker/protocol/envelope.h"

namespace parley {

struct PeerSettings {
  std::string replica;                 // this replica's own id; unlike every other's
  MonoMs revocations_ms = 86'400'000;  // how long the end of a login is repeated: as long as access tokens live
  std::size_t revocations_max = 10'000;
};

class Peers final : public cluster::Bus::Events {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_entries(envelope::Entries entries) = 0;
    virtual void on_signal(envelope::Signal signal) = 0;
    virtual void on_forward(envelope::Forward forward) = 0;
    virtual void on_presence_changed(RoomId room) = 0;
    virtual void on_login_revoked(const std::string& login) = 0;
    virtual void on_client_moved(const envelope::ClientMoved& moved) = 0;
    virtual void on_groups(const std::string& replica, const envelope::Groups& groups) = 0;
    // Somebody (again) has a connection, or missed something: what is short-lived is to be said to them.
    virtual void on_hello() = 0;
    // The bus came or went.
    virtual void on_bus(bool connected) = 0;
    // Messages may have been missed until now.
    virtual void on_missed() = 0;
  };

  // `bus` may be null: then nobody is told anything.
  Peers(cluster::Bus* bus, const Clock& clock, LogCounters& counters, PeerSettings settings, Owner& owner);
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  void start();
  // The log's epoch, which every message carries; of messages of another one nothing is believed.
  void set_epoch(std::string epoch) { epoch_ = std::move(epoch); }

  // A room's news are wanted, or no longer. Counted per channel.
  void want(RoomId room);
  void unwant(RoomId room);
  // Those of all rooms, besides.
  void want_all(bool on);

  void send_entries(RoomId room, const std::vector<EntryPtr>& entries);
  void send_signal(const Signal& signal);
  void send_forward(RoomId room, EntryPtr message, std::vector<envelope::GroupChoice> groups);
  void send_presence_changed(RoomId room);
  void send_login_revoked(const std::string& login);
  void send_client_moved(envelope::ClientMoved moved);
  void send_groups(envelope::Groups groups);
  void send_hello();

  bool connected() const { return bus_ != nullptr && bus_->connected(); }
  cluster::Bus* bus() const { return bus_; }
  const std::string& replica() const { return settings_.replica; }

  // cluster::Bus::Events
  void on_message(cluster::Channel channel, std::string_view bytes) override;
  void on_subscribed(cluster::Channel channel) override;
  void on_connected(bool connected) override;

 private:
  void count(cluster::Channel channel, bool more);
  template <typename What>
  void send(cluster::Channel channel, What what);
  void receive(envelope::Message message);
  void repeat_revocations();

  struct Revocation {
    std::string login;
    MonoMs until = 0;
  };

  cluster::Bus* bus_;
  const Clock& clock_;
  LogCounters& counters_;
  PeerSettings settings_;
  Owner& owner_;
  std::string epoch_;
  std::array<unsigned, cluster::room_channels> wanted_{};
  bool all_wanted_ = false;
  std::deque<Revocation> revocations_;
};

}  // namespace parley
