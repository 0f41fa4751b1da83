#pragma once

// Hashes that every store keeps of an entry.

#include <array>
#include <string_view>

#include "storage/store.h"

namespace parley {

// 16 bytes of BLAKE2b.
class Digest {
 public:
  std::string_view bytes() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

 private:
  friend Digest fingerprint_of(const NewEntry& entry);
  friend Digest cid_key_of(const NewEntry& entry);
  std::array<unsigned char, 16> bytes_{};
};

// Over type, target and body: tells a repeat from a conflict also after the body was edited.
Digest fingerprint_of(const NewEntry& entry);
// Over user and cid: the same for the same pair, another one for any other.
Digest cid_key_of(const NewEntry& entry);

// What an entry brings along, for limits on it.
inline std::size_t content_bytes(const NewEntry& entry) {
  return entry.user_id.size() + entry.user_name.size() + entry.cid.size() + entry.body.size() + entry.content_type.size() +
         entry.properties.size();
}

}  // namespace parley
