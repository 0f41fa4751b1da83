#include "loadtest/json_tree.h"

#include <cstdlib>

#include "broker/protocol/json.h"

namespace parley::loadtest {

// Walks a text that json::check has found good: what it says is there is there.
class JsonTree::Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  JsonTree value() {
    JsonTree node;
    skip();
    switch (text_[at_]) {
      case '{':
        node.kind_ = Kind::object;
        members(node, '}');
        break;
      case '[':
        node.kind_ = Kind::array;
        members(node, ']');
        break;
      case '"':
        node.kind_ = Kind::string;
        node.text_ = string();
        break;
      default:
        scalar(node);
    }
    return node;
  }

 private:
  void skip() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  void members(JsonTree& node, char end) {
    ++at_;
    for (skip(); text_[at_] != end; skip()) {
      if (text_[at_] == ',') {
        ++at_;
        skip();
      }
      if (node.kind_ == Kind::object) {
        node.names_.push_back(string());
        skip();
        ++at_;  // the colon
      }
      node.items_.push_back(value());
    }
    ++at_;
  }
  std::string string() {
    const std::size_t start = at_++;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    return json::decode_string(text_.substr(start, at_ - start)).value();
  }
  void scalar(JsonTree& node) {
    const std::size_t end = text_.find_first_of(",]} \t\r\n", at_);
    const std::string word(text_.substr(at_, end - at_));
    at_ += word.size();
    if (word == "null") return;
    node.kind_ = word == "true" || word == "false" ? Kind::boolean : Kind::number;
    node.number_ = word == "true" ? 1 : word == "false" ? 0 : std::strtod(word.c_str(), nullptr);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Result<JsonTree> JsonTree::parse(std::string_view text) {
  if (const Status status = json::check(text); !status) return status.error();
  return Reader(text).value();
}

namespace {
const JsonTree& nothing() {
  static const JsonTree null;
  return null;
}
}  // namespace

const JsonTree& JsonTree::at(std::size_t index) const { return index < items_.size() ? items_[index] : nothing(); }

const JsonTree& JsonTree::operator[](std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (names_[i] == name) return items_[i];
  }
  return nothing();
}

}  // namespace parley::loadtest
