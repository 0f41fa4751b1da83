#pragma once

// A session (MQTT 5 §4.1) as it is handed from one worker to the next, or kept while its client is away. No message is in it:
// they are in the log, and a position per room says how far the session has come.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/base/shared_text.h"
#include "broker/protocol/entry.h"
#include "broker/protocol/mqtt/types.h"
#include "broker/protocol/room.h"
#include "storage/store.h"

namespace parley::mqtt {

struct SubscriptionState {
  std::string filter;  // as the client wrote it
  QoS qos = QoS::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  bool meta = false;     // asked for parley-meta
  std::uint32_t id = 0;  // subscription identifier; 0: none
};

// A room in which something has matched.
struct Position {
  RoomId room = 0;
  std::string name;
  Seq sent = 0;           // everything up to it was sent, or needs not be
  std::vector<Seq> skip;  // above it, and sent before a restart; ascending
  Seq repeats = 0;        // up to it, what goes out with QoS 1 may have been sent before a crash: it has DUP
};

// A message that was sent with QoS 1 or 2 and is not acknowledged yet.
struct InFlight {
  std::uint16_t packet_id = 0;
  RoomId room = 0;
  std::string name;
  Seq seq = 0;
  QoS qos = QoS::at_least_once;
  bool retain = false;
  std::string share;      // not empty: the shared subscription that it came by
  bool released = false;  // PUBREC came: PUBREL was sent, PUBCOMP is awaited
  std::vector<std::uint32_t> subscription_ids;
  std::uint64_t order = 0;  // of sending
  bool saved = false;       // storage has it, as it stands or as it stood
  bool in_doubt = false;    // or not: the save may have failed. Saved before it is sent again
};

// What a session is while it is connected, too.
struct SessionIdentity {
  SharedText client_id;
  SubjectPtr subject;
  std::uint32_t expiry_s = 0;  // 0xFFFFFFFF: never
  std::uint64_t next_order = 1;
  SessionKey stored;  // id 0: in memory alone
};

struct SessionState : SessionIdentity {
  std::vector<SubscriptionState> subscriptions;
  std::vector<Position> positions;
  std::vector<InFlight> in_flight;      // in the order of sending
  std::vector<std::uint16_t> received;  // packet ids of QoS 2 publishes that wait for PUBREL
  std::uint16_t next_packet_id = 1;
};

constexpr std::uint32_t never_expires = 0xffffffff;

// The will of a connection (MQTT 5 §3.1.2.5), to be published when it ends otherwise than by DISCONNECT.
struct WillMessage {
  std::string topic;
  std::string payload;
  std::string content_type;
  std::string properties;  // encoded (protocol/mqtt/publication.h)
  QoS qos = QoS::at_most_once;
  bool retain = false;
  std::uint32_t delay_s = 0;
  std::uint32_t expiry_s = 0;  // Message Expiry Interval; 0: none
};

}  // namespace parley::mqtt
