#include "broker/core/mqtt/message.h"

#include <algorithm>

#include "broker/base/utf8.h"
#include "broker/protocol/json.h"

namespace parley::mqtt {

namespace {

// {"text": "…"} and nothing else is that text.
std::optional<std::string> only_text(std::string_view body) {
  const Result<json::Object> object = json::Object::parse(body);
  if (!object || object->members().size() != 1) return std::nullopt;
  Result<std::optional<std::string>> text = object->string("text");
  return text ? std::move(text).value() : std::nullopt;
}

}  // namespace

Message::Message(EntryPtr entry, std::string_view name) : entry_(std::move(entry)), name_(name), payload_(entry_->body) {
  publication_.qos = QoS::exactly_once;
  // An edit replaces the body by a native one.
  if (!entry_->properties.empty()) publication_ = decode_publication(entry_->properties).value_or(publication_);
  const bool as_sent = !entry_->properties.empty() && !entry_->edited;
  if (as_sent || entry_->payload != Payload::json_object || entry_->type != EntryType::message) return;
  if (std::optional<std::string> text = only_text(entry_->body)) {
    native_text_ = std::move(*text);
    payload_ = native_text_;
  }
}

std::optional<std::uint32_t> Message::expires_in_s(UnixMs now) const {
  const std::optional<std::uint32_t> interval = publication_.properties.message_expiry_interval_s;
  if (!interval) return std::nullopt;
  const std::int64_t waited_s = std::max<std::int64_t>(0, now - entry_->ts) / 1000;
  return waited_s >= *interval ? 0 : static_cast<std::uint32_t>(*interval - waited_s);
}

const SharedPublish& Message::shared(Version version) {
  Encoded& at = encoded(version);
  if (!at.shared) at.shared = std::make_unique<SharedPublish>(version, name_, publication_.properties, payload_);
  return *at.shared;
}

const Frame& Message::plain(Version version) {
  Encoded& at = encoded(version);
  if (!at.plain) {
    std::string bytes;
    shared(version).append(bytes, PublishTo{});
    at.plain = Frame::copy_of(bytes);
  }
  return at.plain;
}

SharedPublish Message::with_meta() const {
  PublishProperties properties = publication_.properties;
  const std::string seq = std::to_string(entry_->seq);
  const std::string ts = std::to_string(entry_->ts);
  const std::string target = std::to_string(entry_->target);
  properties.user.push_back({"parley-seq", seq});
  properties.user.push_back({"parley-from", entry_->user_name});
  properties.user.push_back({"parley-ts", ts});
  properties.user.push_back({"parley-type", to_string(entry_->type)});
  if (entry_->target != 0) properties.user.push_back({"parley-target", target});
  return {Version::v5, name_, properties, payload_};
}

Message& MessageCache::get(const EntryPtr& entry, std::string_view name) {
  if (entry->footprint() > kept_bytes_max) {
    if (!large_ || &large_->entry() != entry.get()) large_ = std::make_unique<Message>(entry, name);
    return *large_;
  }
  std::unique_ptr<Message>& slot = kept_[(reinterpret_cast<std::uintptr_t>(entry.get()) >> 6U) & (slots - 1)];
  if (!slot || &slot->entry() != entry.get()) slot = std::make_unique<Message>(entry, name);
  return *slot;
}

Payload classify_payload(std::string_view payload) {
  const std::size_t first = payload.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && payload[first] == '{') {
    const Result<json::Object> object = json::Object::parse(payload);
    if (object) {
      const Result<std::optional<std::string>> text = object->string("text");
      if (text && text.value()) return Payload::json_object;
    }
  }
  return is_utf8(payload) && payload.find('\0') == std::string_view::npos ? Payload::text : Payload::bytes;
}

}  // namespace parley::mqtt
