#pragma once

// What a message carries: who sent it, which number it is and when it was meant to be sent, then filler up to the wanted size.
// All ASCII without quotes, so that it is a JSON string's content as it is. The filler depends on the number, and a check sum
// covers the head, so any other byte anywhere is noticed.
//
//   | number 8 | stream 8 | run 8 | time in ns 16 | check sum 8 | filler … |      lower-case hexadecimal

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::loadtest {

constexpr std::size_t payload_bytes_min = 48;

struct Stamp {
  std::uint32_t number = 0;  // counts each stream's messages from 0
  std::uint32_t stream = 0;  // one publisher in one room
  std::uint32_t run = 0;     // tells this run's messages from those of an earlier one
  std::int64_t sent_ns = 0;  // when it was meant to be sent; CLOCK_MONOTONIC
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

// Appends max(size, payload_bytes_min) bytes.
void append_payload(std::string& out, const Stamp& stamp, std::size_t size);

// The stamp, when every byte is as append_payload would have written it.
std::optional<Stamp> check_payload(std::string_view payload);

// The same with a memory: a message goes to many subscribers, and bytes that are equal to bytes that were found good are good.
class PayloadChecker {
 public:
  // Null when the payload is not good; valid until the next call.
  const Stamp* check(std::string_view payload);

 private:
  struct Known {
    std::string bytes;
    Stamp stamp;
  };
  static constexpr std::size_t slots = 1024;
  std::array<Known, slots> known_;
};

}  // namespace parley::loadtest
