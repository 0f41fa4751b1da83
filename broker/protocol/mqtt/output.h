#pragma once

// Writes the data types of MQTT 5 §1.5. A packet's encoder is a template over the sink: run once with a Counter it gives the
// size, run again with a Writer the bytes, so that the two cannot differ. Internal to the codec.

#include <cstdint>
#include <cstring>
#include <string_view>

#include "broker/protocol/mqtt/property_fields.h"
#include "broker/protocol/mqtt/types.h"

namespace parley::mqtt {

// Bytes of a Variable Byte Integer (§1.5.5).
constexpr std::uint32_t variable_size(std::uint32_t value) {
  return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4;
}

class Counter {
 public:
  void byte(unsigned) { size_ += 1; }
  void two(unsigned) { size_ += 2; }
  void four(std::uint32_t) { size_ += 4; }
  void variable(std::uint32_t value) {
    fits_ = fits_ && value <= variable_max;
    size_ += variable_size(value);
  }
  void text(std::string_view text) {
    fits_ = fits_ && text.size() <= text_bytes_max;
    size_ += 2 + text.size();
  }
  void raw(std::string_view bytes) { size_ += bytes.size(); }

  std::size_t size() const { return size_; }
  // Whether the wire can say it: no text is too long, no number too large.
  bool fits() const { return fits_ && size_ <= variable_max; }

 private:
  std::size_t size_ = 0;
  bool fits_ = true;
};

class Writer {
 public:
  // The caller has made room for what a Counter counted.
  explicit Writer(char* at) : at_(at) {}

  void byte(unsigned value) { *at_++ = static_cast<char>(value); }
  void two(unsigned value) {
    byte(value >> 8U);
    byte(value & 0xffU);
  }
  void four(std::uint32_t value) {
    two(value >> 16U);
    two(value & 0xffffU);
  }
  void variable(std::uint32_t value) {
    for (; value > 127; value >>= 7U) byte((value & 0x7fU) | 0x80U);
    byte(value);
  }
  void text(std::string_view text) {
    two(static_cast<unsigned>(text.size()));
    raw(text);
  }
  void raw(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  char* at() const { return at_; }

 private:
  char* at_;
};

// The visitor of property_fields.h that writes the fields that are there.
template <typename Sink>
class PropertyWriter {
 public:
  explicit PropertyWriter(Sink& sink) : sink_(sink) {}

  template <typename T>
  void flag(PropertyId id, const std::optional<T>& field) {
    if (!field) return;
    put(id);
    sink_.byte(static_cast<unsigned>(*field));
  }
  void two(PropertyId id, const std::optional<std::uint16_t>& field) {
    if (!field) return;
    put(id);
    sink_.two(*field);
  }
  void four(PropertyId id, const std::optional<std::uint32_t>& field) {
    if (!field) return;
    put(id);
    sink_.four(*field);
  }
  void positive(PropertyId id, const std::optional<std::uint16_t>& field) { two(id, field); }
  void positive(PropertyId id, const std::optional<std::uint32_t>& field) { four(id, field); }
  void text(PropertyId id, const Text& field) {
    if (!field) return;
    put(id);
    sink_.text(*field);
  }
  void topic(PropertyId id, const Text& field) { text(id, field); }
  void binary(PropertyId id, const Binary& field) { text(id, field); }
  void variable(PropertyId id, const std::optional<std::uint32_t>& field) {
    if (field) variable(id, *field);
  }
  template <typename List>
  void variable(PropertyId id, const List& field) requires requires {
    field.begin();
  }
  {
    for (const std::uint32_t value : field) variable(id, value);
  }
  void user(const UserProperties& field) {
    for (const UserProperty& property : field) {
      put(PropertyId::user_property);
      sink_.text(property.name);
      sink_.text(property.value);
    }
  }

 private:
  void put(PropertyId id) { sink_.byte(static_cast<unsigned>(id)); }
  void variable(PropertyId id, std::uint32_t value) {
    put(id);
    sink_.variable(value);
  }

  Sink& sink_;
};

// Property Length, never left out here [MQTT5-2.2.2-1], and the properties.
template <typename Sink, typename P>
void put_properties(Sink& sink, const P& properties) {
  Counter counter;
  PropertyWriter<Counter> counting(counter);
  visit_all(properties, counting);
  sink.variable(static_cast<std::uint32_t>(counter.size()));
  PropertyWriter<Sink> writing(sink);
  visit_all(properties, writing);
}

}  // namespace parley::mqtt
