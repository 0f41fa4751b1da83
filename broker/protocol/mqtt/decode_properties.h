#pragma once

// Reads one packet's list of properties (MQTT 5 §2.2.2). Internal to the codec.

#include "broker/protocol/mqtt/input.h"
#include "broker/protocol/mqtt/properties.h"

namespace parley::mqtt {

// Property Length and the properties. A property that this packet may not have is malformed (§2.2.2.2); a repeated one or a value
// out of its range is a protocol error.
void read_properties(Input& in, const Limits& limits, ConnectProperties& out);
void read_properties(Input& in, const Limits& limits, WillProperties& out);
void read_properties(Input& in, const Limits& limits, ConnackProperties& out);
void read_properties(Input& in, const Limits& limits, PublishProperties& out);
void read_properties(Input& in, const Limits& limits, AckProperties& out);
void read_properties(Input& in, const Limits& limits, SubscribeProperties& out);
void read_properties(Input& in, const Limits& limits, UnsubscribeProperties& out);
void read_properties(Input& in, const Limits& limits, DisconnectProperties& out);
void read_properties(Input& in, const Limits& limits, AuthProperties& out);

}  // namespace parley::mqtt
