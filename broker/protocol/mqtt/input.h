#pragma once

// Reads the data types of MQTT 5 §1.5 from the bytes of one packet. The first thing that is wrong is kept, and everything read
// after it is empty, so that a packet's decoder is a list of its fields.

#include <cstdint>
#include <string_view>

#include "broker/protocol/mqtt/reason.h"
#include "broker/protocol/mqtt/types.h"

namespace parley::mqtt {

struct Failure {
  Reason reason = Reason::success;  // success: nothing failed
  std::string_view text;            // of static storage
};

// A Variable Byte Integer (§1.5.5) at the beginning of some bytes.
struct Variable {
  enum class State : std::uint8_t { need_more, ok, too_long } state = State::need_more;
  std::uint8_t bytes = 0;  // of its encoding
  bool minimal = true;
  std::uint32_t value = 0;
};
Variable read_variable(std::string_view bytes);

class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}

  std::uint8_t byte();
  std::uint16_t two();
  std::uint32_t four();
  std::uint32_t variable();        // [MQTT5-1.5.5-1]
  std::string_view text();         // [MQTT5-1.5.4-1] [MQTT5-1.5.4-2]; a U+FEFF stays [MQTT5-1.5.4-3]
  std::string_view binary();       // §1.5.6
  std::string_view rest();         // all that is left
  Input part(std::uint32_t size);  // the next bytes on their own; its failures are its own (merge them)
  std::uint16_t packet_id();       // not 0 [MQTT5-2.2.1-3]

  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }
  bool ok() const { return failure_.reason == Reason::success; }
  const Failure& failure() const { return failure_; }
  // Keeps the first failure and skips the rest.
  void fail(Reason reason, std::string_view text);
  void malformed(std::string_view text) { fail(Reason::malformed_packet, text); }
  void merge(const Input& part) {
    if (!part.ok()) fail(part.failure_.reason, part.failure_.text);
  }
  void expect_end();

 private:
  std::string_view take(std::size_t size);

  std::string_view bytes_;
  Failure failure_;
};

}  // namespace parley::mqtt
