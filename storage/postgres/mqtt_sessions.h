#pragma once

// The life of MQTT sessions (storage/sql/postgres/007_mqtt_sessions.sql). `replica`: see fenced_name().

#include <memory>

#include "storage/mqtt_store.h"
#include "storage/postgres/call.h"

namespace parley::postgres {

// ---- of functions that answer rows of mqtt_row
enum class MqttVerdict : std::int64_t { done, lost, not_found, foreign };
Error session_lost();

// `token`: 16 bytes that no other call has.
std::unique_ptr<Call> open_session(const std::string& replica, SessionOpening opening, UnixMs now, std::string token,
                                   Reply<SessionOpened> done);
std::unique_ptr<Call> close_session(const std::string& replica, SessionKey session, std::optional<std::uint32_t> expiry_s,
                                    bool drop_will, UnixMs now, Reply<std::vector<DueWill>> done);
std::unique_ptr<Call> find_session(std::string client_id, Reply<SessionInfo> done);
std::unique_ptr<Call> lost_sessions(std::vector<SessionKey> sessions, Reply<std::vector<SessionKey>> done);
std::unique_ptr<Call> renew_lease(const std::string& replica, std::string owner, UnixMs until, Reply<Nothing> done);
std::unique_ptr<Call> sweep(const std::string& replica, UnixMs now, unsigned rows_max, Reply<Swept> done);
std::unique_ptr<Call> due_wills(UnixMs now, unsigned limit, Reply<std::vector<DueWill>> done);
std::unique_ptr<Call> take_will(const std::string& replica, WillId will, Reply<Nothing> done);

}  // namespace parley::postgres
