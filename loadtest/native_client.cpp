#include "loadtest/native_client.h"

#include <algorithm>
#include <charconv>

#include "broker/protocol/json.h"
#include "loadtest/json_tree.h"

namespace parley::loadtest {

namespace {

// Commands number themselves: the connect 0, subscriptions from 1 on, publishes from here on.
constexpr std::uint64_t first_publish_id = 1'000'000;
constexpr std::string_view entry_start = R"({"room":")";
constexpr std::string_view body_start = R"("body":{"text":")";
constexpr std::string_view body_end = R"("}})";

// The number that begins there; `at` moves behind it.
std::uint64_t number_at(std::string_view text, std::size_t& at) {
  std::uint64_t number = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
    number = number * 10 + static_cast<unsigned>(text[at] - '0');
  return number;
}

bool take(std::string_view text, std::size_t& at, std::string_view word) {
  if (text.substr(at, word.size()) != word) return false;
  at += word.size();
  return true;
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace

void NativeClient::add_subscription(std::string filter) {
  const std::uint64_t id = subscriptions_.size() + 1;
  subscriptions_[std::move(filter)].id = id;
}

void NativeClient::on_open() {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("op", "connect").member("id", 0).member("client", "parley-loadtest");
  const std::string& token = settings_.token.empty() ? guest_token_ : settings_.token;
  if (!token.empty()) writer.member("token", token);
  writer.end_object();
  link_.send(text, true);
}

void NativeClient::forget_connection() {
  next_publish_ = 0;
  next_answer_ = 0;
  unconfirmed_ = 0;
  // What was not acknowledged comes again, and the new connection's window starts empty.
  for (auto& [room, subscription] : subscriptions_) subscription.acked = subscription.last;
}

void NativeClient::subscribe_all() {
  unconfirmed_ = subscriptions_.size();
  if (unconfirmed_ == 0) return up();
  for (const auto& [room, subscription] : subscriptions_) {
    std::string text;
    json::Writer writer(text);
    writer.begin_object().member("op", "subscribe").member("id", subscription.id).member("room", room);
    if (subscription.known) writer.member("since", subscription.last).member("epoch", subscription.epoch);
    writer.end_object();
    link_.send(text, true);
  }
}

void NativeClient::send_publish(const Outgoing& message, bool /*again*/) {
  if (!acknowledges()) return send_signal(message);
  std::string text;
  text.reserve(160 + settings_.payload_bytes);
  text.append(R"({"op":"publish","id":)");
  append_number(text, first_publish_id + next_publish_++);
  text.append(R"(,"room":")").append(message.room).append(R"(","cid":")");
  append_number(text, settings_.run);
  text.push_back('-');
  append_number(text, message.stream);
  text.push_back('-');
  append_number(text, message.number);
  text.append(R"(","body":{"text":")");
  append_body(text, message);
  text.append(body_end);
  link_.send(text, true);
}

// A message of QoS 0: not kept, not answered.
void NativeClient::send_signal(const Outgoing& message) {
  std::string text;
  text.reserve(96 + settings_.payload_bytes);
  text.append(R"({"op":"signal","room":")").append(message.room).append(R"(","type":"message","body":{"text":")");
  append_body(text, message);
  text.append(body_end);
  link_.send(text, true);
}

// ---- in

void NativeClient::on_bytes(std::string_view text) {
  if (text.starts_with(entry_start) && read_entry(text)) return;
  if (text.starts_with(R"({"re":)")) return read_reply(text);
  read_other(text);
}

NativeClient::Subscriptions::value_type* NativeClient::find(std::string_view room) {
  if (last_ != nullptr && last_->first == room) return last_;
  const auto found = subscriptions_.find(room);
  return last_ = found == subscriptions_.end() ? nullptr : &*found;
}

// An entry as the broker writes those that this program publishes: read where it lies. False: another way of writing, to be
// parsed.
bool NativeClient::read_entry(std::string_view text) {
  std::size_t at = entry_start.size();
  const std::size_t end = text.find('"', at);
  if (end == std::string_view::npos) return false;
  const std::string_view room = text.substr(at, end - at);
  at = end;
  if (take(text, at, R"(","signal":"message")")) return read_signal(room, text, at);
  if (!take(text, at, R"(","seq":)")) return false;
  const std::uint64_t seq = number_at(text, at);
  if (!take(text, at, R"(,"type":"message")")) return false;
  const std::string_view payload = payload_of(text, at);
  Subscriptions::value_type* subscription = payload.empty() ? nullptr : find(room);
  if (subscription == nullptr) return false;
  arrived(*subscription, seq, payload, true);
  return true;
}

bool NativeClient::read_signal(std::string_view room, std::string_view text, std::size_t at) {
  const std::string_view payload = payload_of(text, at);
  const Subscriptions::value_type* subscription = payload.empty() ? nullptr : find(room);
  if (subscription == nullptr) return false;
  events_.on_arrival(*this, {subscription->first, payload, 0, false, false});
  return true;
}

// The payload of a message of this program's, behind `from`; empty when it is written otherwise.
std::string_view NativeClient::payload_of(std::string_view text, std::size_t from) const {
  const std::size_t tail = settings_.payload_bytes + body_end.size();
  if (text.size() < from + tail + body_start.size() || !text.ends_with(body_end)) return {};
  const std::size_t payload = text.size() - tail;
  if (text.substr(payload - body_start.size(), body_start.size()) != body_start) return {};
  return text.substr(payload, settings_.payload_bytes);
}

void NativeClient::arrived(Subscriptions::value_type& at, std::uint64_t seq, std::string_view payload, bool message) {
  Subscription& subscription = at.second;
  subscription.last = std::max(subscription.last, seq);
  events_.on_arrival(*this, {at.first, payload, seq, !message, false});
  if (subscription.last - subscription.acked < window_ / 2 || !is_up()) return;
  subscription.acked = subscription.last;
  std::string text = R"({"op":"ack","room":")" + at.first + R"(","seq":)";
  append_number(text, subscription.last);
  text.push_back('}');
  link_.send(text, true);
}

void NativeClient::read_reply(std::string_view text) {
  std::size_t at = 6;
  const std::uint64_t id = number_at(text, at);
  if (id < first_publish_id) return confirmed(id, text);
  if (id != first_publish_id + next_answer_ || waiting().empty()) {
    return events_.on_wrong(*this, "an answer to a publish out of order: " + std::string(text));
  }
  ++next_answer_;
  if (take(text, at, R"(,"seq":)")) return acked(number_at(text, at));
  const Result<JsonTree> tree = JsonTree::parse(text);
  if (!tree || !(*tree)["error"].has("code")) return events_.on_wrong(*this, "not an answer: " + std::string(text));
  const JsonTree& error = (*tree)["error"];
  // What may be tried again is tried on another connection, in the order in which it was published.
  if (error["retry"].truth()) return down("refused for now: " + error["message"].string(), 200);
  refused(error["code"].string() + ": " + error["message"].string());
}

// The answers to connect and subscribe.
void NativeClient::confirmed(std::uint64_t id, std::string_view text) {
  const Result<JsonTree> tree = JsonTree::parse(text);
  if (!tree) return events_.on_wrong(*this, "not JSON: " + std::string(text));
  if (tree->has("error")) return down((*tree)["error"]["code"].string() + ": " + (*tree)["error"]["message"].string());
  if (id == 0) {
    if (tree->has("token")) guest_token_ = (*tree)["token"].string();
    if ((*tree)["limits"].has("window")) window_ = static_cast<std::uint64_t>((*tree)["limits"]["window"].number());
    return subscribe_all();
  }
  for (auto& [room, subscription] : subscriptions_) {
    if (subscription.id != id) continue;
    if (subscription.known && !(*tree)["recovered"].truth()) {
      events_.on_gap(*this, room, "the subscription could not be resumed after " + std::to_string(subscription.last));
    }
    if (!subscription.known || !(*tree)["recovered"].truth()) {
      subscription.last = static_cast<std::uint64_t>((*tree)["head"].number());
      events_.on_arrival(*this, {room, {}, subscription.last, true, true});
    }
    subscription.acked = subscription.last;
    subscription.known = true;
    subscription.epoch = (*tree)["epoch"].string();
  }
  if (--unconfirmed_ == 0) up();
}

void NativeClient::read_other(std::string_view text) {
  const Result<JsonTree> tree = JsonTree::parse(text);
  if (!tree) return events_.on_wrong(*this, "not JSON: " + std::string(text.substr(0, 200)));
  if (tree->has("goaway")) {
    const auto after_ms = static_cast<std::int64_t>((*tree)["goaway"]["after_ms"].number());
    return down("the server asked to go", std::max<std::int64_t>(after_ms, 1));
  }
  if (tree->has("error")) return events_.on_wrong(*this, "refused: " + std::string(text.substr(0, 200)));
  if (tree->has("signal")) {
    const Subscriptions::value_type* to = find((*tree)["room"].string());
    // Others (of presence) are none of this program's.
    if ((*tree)["signal"].string() == "message" && to != nullptr)
      events_.on_arrival(*this, {to->first, (*tree)["body"]["text"].string(), 0, false, false});
    return;
  }
  Subscriptions::value_type* subscription = find((*tree)["room"].string());
  if (subscription == nullptr) return events_.on_wrong(*this, "unasked: " + std::string(text.substr(0, 200)));
  if (tree->has("gap") || tree->has("detached")) return events_.on_gap(*this, subscription->first, text.substr(0, 200));
  const bool message = (*tree)["type"].string() == "message";
  arrived(*subscription, static_cast<std::uint64_t>((*tree)["seq"].number()), (*tree)["body"]["text"].string(), message);
}

}  // namespace parley::loadtest
