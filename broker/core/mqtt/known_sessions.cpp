#include "broker/core/mqtt/known_sessions.h"

namespace parley::mqtt {

Known* KnownSessions::find(std::string_view client_id) {
  const std::uint32_t number =
      table_.find(siphash13(key_, client_id), [&](std::uint32_t one) { return pool_[one].client_id == client_id; });
  return number == 0 ? nullptr : &pool_[number];
}

Known& KnownSessions::add(const SharedText& client_id) {
  const std::uint32_t number = pool_.add();
  Known& known = pool_[number];
  known.client_id = client_id;
  known.number = number;
  table_.insert(siphash13(key_, client_id.view()), number);
  return known;
}

void KnownSessions::erase(Known& known) {
  const std::uint32_t number = known.number;
  table_.erase(siphash13(key_, known.client_id.view()), number);
  pool_.erase(number);
}

}  // namespace parley::mqtt
