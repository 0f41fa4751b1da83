#pragma once

// The strict scanner behind json.h: finds out whether a text is JSON and where the members of its outermost object are.

#include <string_view>
#include <vector>

#include "broker/protocol/json.h"

namespace parley::json {

class Scanner {
 public:
  Scanner(std::string_view text, unsigned depth_max) : text_(text), depth_max_(depth_max) {}

  // The whole text as one value. With `members` the outermost value must be an object, whose members are put there.
  Status scan(std::vector<Member>* members);

 private:
  // Each takes one element at at_ and moves behind it; false: error_ is set.
  bool value(unsigned depth);
  bool object(unsigned depth, std::vector<Member>* members);
  bool array(unsigned depth);
  bool string();
  bool escape();
  bool unicode_escape();
  bool number();
  bool digits();
  bool word(std::string_view literal);
  bool hex4(unsigned& code);

  void skip_space();
  bool fail(const char* what);
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool take(char c);

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned depth_max_;
  const char* error_ = nullptr;
};

}  // namespace parley::json
