#pragma once

// Subscriptions of MQTT sessions, and the rooms that filters match (storage/sql/postgres/008_mqtt_delivery.sql).

#include <memory>

#include "storage/mqtt_store.h"
#include "storage/postgres/call.h"

namespace parley::postgres {

std::unique_ptr<Call> subscribe(const std::string& replica, SessionKey session, MqttSubscription subscription, RoomsStep step,
                                Reply<RoomsPage> done);
std::unique_ptr<Call> unsubscribe(const std::string& replica, SessionKey session, std::vector<std::string> filters,
                                  Reply<std::vector<bool>> done);
std::unique_ptr<Call> match_rooms(const std::string& filter, RoomsStep step, Reply<RoomsPage> done);
std::unique_ptr<Call> backlog(SessionKey session, RoomsStep step, Reply<RoomsPage> done);
std::unique_ptr<Call> share_backlog(std::string filter, RoomsStep step, Reply<RoomsPage> done);

}  // namespace parley::postgres
