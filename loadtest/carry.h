#pragma once

// Bytes of a stream that did not make up a whole unit yet. Whole units are used where they lie, in the loop's read buffer; only
// the rest of a read is copied. Costs a pointer while nothing is kept.

#include <memory>
#include <string>
#include <string_view>

namespace parley::loadtest {

class Carry {
 public:
  // `use(bytes)` uses whole units from the front and answers how many bytes that were.
  template <typename Use>
  void feed(std::string_view bytes, Use use) {
    if (!kept_) {
      const std::size_t used = use(bytes);
      if (used < bytes.size()) kept_ = std::make_unique<std::string>(bytes.substr(used));
      return;
    }
    const std::unique_ptr<std::string> whole = std::move(kept_);
    whole->append(bytes);
    const std::size_t used = use(std::string_view(*whole));
    if (used < whole->size()) kept_ = std::make_unique<std::string>(whole->substr(used));
  }
  void clear() { kept_.reset(); }

 private:
  std::unique_ptr<std::string> kept_;
};

}  // namespace parley::loadtest
