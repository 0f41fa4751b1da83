#pragma once

// One decoder for each packet, from behind the fixed header on. Internal to the codec.

#include "broker/protocol/mqtt/decode.h"
#include "broker/protocol/mqtt/input.h"

namespace parley::mqtt {

struct DecodeContext {
  Connection connection;
  const Limits& limits;
  bool v5() const { return connection.version == Version::v5; }
  bool from_client() const { return connection.sender == Sender::client; }
};

void decode_connect(Input& in, const Limits& limits, Connect& out);
void decode_connack(Input& in, const DecodeContext& context, Connack& out);
void decode_publish(Input& in, const DecodeContext& context, std::uint8_t flags, Publish& out);
void decode_acknowledgement(Input& in, const DecodeContext& context, PacketType type, Acknowledgement& out);
void decode_subscribe(Input& in, const DecodeContext& context, Subscribe& out);
void decode_suback(Input& in, const DecodeContext& context, Suback& out);
void decode_unsubscribe(Input& in, const DecodeContext& context, Unsubscribe& out);
void decode_unsuback(Input& in, const DecodeContext& context, Unsuback& out);
void decode_disconnect(Input& in, const DecodeContext& context, Disconnect& out);
void decode_auth(Input& in, const DecodeContext& context, Auth& out);

// A reason code that this side may send in that packet, or a protocol error.
Reason read_reason(Input& in, PacketType packet, Sender sender);

}  // namespace parley::mqtt
