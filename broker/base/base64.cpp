#include "broker/base/base64.h"

namespace parley {

std::string base64_encode(std::string_view bytes) {
  static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t left = bytes.size() - at;
    unsigned group = static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) << 16U;
    if (left > 1) group |= static_cast<unsigned>(static_cast<unsigned char>(bytes[at + 1])) << 8U;
    if (left > 2) group |= static_cast<unsigned char>(bytes[at + 2]);
    out += alphabet[group >> 18U];
    out += alphabet[(group >> 12U) & 63U];
    out += left > 1 ? alphabet[(group >> 6U) & 63U] : '=';
    out += left > 2 ? alphabet[group & 63U] : '=';
  }
  return out;
}

}  // namespace parley
