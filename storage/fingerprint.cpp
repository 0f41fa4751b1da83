#include "storage/fingerprint.h"

#include <sodium.h>

#include <cstring>

namespace parley {

namespace {

class Hash {
 public:
  Hash() { crypto_generichash_init(&state_, nullptr, 0, 16); }
  Hash& add(std::string_view bytes) {
    crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    return *this;
  }
  void finish(unsigned char* out) { crypto_generichash_final(&state_, out, 16); }

 private:
  crypto_generichash_state state_;
};

}  // namespace

Digest fingerprint_of(const NewEntry& entry) {
  std::array<char, 9> head{};
  head[0] = static_cast<char>(entry.type);
  std::memcpy(&head[1], &entry.target, sizeof entry.target);
  Digest digest;
  Hash().add({head.data(), head.size()}).add(entry.body).finish(digest.bytes_.data());
  return digest;
}

Digest cid_key_of(const NewEntry& entry) {
  const std::uint64_t length = entry.user_id.size();  // so that no two pairs run into the same bytes
  std::array<char, 8> head{};
  std::memcpy(head.data(), &length, sizeof length);
  Digest digest;
  Hash().add({head.data(), head.size()}).add(entry.user_id).add(entry.cid).finish(digest.bytes_.data());
  return digest;
}

}  // namespace parley
