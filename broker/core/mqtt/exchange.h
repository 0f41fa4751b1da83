#pragma once

// The MQTT side of one worker: its connections, its sessions, and the index of their filters. Between the hub, which knows rooms
// and cursors, and the sessions, which know filters.
//
// Threads: the worker's.

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/base/random.h"
#include "broker/core/authenticator.h"
#include "broker/core/hub.h"
#include "broker/core/mqtt/message.h"
#include "broker/core/mqtt/registry.h"
#include "broker/core/mqtt/session.h"
#include "broker/core/mqtt/settings.h"
#include "broker/core/mqtt/shares.h"
#include "broker/core/subscription_tree.h"

namespace parley::mqtt {

class Client;

// What the exchange stands on. All outlive it.
struct Surroundings {
  Hub& hub;
  Executor& executor;  // the worker's own
  Remote<Registry> registry;
  Remote<Shares> shares;
  Authenticator& authenticator;
  PasswordLogin& passwords;
  Random& random;
  const Settings& settings;
  Counters& counters;
};

class Exchange final : public FilteredSessions {
 public:
  Exchange(Surroundings around, HashKey key);
  ~Exchange() override;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Surroundings& around() { return around_; }
  Hub& hub() { return around_.hub; }
  const Settings& settings() const { return around_.settings; }
  Counters& counters() { return around_.counters; }
  const Clock& clock() const { return around_.hub.clock(); }
  MessageCache& messages() { return messages_; }
  PlainRuns& plain_runs() { return plain_runs_; }

  // ---- connections
  SlotId add_client(Client& client) { return clients_.add(&client); }
  void remove_client(SlotId id) { clients_.take(id); }
  Client* client(SlotId id) const { return clients_.find(id); }
  void take_over(SlotId client);

  // ---- sessions
  // With a state, its filters are in the log's index already.
  Session& open(std::unique_ptr<SessionState> state);
  // The connection is over. With an expiry of 0 the session ends now; else it is handed to the registry. Not within a call of the
  // session.
  void close(Session& session, std::uint64_t generation, std::uint32_t expiry_s, std::optional<WillMessage> will);

  // ---- the index of filters
  void add_filter(Session& session, std::uint32_t place, const std::string& filter);
  void remove_filter(Session& session, std::uint32_t place, const std::string& filter);
  // A message of a shared subscription, for one of this worker's sessions.
  void deliver_shared(Hub::SessionId session, const std::string& filter, const std::string& room, const EntryPtr& entry);
  // A session waits for the answer to its attach.
  void attaching(RoomId room, bool begins);

  // About every 250 ms.
  void tick();

  // ---- $SYS: what the server says about itself, every so often
  struct SystemTopic {
    std::string name;
    std::string value;
  };
  void publish_system(std::vector<SystemTopic> topics);
  const std::unordered_map<std::string, EntryPtr>& system() const { return system_; }

  // FilteredSessions
  void entries_come(RoomId room, const std::string& name, Seq before) override;
  void messages_come(const Run& run) override;
  void rights_changed(RoomId room, const std::string& user_id) override;

 private:
  // Calls f(session, places) for every session that has filters that match.
  void for_each_match(const std::string& name, const std::function<void(Session&, const std::vector<std::uint32_t>&)>& f);
  void introduce(RoomId room, const std::string& name, std::optional<Seq> before);
  // Null when it is gone.
  Session* session(Hub::SessionId id) const;
  void end(Session& session);
  void hand_over(Hub::SessionId id, const SharedText& client_id, std::uint64_t generation);

  Surroundings around_;
  MessageCache messages_;
  PlainRuns plain_runs_;
  SlotMap<Client, Client*> clients_;
  std::vector<std::unique_ptr<Session>> sessions_;  // each knows its place
  SubscriptionTree tree_;
  std::uint64_t generation_ = 1;
  struct Introduced {
    std::uint64_t entries = 0;
    std::uint64_t messages = 0;
  };
  std::unordered_map<RoomId, Introduced> introduced_;  // rooms whose matches know of them, as of those generations
  std::unordered_map<RoomId, unsigned> attaching_;
  std::unordered_map<std::string, EntryPtr> system_;
};

}  // namespace parley::mqtt
