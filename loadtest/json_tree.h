#pragma once

// A JSON text as a tree, for the reports that are read back and for pages of history: read once, not on the path of deliveries.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/base/result.h"

namespace parley::loadtest {

class JsonTree {
 public:
  enum class Kind : unsigned char { null, boolean, number, string, array, object };

  // bad_request, with the place, when the text is not strict JSON.
  static Result<JsonTree> parse(std::string_view text);

  Kind kind() const { return kind_; }
  // What is of another kind reads as 0, empty or false.
  double number() const { return kind_ == Kind::number ? number_ : 0; }
  bool truth() const { return kind_ == Kind::boolean && number_ != 0; }
  const std::string& string() const { return text_; }
  const std::vector<JsonTree>& items() const { return items_; }
  const std::vector<std::string>& names() const { return names_; }  // of an object, as its items
  // A null node when it is not there.
  const JsonTree& at(std::size_t index) const;
  const JsonTree& operator[](std::string_view name) const;
  bool has(std::string_view name) const { return (*this)[name].kind_ != Kind::null; }

 private:
  class Reader;
  Kind kind_ = Kind::null;
  double number_ = 0;
  std::string text_;
  std::vector<std::string> names_;  // of an object's items
  std::vector<JsonTree> items_;
};

}  // namespace parley::loadtest
