#include "broker/protocol/native_command.h"

#include <utility>

#include "broker/protocol/json.h"

namespace parley::native {

namespace {

Error missing(std::string_view name) { return {Code::bad_request, "\"" + std::string(name) + "\" is missing"}; }

// Reads members one after the other and remembers the first thing that was wrong, so that each command's reader is a list of its
// members.
class Members {
 public:
  Members(const json::Object& object, std::size_t body_bytes_max) : object_(object), body_bytes_max_(body_bytes_max) {}

  std::string text(std::string_view name, std::size_t bytes_max) {
    std::string value = take(object_.string(name)).value_or("");
    if (value.size() > bytes_max) {
      note({Code::too_large, "\"" + std::string(name) + "\" is longer than " + std::to_string(bytes_max) + " bytes"});
    }
    return value;
  }
  std::string required_text(std::string_view name, std::size_t bytes_max) {
    std::string value = text(name, bytes_max);
    if (value.empty()) note(missing(name));
    return value;
  }
  // Rooms' names have a limit of their own, which is a setting; here only that there is one.
  std::string room() { return required_text("room", body_bytes_max_); }
  std::optional<Seq> number(std::string_view name) { return take(object_.integer(name)); }
  Seq required_number(std::string_view name) {
    const std::optional<Seq> value = number(name);
    if (!value) note(missing(name));
    return value.value_or(0);
  }
  std::string body(bool required) {
    const std::optional<std::string_view> value = take(object_.object("body"));
    if (!value) {
      if (required) note(missing("body"));
      return "{}";
    }
    if (value->size() > body_bytes_max_) {
      note({Code::too_large, "the body is longer than " + std::to_string(body_bytes_max_) + " bytes"});
    }
    return std::string(*value);
  }
  EntryType type() {
    const std::string word = text("type", 64);
    EntryType type = EntryType::message;
    if (!word.empty() && !parse_entry_type(word, type)) note({Code::bad_request, "unknown type \"" + word + "\""});
    return type;
  }
  void note(Error error) {
    if (!error_) error_ = std::move(error);
  }
  std::optional<Error>& error() { return error_; }

 private:
  template <typename T>
  std::optional<T> take(Result<std::optional<T>> result) {
    if (result) return std::move(result).value();
    note(result.error());
    return std::nullopt;
  }

  const json::Object& object_;
  std::size_t body_bytes_max_;
  std::optional<Error> error_;
};

constexpr std::size_t token_bytes_max = 4096;

Publish read_publish(Members& members) {
  Publish publish;
  publish.room = members.room();
  publish.type = members.type();
  publish.target = members.number("target").value_or(0);
  publish.cid = members.text("cid", cid_bytes_max);
  publish.body = members.body(publish.type != EntryType::remove);
  if (!members.error()) {
    if (Status status = check_publish(publish.type, publish.target, publish.body); !status) members.note(status.error());
  }
  return publish;
}

bool read_op(std::string_view op, Members& members, Command& command) {
  if (op == "publish") {
    command.op = read_publish(members);
  } else if (op == "ack") {
    command.op = Ack{members.room(), members.required_number("seq")};
  } else if (op == "signal") {
    command.op = Signal{members.room(), members.required_text("type", signal_type_bytes_max), members.body(false)};
  } else if (op == "subscribe") {
    command.op = Subscribe{members.room(), members.number("since"), members.text("epoch", 128)};
  } else if (op == "unsubscribe") {
    command.op = Unsubscribe{members.room()};
  } else if (op == "read") {
    command.op = Read{members.room(), members.required_number("seq")};
  } else if (op == "presence") {
    command.op = Presence{members.room()};
  } else if (op == "ping") {
    command.op = Ping{};
  } else if (op == "connect") {
    command.op =
        Connect{members.text("token", token_bytes_max), members.text("name", 64), members.text("client", client_bytes_max)};
  } else {
    return false;
  }
  return true;
}

Status check_switch(std::string_view body, bool with_key) {
  Result<json::Object> object = json::Object::parse(body);
  if (!object) return object.error();
  Result<std::optional<bool>> on = object->boolean("on");
  if (!on) return on.error();
  if (!on.value()) return {Code::bad_request, "the body needs \"on\": true or false"};
  if (!with_key) return ok_status();
  Result<std::optional<std::string>> key = object->string("key");
  if (!key) return key.error();
  if (!key.value() || key.value()->empty()) return {Code::bad_request, "the body needs \"key\", the reaction"};
  if (key.value()->size() > reaction_key_bytes_max) {
    return {Code::too_large, "\"key\" is longer than " + std::to_string(reaction_key_bytes_max) + " bytes"};
  }
  return ok_status();
}

}  // namespace

Status check_publish(EntryType type, Seq target, std::string_view body) {
  switch (type) {
    case EntryType::message:
      if (target != 0) return {Code::bad_request, "a message has no \"target\""};
      return ok_status();
    case EntryType::edit:
    case EntryType::remove:
    case EntryType::reaction:
    case EntryType::pin:
      if (target == 0) return {Code::bad_request, "\"target\" is missing: the seq of the message that is meant"};
      if (type == EntryType::reaction) return check_switch(body, true);
      if (type == EntryType::pin) return check_switch(body, false);
      return ok_status();
    default:
      return {Code::bad_request, "entries of type \"" + std::string(to_string(type)) + "\" are made by the server"};
  }
}

std::variant<Command, Malformed> decode(std::string_view frame, std::size_t body_bytes_max) {
  Result<json::Object> object = json::Object::parse(frame);
  if (!object) return Malformed{std::nullopt, object.error()};

  Command command;
  Result<std::optional<std::uint64_t>> id = object->integer("id");
  if (!id) return Malformed{std::nullopt, id.error()};
  command.id = id.value();

  Result<std::optional<std::string>> op = object->string("op");
  if (!op) return Malformed{command.id, op.error()};
  if (!op.value()) return Malformed{command.id, missing("op")};

  Members members(*object, body_bytes_max);
  if (!read_op(*op.value(), members, command)) {
    return Malformed{command.id, {Code::bad_request, "unknown op \"" + op.value()->substr(0, 64) + "\""}};
  }
  if (members.error()) return Malformed{command.id, *members.error()};
  return command;
}

}  // namespace parley::native
