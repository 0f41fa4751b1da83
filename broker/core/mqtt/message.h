#pragma once

// Entries as MQTT subscribers get them: payload and properties as the publisher sent them, encoded once for all receivers of a
// version.

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "broker/protocol/entry.h"
#include "broker/protocol/mqtt/publication.h"
#include "broker/protocol/mqtt/shared_publish.h"

namespace parley::mqtt {

class Message {
 public:
  // `name`: the room's.
  Message(EntryPtr entry, std::string_view name);
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  const Entry& entry() const { return *entry_; }
  // The QoS that it was published with. A native message has the highest: the subscription decides.
  QoS qos() const { return publication_.qos; }
  bool retain() const { return publication_.retain; }
  std::string_view client_id() const { return publication_.client_id; }
  // What is left of its Message Expiry Interval, at least 0; nothing: it does not expire. 0: it has (MQTT 5 §3.3.2.3.3).
  std::optional<std::uint32_t> expires_in_s(UnixMs now) const;

  bool expires() const { return publication_.properties.message_expiry_interval_s.has_value(); }

  // Encoded for that version; made when first asked for.
  const SharedPublish& shared(Version version);
  // The whole packet with QoS 0, no RETAIN and nothing of one receiver's own: the same bytes for many.
  const Frame& plain(Version version);
  // With our own user properties behind the publisher's (parley-seq, parley-from, parley-ts, parley-type).
  SharedPublish with_meta() const;

 private:
  EntryPtr entry_;
  std::string name_;
  Publication publication_;  // views into *entry_
  std::string native_text_;  // the payload of a native message, where it is not its body
  std::string_view payload_;
  struct Encoded {
    std::unique_ptr<SharedPublish> shared;
    Frame plain;
  };
  std::array<Encoded, 2> encoded_;
  Encoded& encoded(Version version) { return encoded_[version == Version::v5 ? 1 : 0]; }
};

// The entry's Message for all sessions of a worker that are owed it at about the same time.
class MessageCache {
 public:
  // Valid until the next call.
  Message& get(const EntryPtr& entry, std::string_view name);

 private:
  static constexpr std::size_t slots = 256;                  // a power of two
  static constexpr std::size_t kept_bytes_max = 16U << 10U;  // a larger one is not kept
  std::array<std::unique_ptr<Message>, slots> kept_;
  std::unique_ptr<Message> large_;
};

// What the payload of a PUBLISH is, for JSON clients: an object of ours ({"text": …}), text, or bytes.
Payload classify_payload(std::string_view payload);

}  // namespace parley::mqtt
