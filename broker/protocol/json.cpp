#include "broker/protocol/json.h"

#include <cjson/cJSON.h>

#include <cmath>
#include <memory>

#include "broker/protocol/json_scan.h"

namespace parley::json {

namespace {

struct Free {
  void operator()(cJSON* node) const { cJSON_Delete(node); }
};
using Node = std::unique_ptr<cJSON, Free>;

Node parse_value(std::string_view value) { return Node(cJSON_ParseWithLength(value.data(), value.size())); }

Error wrong_type(std::string_view name, const char* wanted) {
  return {Code::bad_request, "\"" + std::string(name) + "\" must be " + wanted};
}

constexpr unsigned depth_default = 32;
constexpr double integer_max = 9007199254740991.0;  // 2^53-1, the largest that every JSON library keeps

}  // namespace

Status check(std::string_view text, unsigned depth_max) { return Scanner(text, depth_max).scan(nullptr); }

bool is_object(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{' && check(text, depth_default).ok();
}

Result<std::string> decode_string(std::string_view quoted) {
  const Node node = parse_value(quoted);
  if (!node || cJSON_IsString(node.get()) == 0) return {Code::bad_request, "not a JSON string"};
  return std::string(node->valuestring);
}

Result<Object> Object::parse(std::string_view text) {
  std::vector<Member> members;
  members.reserve(8);
  Status status = Scanner(text, depth_default).scan(&members);
  if (!status) return status.error();
  return Object(std::move(members));
}

const Member* Object::find(std::string_view name) const {
  for (const Member& member : members_) {
    if (member.name == name) return member.value == "null" ? nullptr : &member;
  }
  return nullptr;
}

bool Object::has(std::string_view name) const { return find(name) != nullptr; }

Result<std::optional<std::string>> Object::string(std::string_view name) const {
  const Member* member = find(name);
  if (member == nullptr) return std::optional<std::string>();
  if (member->value.front() != '"') return wrong_type(name, "a string");
  if (member->value.find('\\') == std::string_view::npos) {
    return std::optional<std::string>(member->value.substr(1, member->value.size() - 2));
  }
  Result<std::string> decoded = decode_string(member->value);
  if (!decoded) return decoded.error();
  return std::optional<std::string>(std::move(decoded).value());
}

Result<std::optional<std::uint64_t>> Object::integer(std::string_view name) const {
  const Member* member = find(name);
  if (member == nullptr) return std::optional<std::uint64_t>();
  const Node node = parse_value(member->value);
  if (!node || cJSON_IsNumber(node.get()) == 0) return wrong_type(name, "an integer");
  const double number = node->valuedouble;
  if (!(number >= 0) || number > integer_max || std::floor(number) != number) {
    return wrong_type(name, "an integer from 0 to 9007199254740991");
  }
  return std::optional<std::uint64_t>(static_cast<std::uint64_t>(number));
}

Result<std::optional<bool>> Object::boolean(std::string_view name) const {
  const Member* member = find(name);
  if (member == nullptr) return std::optional<bool>();
  if (member->value != "true" && member->value != "false") return wrong_type(name, "true or false");
  return std::optional<bool>(member->value == "true");
}

Result<std::optional<std::string_view>> Object::object(std::string_view name) const {
  const Member* member = find(name);
  if (member == nullptr) return std::optional<std::string_view>();
  if (member->value.front() != '{') return wrong_type(name, "an object");
  return std::optional<std::string_view>(member->value);
}

}  // namespace parley::json
