#include "storage/postgres/rows.h"

namespace parley::postgres {

namespace {

std::int64_t to_integer(std::string_view bytes) {
  if (bytes.empty()) return 0;
  // Big-endian, the sign in the first byte.
  std::uint64_t value = (static_cast<unsigned char>(bytes.front()) & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
  for (const char byte : bytes) value = (value << 8U) | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

// Calls element(bytes) for each element of an array (see Params::begin_array); NULL has no bytes.
template <typename Element>
void for_each_element(std::string_view array, Element element) {
  const auto take = [&array](std::size_t size) {
    const std::string_view taken = array.substr(0, size);
    array.remove_prefix(taken.size());
    return taken;
  };
  if (to_integer(take(4)) != 1) return;
  take(8);
  const std::int64_t count = to_integer(take(4));
  take(4);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t length = to_integer(take(4));
    element(length > 0 ? take(static_cast<std::size_t>(length)) : std::string_view());
  }
}

std::string first_line(const char* text) {
  const std::string all(text == nullptr ? "" : text);
  return all.substr(0, all.find('\n'));
}

Fault fault_of(std::string_view state) {
  if (state == "PY001") return Fault::fenced;
  if (state == "40001" || state == "40P01") return Fault::retry;
  if (state == "40003" || state.starts_with("08") || state.starts_with("57P")) return Fault::lost;
  if (state.starts_with("22") || state.starts_with("23") || state.starts_with("54")) return Fault::data;
  return Fault::refuse;
}

}  // namespace

std::int64_t Rows::integer(int row, int column) const { return to_integer(view(row, column)); }

std::vector<std::int64_t> Rows::integers(int row, int column) const {
  std::vector<std::int64_t> out;
  for_each_element(view(row, column), [&out](std::string_view bytes) { out.push_back(to_integer(bytes)); });
  return out;
}

std::vector<std::string> Rows::texts(int row, int column) const {
  std::vector<std::string> out;
  for_each_element(view(row, column), [&out](std::string_view bytes) { out.emplace_back(bytes); });
  return out;
}

Failure describe_failure(const PGresult* result) {
  const char* field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string_view state = field == nullptr ? "" : field;
  field = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  const std::string_view severity = field == nullptr ? "" : field;
  Failure failure;
  failure.fault = state.empty() || severity == "FATAL" || severity == "PANIC" ? Fault::lost : fault_of(state);
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string text = "PostgreSQL: " + first_line(primary == nullptr ? PQresultErrorMessage(result) : primary) +
                           (state.empty() ? "" : " (SQLSTATE " + std::string(state) + ")");
  failure.reconnect = state == "25006";
  // 53: out of disk, memory or connections; 55, 57: locked, cancelled by a time-out or an operator; 25006: only a standby now.
  const bool passing = failure.fault == Fault::lost || failure.fault == Fault::retry || failure.fault == Fault::fenced ||
                       state.starts_with("53") || state.starts_with("55") || state.starts_with("57") || state.starts_with("58") ||
                       state == "25006";
  failure.error = {passing ? Code::unavailable : Code::internal, text};
  return failure;
}

Failure lost_connection(const PGconn* connection) {
  const std::string said = first_line(PQerrorMessage(connection));
  return {Fault::lost, {Code::unavailable, "the connection to PostgreSQL was lost" + (said.empty() ? "" : ": " + said)}, false};
}

}  // namespace parley::postgres
